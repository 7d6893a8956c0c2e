//! The address of a client behind proxies that are trusted, as they tell it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use nginx_conf::ip;
use nginx_conf::model::Network;

/// The address that these values tell, the last of them first: `ngx_http_get_forwarded_addr`.
pub(crate) fn forwarded(
    peer: SocketAddr,
    values: &[&[u8]],
    proxies: &[Network],
    is_recursive: bool,
) -> Option<SocketAddr> {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut found = None;
    for value in values.iter().rev() {
        let mut rest = *value;
        loop {
            if !trusted(found.unwrap_or(peer).ip()) {
                return found;
            }
            let end = rest.iter().rposition(|byte| !is_separator(*byte)).map_or(0, |last| last + 1);
            let list = rest.get(..end).unwrap_or_default();
            let start = list.iter().rposition(|byte| is_separator(*byte)).map_or(0, |at| at + 1);
            let Some(address) = list.get(start..).and_then(parse) else { return found };
            found = Some(address);
            if !is_recursive {
                return found;
            }
            if start == 0 {
                break;
            }
            rest = list.get(..start - 1).unwrap_or_default();
        }
    }
    found
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b',')
}

/// An address with or without a port; an IPv6 address with a port is in brackets.
fn parse(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(address) = ip(text) {
        return Some(SocketAddr::new(address, 0));
    }
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once("]:")?;
            (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (address, port) = text.split_once(':')?;
            (ip(address).filter(IpAddr::is_ipv4)?, port)
        }
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| is_number && *port > 0)?;
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_have_ports() {
        let parsed =
            |text: &str| parse(text.as_bytes()).map(|address| address.to_string()).unwrap_or_default();
        let texts = ["1.2.3.4", "1.2.3.4:5", "::1", "[::1]:5", "[::1]", "1.2.3.4:0", "1.2.3.4:+5", "x", ""];
        let wanted = ["1.2.3.4:0", "1.2.3.4:5", "[::1]:0", "[::1]:5", "", "", "", "", ""];
        assert_eq!(texts.map(parsed), wanted);
    }
}
