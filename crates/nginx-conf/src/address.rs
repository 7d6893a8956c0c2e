//! Addresses by the rules of `ngx_parse_url`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::units::parse_number;

/// The directive that an address belongs to, which decides what it may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlKind {
    /// `listen`: a port alone, `*`, and a range of ports are possible.
    Listen,
    /// `server` of an upstream.
    Server,
    /// `proxy_pass`: a URI may follow.
    ProxyPass,
}

/// A parsed address, not resolved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// The name or address, with the brackets of IPv6; `*` where `listen` names only a port.
    pub host: String,
    /// The port, if one is written.
    pub port: Option<u16>,
    /// The last port of a range; otherwise as `port`.
    pub last_port: Option<u16>,
    /// What follows from the first `/` or `?` on.
    pub uri: String,
}

/// Parses an address; the error is in nginx's words.
pub(crate) fn parse(text: &str, kind: UrlKind) -> Result<Url, &'static str> {
    let (host, port, uri) = match text.starts_with('[') {
        true => {
            let end = text.find(']').ok_or("invalid host")?;
            let (host, after) = text.split_at(end + 1);
            let (port, uri) = split_uri(after);
            let port = match (port.strip_prefix(':'), port) {
                (Some(port), _) => Some(port),
                (None, "") => None,
                _ => return Err("invalid host"),
            };
            (host, port, uri)
        }
        false => {
            let (authority, uri) = split_uri(text);
            match authority.split_once(':') {
                Some((host, port)) => (host, Some(port), uri),
                None => (authority, None, uri),
            }
        }
    };
    if !uri.is_empty() && kind != UrlKind::ProxyPass {
        return Err("invalid host");
    }
    if kind == UrlKind::Listen && port.is_none() && !host.starts_with('[') {
        let is_port = host.split('-').all(|number| parse_number(number).is_some());
        if is_port {
            let (first, last) = ports(host, kind)?;
            return Ok(Url {
                host: "*".into(),
                port: Some(first),
                last_port: Some(last),
                uri: String::new(),
            });
        }
    }
    let range = port.map(|port| ports(port, kind)).transpose()?;
    if host.is_empty() || host == "[]" {
        return Err("no host");
    }
    let url = Url {
        host: host.to_owned(),
        port: range.map(|(first, _)| first),
        last_port: range.map(|(_, last)| last),
        uri: uri.to_owned(),
    };
    match url.host.starts_with('[') && literal(&url.host).is_none() {
        true => Err("invalid IPv6 address"),
        false => Ok(url),
    }
}

/// Why nginx takes no `listen` of this address, in its words; `None` where it does, or where only a name server can tell.
pub fn listen_mistake(text: &str) -> Option<&'static str> {
    let is_socket = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("unix:"));
    // Without an address the first parameter is one.
    match text {
        "default_server" | "proxy_protocol" => Some("host not found"),
        _ if is_socket => None,
        _ => parse(text, UrlKind::Listen).err(),
    }
}

/// Why nginx takes no `server` of an upstream with this address, in its words; `None` where it does, or where only a name server can
/// tell.
pub fn server_mistake(text: &str) -> Option<String> {
    mistake_in(text, UrlKind::Server)
}

/// Why nginx takes no `proxy_pass` to this URL, in its words; `None` where it does, where only a name server can tell, or a request,
/// by its variables.
pub fn proxy_pass_mistake(url: &str) -> Option<String> {
    if url.contains('$') {
        return None;
    }
    let after = |scheme: &str| url.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme));
    match ["http://", "https://"].into_iter().find_map(after) {
        Some(scheme) => mistake_in(&url[scheme.len()..], UrlKind::ProxyPass),
        None => Some("invalid URL prefix".to_owned()),
    }
}

fn mistake_in(address: &str, kind: UrlKind) -> Option<String> {
    let mistake = match after_unix(address) {
        Some(path) => parse_socket(path, kind == UrlKind::ProxyPass).err(),
        None => parse(address, kind).err(),
    };
    mistake.map(|mistake| format!("{mistake} in upstream \"{address}\""))
}

/// The longest path of a socket: `sizeof(sun_path)` without its end.
const MAX_SOCKET_PATH: usize = 107;

/// What stands behind `unix:`, if that is how an address begins.
pub(crate) fn after_unix(text: &str) -> Option<&str> {
    let scheme = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("unix:"))?;
    text.get(scheme.len()..)
}

