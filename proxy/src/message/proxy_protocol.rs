//! The PROXY protocol, in which another proxy tells whom it speaks for before the client's own bytes: HAProxy's
//! `proxy-protocol.txt`, read as `ngx_proxy_protocol_read` does.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::log::Escaped;

/// What another proxy tells of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProxyHeader {
    /// The client's address, as it is told.
    pub(crate) source: String,
    /// The client's port.
    pub(crate) source_port: u16,
    /// The address that the client has connected to, as it is told.
    pub(crate) destination: String,
    /// Its port.
    pub(crate) destination_port: u16,
}

/// The longest header that is read.
pub(crate) const MAX_LENGTH: usize = 4096;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Of version 2: signature, version and command, family and transport, and the length of what follows.
const FIXED_LENGTH: usize = 16;

/// Why a header is refused, in nginx's words; without any where it says nothing.
pub(crate) type Refused = Option<String>;

/// Reads a header off the start of a connection: what it tells, if anything, and its length.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Option<ProxyHeader>, usize), Refused> {
    if bytes.len() >= FIXED_LENGTH && bytes.starts_with(SIGNATURE) {
        return parse_binary(bytes);
    }
    parse_text(bytes).ok_or_else(|| {
        let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        let line = Escaped(bytes.get(..end).unwrap_or_default());
        Some(format!("broken header: \"{line}\""))
    })
}

/// Version 1: `PROXY TCP4 SOURCE DESTINATION PORT PORT`.
fn parse_text(bytes: &[u8]) -> Option<(Option<ProxyHeader>, usize)> {
    let rest = bytes.strip_prefix(b"PROXY ").filter(|rest| rest.len() >= 2)?;
    if rest.starts_with(b"UNKNOWN") {
        let end = memchr::memmem::find(bytes, b"\r\n")?;
        return Some((None, end + 2));
    }
    let rest = [&b"TCP4 "[..], b"TCP6 "].into_iter().find_map(|family| rest.strip_prefix(family))?;
    let (source, rest) = address(rest)?;
    let (destination, rest) = address(rest)?;
    let (source_port, rest) = port(rest, b' ')?;
    let (destination_port, rest) = port(rest, b'\r')?;
    let rest = rest.strip_prefix(b"\n")?;
    let header = ProxyHeader { source, source_port, destination, destination_port };
    Some((Some(header), bytes.len() - rest.len()))
}

fn address(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = memchr::memchr(b' ', bytes)?;
    let (text, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let is_valid = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    text.iter().all(is_valid).then(|| (String::from_utf8_lossy(text).into_owned(), rest))
}

fn port(bytes: &[u8], separator: u8) -> Option<(u16, &[u8])> {
    let end = memchr::memchr(separator, bytes)?;
    let (digits, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let digits = std::str::from_utf8(digits).ok()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, rest))
}

/// Version 2.
fn parse_binary(bytes: &[u8]) -> Result<(Option<ProxyHeader>, usize), Refused> {
    let (fixed, rest) = bytes.split_at_checked(FIXED_LENGTH).ok_or(None)?;
    let [.., command, family, high, low] = fixed else { return Err(None) };
    if command >> 4 != 2 {
        return Err(Some(format!("unknown PROXY protocol version: {}", command >> 4)));
    }
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let Some(rest) = rest.get(..length) else { return Err(Some("header is too large".to_owned())) };
    let total = FIXED_LENGTH + length;
    // Anything but PROXY over a stream tells nothing, `LOCAL` among it.
    if command & 15 != 1 || family & 15 != 1 {
        return Ok((None, total));
    }
    let (addresses, ports) = match family >> 4 {
        1 => (
            split::<4>(rest).map(|pair| pair.map(|octets| Ipv4Addr::from(octets).to_string())),
            rest.get(8..),
        ),
        2 => (
            split::<16>(rest).map(|pair| pair.map(|octets| Ipv6Addr::from(octets).to_string())),
            rest.get(32..),
        ),
        _ => return Ok((None, total)),
    };
    match (addresses, ports) {
        (Some([source, destination]), Some([a, b, c, d, ..])) => {
            let source_port = u16::from_be_bytes([*a, *b]);
            let destination_port = u16::from_be_bytes([*c, *d]);
            Ok((Some(ProxyHeader { source, source_port, destination, destination_port }), total))
        }
        _ => Err(None),
    }
}

/// Two addresses of so many bytes.
fn split<const N: usize>(bytes: &[u8]) -> Option<[[u8; N]; 2]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    Some([*first, *rest.first_chunk::<N>()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = (String, u16, String, u16);

    fn told(bytes: &[u8]) -> Result<(Option<Told>, usize), Refused> {
        let (header, length) = parse(bytes)?;
        let told = |it: ProxyHeader| (it.source, it.source_port, it.destination, it.destination_port);
        Ok((header.map(told), length))
    }

    #[test]
    fn a_line_tells_two_addresses() {
        let line = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET";
        let expected = ("192.0.2.1".to_owned(), 56324, "198.51.100.1".to_owned(), 443);
        assert_eq!(told(line), Ok((Some(expected), line.len() - 3)));
        assert_eq!(told(b"PROXY UNKNOWN whatever\r\n"), Ok((None, 24)));
        for broken in [
            "PROXY",
            "GET / HTTP/1.1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
            "PROXY TCP4 g 1 1 1\r\n",
        ] {
            let line = broken.trim_end();
            assert_eq!(told(broken.as_bytes()), Err(Some(format!("broken header: \"{line}\""))));
        }
    }

    #[test]
    fn so_do_bytes() {
        let header = |command: u8, family: u8, rest: &[u8]| {
            let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
            [SIGNATURE, &[command, family], &length, rest].concat()
        };
        let v4 = header(0x21, 0x11, &[192, 0, 2, 1, 198, 51, 100, 1, 220, 4, 1, 187, 1, 2, 3]);
        let expected = ("192.0.2.1".to_owned(), 56324, "198.51.100.1".to_owned(), 443);
        assert_eq!(told(&v4), Ok((Some(expected), v4.len())));
        let v6 = header(0x21, 0x21, &[&[0; 15][..], &[1], &[0; 15], &[2], &[0, 80, 1, 187]].concat());
        assert_eq!(told(&v6), Ok((Some(("::1".to_owned(), 80, "::2".to_owned(), 443)), v6.len())));
        assert_eq!(told(&header(0x20, 0, &[])), Ok((None, 16)));
        assert_eq!(told(&header(0x21, 0x31, &[0; 216])), Ok((None, 232)));
        assert_eq!(told(&header(0x21, 0x11, &[0; 11])), Err(None));
        assert_eq!(told(&header(0x11, 0x11, &[])), Err(Some("unknown PROXY protocol version: 1".to_owned())));
        assert_eq!(told(&v4[..v4.len() - 1]), Err(Some("header is too large".to_owned())));
    }
}
