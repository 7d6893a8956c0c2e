//! Where clients come to, beside where the configuration listens.

use crate::profile::{Profile, PromisedListen};
use crate::{Listen, Site};

/// So many `listen`s are shown beside a promise at most.
const MAX_SHOWN: usize = 8;

/// Why clients who come to `promised` find nobody, or not what they speak; `None` where they do.
pub(super) fn difference(site: &Site, profile: &Profile, promised: &PromisedListen) -> Option<String> {
    let wanted = Address::of(&promised.address);
    let listens = || site.servers.iter().flat_map(|server| &server.listen).filter(|listen| !listen.quic);
    // What one server has of an address, all there have.
    let at = |address: &str, has: fn(&Listen) -> bool| {
        let same = Address::of(address);
        listens().any(|listen| Address::of(&listen.address) == same && has(listen))
    };
    let mut found = Vec::new();
    for listen in listens().filter(|listen| covers(listen, &wanted)) {
        let tls = at(&listen.address, |listen| listen.tls);
        let proxy_protocol = at(&listen.address, |listen| listen.proxy_protocol);
        let what = match (promised.tls, promised.proxy_protocol) {
            (true, _) if !tls => "no TLS is spoken there: `ssl` is missing",
            (false, _) if tls => "TLS is spoken there, and clients come without",
            (_, true) if !proxy_protocol => {
                "what the proxy in front tells of its clients is taken for a request: `proxy_protocol` is missing"
            }
            (_, false) if proxy_protocol => {
                "clients are not let in without `proxy_protocol`, which they do not speak"
            }
            _ => return None,
        };
        found.push(what);
    }
    let what = found.first().copied().unwrap_or("nobody listens there");
    let promise = (profile.name.clone(), format!("[clients] listen = \"{promised}\""));
    let shown = listens().take(MAX_SHOWN).map(|listen| {
        let place =
            listen.line.as_ref().map_or_else(String::new, |line| format!("{}:{}", line.file, line.line));
        (place, format!("listen {}{}", listen.address, if listen.tls { " ssl" } else { "" }))
    });
    let rows: Vec<(String, String)> = std::iter::once(promise).chain(shown).collect();
    let width = rows.iter().map(|(place, _)| place.chars().count()).max().unwrap_or(0);
    let rows = rows.iter().map(|(place, text)| format!("\n  {place:<width$}  {text}"));
    Some(format!("{what}{}", rows.collect::<String>()))
}

/// An address as it is known by.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    host: Host,
    port: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    /// All of this machine's by IPv4: `80`, `*:80`, `0.0.0.0:80`.
    Any,
    /// All of this machine's by IPv6: `[::]:80`.
    AnyV6,
    /// One by IPv6, in brackets.
    OneV6(String),
    /// One by IPv4, or a name.
    One(String),
}

impl Address {
    fn of(written: &str) -> Address {
        if written.starts_with("unix:") {
            return Address { host: Host::One(written.to_owned()), port: String::new() };
        }
        let is_port =
            |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['.', ':', ']']);
        let (host, port) = match written.rsplit_once(':') {
            Some((host, port)) if is_port(port) => (host, port),
            None if is_port(written) => ("*", written),
            _ => (written, "80"),
        };
        let host = match host.to_ascii_lowercase().as_str() {
            "*" | "0.0.0.0" => Host::Any,
            "[::]" => Host::AnyV6,
            "localhost" => Host::One("127.0.0.1".to_owned()),
            host if host.starts_with('[') => Host::OneV6(host.to_owned()),
            host => Host::One(host.to_owned()),
        };
        Address { host, port: port.to_owned() }
    }
}

/// Whether who comes to `wanted` comes to this `listen`.
fn covers(listen: &Listen, wanted: &Address) -> bool {
    let found = Address::of(&listen.address);
    let hosts = match (&found.host, &wanted.host) {
        (Host::Any, Host::Any | Host::One(_)) | (Host::AnyV6, Host::AnyV6 | Host::OneV6(_)) => true,
        (Host::AnyV6, Host::Any | Host::One(_)) => listen.both_families,
        (found, wanted) => found == wanted,
    };
    hosts && found.port == wanted.port
}