/// The path of a socket and the URI behind it, of what stands behind `unix:`; the error is in nginx's words.
pub fn parse_socket(text: &str, has_uri: bool) -> Result<(&str, &str), &'static str> {
    let (path, uri) = if has_uri { text.split_once(':').unwrap_or((text, "")) } else { (text, "") };
    match path.len() {
        0 => Err("no path in the unix domain socket"),
        length if length > MAX_SOCKET_PATH => Err("too long path in the unix domain socket"),
        _ => Ok((path, uri)),
    }
}

/// How host names become addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolver {
    /// As the system looks them up.
    System,
    /// Not at all: only addresses are found, and no name server is asked.
    AddressesOnly,
}

/// Every address of a host, IPv4 first; `None` when there is none.
pub(crate) fn resolve(resolver: Resolver, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
    if let Some(address) = literal(host) {
        return Some(vec![SocketAddr::new(address, port)]);
    }
    if resolver == Resolver::AddressesOnly {
        return None;
    }
    let found: Vec<SocketAddr> = (host, port).to_socket_addrs().ok()?.collect();
    let (mut addresses, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(SocketAddr::is_ipv4);
    addresses.extend(rest);
    let mut seen = std::collections::HashSet::new();
    addresses.retain(|address| seen.insert(*address));
    Some(addresses).filter(|addresses| !addresses.is_empty())
}

/// An IPv4 address as `ngx_inet_addr` reads it: four decimal numbers up to 255, with zeros in front or with no digits at all.
pub(crate) fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let number = |digits: &str| match digits.trim_start_matches('0') {
        "" if digits.bytes().all(|byte| byte == b'0') => Some(0),
        digits => parse_number(digits).and_then(|number| u8::try_from(number).ok()),
    };
    let mut numbers = text.split('.').map(number);
    let mut next = || numbers.next().flatten();
    let octets = [next()?, next()?, next()?, next()?];
    numbers.next().is_none().then(|| octets.into())
}

/// An address as nginx reads those of networks and in header fields, without brackets.
pub fn ip(text: &str) -> Option<IpAddr> {
    ipv4(text).map(IpAddr::from).or_else(|| text.parse::<Ipv6Addr>().ok().map(IpAddr::from))
}

/// An address in digits, or `*`.
fn literal(host: &str) -> Option<IpAddr> {
    if host == "*" {
        return Some(Ipv4Addr::UNSPECIFIED.into());
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    }
    ipv4(host).map(IpAddr::from)
}

fn split_uri(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?']).unwrap_or(text.len()))
}

fn ports(text: &str, kind: UrlKind) -> Result<(u16, u16), &'static str> {
    let port = |text: &str| {
        let number = parse_number(text).and_then(|number| u16::try_from(number).ok());
        number.filter(|port| *port > 0).ok_or("invalid port")
    };
    match text.split_once('-') {
        Some((first, last)) if kind == UrlKind::Listen => {
            let (first, last) = (port(first)?, port(last)?);
            if last < first { Err("invalid port range") } else { Ok((first, last)) }
        }
        _ => port(text).map(|port| (port, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_an_address_may_be_long_or_missing() {
        let read = |text: &str| ip(text).map(|address| address.to_string());
        for (text, address) in
            [("10.0.0.08", "10.0.0.8"), ("1..2.0003", "1.0.2.3"), ("...", "0.0.0.0"), ("::1", "::1")]
        {
            assert_eq!(read(text).as_deref(), Some(address), "{text}");
        }
        for text in
            ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.+4", "1.2.3.0x4", "1.2.3.4 ", "[::1]", "a.b.c.d"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_alone_is_a_port_to_listen_on_and_a_host_elsewhere() {
        let parts = |text, kind| parse(text, kind).map(|url| (url.host, url.port, url.last_port));
        let of = |host: &str, ports: Option<(u16, u16)>| {
            Ok((host.to_owned(), ports.map(|ports| ports.0), ports.map(|ports| ports.1)))
        };
        assert_eq!(parts("80", UrlKind::Listen), of("*", Some((80, 80))));
        assert_eq!(parts("80-80", UrlKind::Listen), of("*", Some((80, 80))));
        assert_eq!(parts("10:80-81", UrlKind::Listen), of("10", Some((80, 81))));
        assert_eq!(parts("[::1]", UrlKind::Listen), of("[::1]", None));
        assert_eq!(parts("80", UrlKind::Server), of("80", None));
        assert_eq!(parts("a:80-81", UrlKind::Server), Err("invalid port"));
        assert_eq!(parts("[::1]x", UrlKind::Server), Err("invalid host"));
    }
}
