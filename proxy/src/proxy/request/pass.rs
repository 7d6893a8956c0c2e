//! A `proxy_pass` with variables: `ngx_http_proxy_eval`.

use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use crate::exchange::Exchange;
use crate::log::Escaped;
use crate::proxy::error::ProxyError;
use crate::response::ClientConnection;
use crate::upstream::UpstreamGroup;
use crate::variables::Variables;
use crate::wire::Stream;
use nginx_conf::model::{Level, ProxyPass, ServerAddress};
use nginx_conf::template::Template;
use nginx_conf::{ip, parse_socket};

/// A `proxy_pass` whose variables have been evaluated.
pub(crate) struct EvaluatedPass {
    /// The same as a `proxy_pass` without variables.
    pub(crate) pass: ProxyPass,
    /// Where it leads.
    pub(crate) destination: Destination,
}

/// Where a `proxy_pass` leads.
pub(crate) enum Destination {
    /// To servers of the configuration, by their place in it.
    Upstream(usize),
    /// To an address.
    Address(Rc<UpstreamGroup>),
    /// To a name that is yet to be looked up.
    Name(String, u16),
}

/// Evaluates the URL and finds the upstream or address that it names.
pub(crate) fn evaluate_pass(x: &Exchange<'_>, url: &Template) -> Result<EvaluatedPass, ProxyError> {
    let url = x.evaluate(url);
    let fail = |status: u16, message: std::fmt::Arguments<'_>| {
        x.log(Level::Error, message);
        Err(ProxyError::Status(status))
    };
    let begins = |scheme: &[u8]| url.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    let is_https = begins(b"https://");
    let scheme_length = if is_https { 8 } else { 7 };
    let Some(rest) = url.get(scheme_length..).filter(|_| is_https || begins(b"http://")) else {
        return fail(500, format_args!("invalid URL prefix in \"{}\"", Escaped(&url)));
    };
    if let Some(path) = rest.get(..5).filter(|it| it.eq_ignore_ascii_case(b"unix:")).and(rest.get(5..)) {
        let path = std::str::from_utf8(path).unwrap_or_default();
        return match parse_socket(path, true) {
            Ok((path, uri)) => Ok(to_socket(x, is_https, path, uri)),
            Err(reason) => fail(500, format_args!("{reason} in upstream \"{}\"", Escaped(rest))),
        };
    }
    let (authority, uri) =
        rest.split_at(rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len()));
    let authority = std::str::from_utf8(authority).unwrap_or_default();
    let Some((host, port)) = parts(authority) else {
        let reason = if authority.is_empty() { "no host" } else { "invalid port" };
        return fail(500, format_args!("{reason} in upstream \"{}\"", Escaped(rest)));
    };
    let uri = whole_uri(uri);
    let default_port = ProxyPass::default_port(is_https);
    let named = x.cycle.upstreams.named(host, port, default_port);
    let port = port.unwrap_or(default_port);
    let destination = match (named, ip(host.trim_start_matches('[').trim_end_matches(']'))) {
        (Some(upstream), _) => Destination::Upstream(upstream),
        (None, Some(ip)) => Destination::Address(x.cycle.upstreams.at(SocketAddr::new(ip, port).into())),
        (None, None) => Destination::Name(host.to_owned(), port),
    };
    let pass = ProxyPass {
        computed: None,
        is_https,
        host: authority.strip_suffix(&format!(":{default_port}")).unwrap_or(authority).to_owned(),
        port,
        upstream: named.unwrap_or_default(),
        is_whole: uri.is_some(),
        uri,
        replaces: 0,
    };
    Ok(EvaluatedPass { pass, destination })
}

/// The URI part of a URL, if it has one.
fn whole_uri(uri: &[u8]) -> Option<Vec<u8>> {
    match uri.first() {
        None => None,
        Some(b'?') => Some([b"/", uri].concat()),
        Some(_) => Some(uri.to_vec()),
    }
}

/// A URL of a socket of this machine.
fn to_socket(x: &Exchange<'_>, is_https: bool, path: &str, uri: &str) -> EvaluatedPass {
    let uri = whole_uri(uri.as_bytes());
    let pass = ProxyPass {
        is_https,
        host: ProxyPass::SOCKET_HOST.to_owned(),
        is_whole: uri.is_some(),
        uri,
        ..ProxyPass::default()
    };
    let group = x.cycle.upstreams.at(ServerAddress::Unix(path.into()));
    EvaluatedPass { pass, destination: Destination::Address(group) }
}

/// Looks a name up.
pub(crate) async fn resolve<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    host: &str,
    port: u16,
) -> Result<UpstreamGroup, ProxyError> {
    let (cycle, settings) = (x.cycle, x.settings);
    let Some(servers) = &settings.resolver else {
        let host = Escaped(host.as_bytes());
        x.log(Level::Error, format_args!("no resolver defined to resolve {host}"));
        return Err(ProxyError::Status(502));
    };
    let resolver = cycle.upstreams.resolvers.of(servers);
    match client.unless_closed(pin!(resolver.resolve(host, settings.resolver_timeout))).await {
        Some(Ok(addresses)) => Ok(cycle.upstreams.of_name(host, port, &addresses)),
        Some(Err(error)) => {
            let host = Escaped(host.as_bytes());
            x.log(Level::Error, format_args!("{host} could not be resolved {error}"));
            Err(ProxyError::Status(502))
        }
        None => Err(left(x)),
    }
}

/// The client has closed its connection before anybody was asked.
pub(crate) fn left(x: &mut Exchange<'_>) -> ProxyError {
    x.log(Level::Info, format_args!("client prematurely closed connection"));
    x.status = 499;
    ProxyError::Close
}

/// Host and port; `None` if there is no host, or the port is invalid.
fn parts(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_brackets = authority.find(']').map_or(0, |end| end + 1);
    let (host, port) = match authority.get(after_brackets..)?.find(':') {
        Some(colon) => authority.split_at(after_brackets + colon),
        None => (authority, ""),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn an_authority_has_a_host_and_perhaps_a_port() {
        assert_eq!(parts("app"), Some(("app", None)));
        assert_eq!(parts("10.0.0.1:80"), Some(("10.0.0.1", Some(80))));
        assert_eq!(parts("[::1]:8080"), Some(("[::1]", Some(8080))));
        for wrong in ["", ":80", "a:", "a:0", "a:65536", "a:b"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
