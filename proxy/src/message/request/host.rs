//! `Host` (RFC 9110 §7.2), validated and in nginx's form: without port and final dot.

use crate::text;

/// A host, and the port behind it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Host<'v> {
    pub(crate) name: &'v [u8],
    pub(crate) port: Option<u16>,
}

/// The host of a `Host` field or an authority, in the client's case; `None` if it is invalid. `checks_port`: so is a port
/// that there cannot be.
///
/// nginx accepts more, such as `user@host` and `host:x`. They are refused here, since an app server may read them
/// differently.
pub(crate) fn validate(value: &[u8], checks_port: bool) -> Option<Host<'_>> {
    let (host, digits) = split(value)?;
    // Checked before the final dot is removed, which would hide one of two.
    if !digits.iter().all(u8::is_ascii_digit) || text::has_pair(host, b'.', |next| next == b'.') {
        return None;
    }
    let host = host.strip_suffix(b".").unwrap_or(host);
    let port = number(digits);
    if checks_port && port.is_none() && !digits.is_empty() {
        return None;
    }
    (!host.is_empty()).then_some(Host { name: host, port })
}

/// The number that is written with these digits; `None` without any, and for one that no port has.
fn number(digits: &[u8]) -> Option<u16> {
    let append =
        |number: u16, digit: u8| number.checked_mul(10)?.checked_add(u16::from(digit.checked_sub(b'0')?));
    let number = digits.iter().try_fold(0, |number, &digit| append(number, digit))?;
    (!digits.is_empty()).then_some(number)
}

/// Bytes of a host name (RFC 3986 §3.2.2).
const HOST_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~!$&'()*+,;=%";
    let mut next = 0;
    while next < others.len() {
        table[others[next] as usize] = true;
        next += 1;
    }
    table
};

/// Host and port; the port may be empty.
fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let literal = value.first() == Some(&b'[');
    let end = if literal {
        value.iter().position(|&byte| byte == b']')? + 1
    } else {
        value.iter().position(|&byte| byte == b':').unwrap_or(value.len())
    };
    let (host, rest) = value.split_at(end);
    let inner = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host);
    let allowed = |&byte: &u8| HOST_BYTES[usize::from(byte)] || (literal && byte == b':');
    if !inner.iter().all(allowed) {
        return None;
    }
    match rest {
        [] => Some((host, b"")),
        [b':', port @ ..] => Some((host, port)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, validate};

    #[test]
    fn a_host_loses_its_port_and_final_dot() {
        for (value, name, port) in [
            ("LocalHost:8080", "LocalHost", Some(8080)),
            ("127.0.0.1", "127.0.0.1", None),
            ("a.example.", "a.example", None),
            ("[::1]:80", "[::1]", Some(80)),
            ("a:", "a", None),
            ("a_b", "a_b", None),
        ] {
            assert_eq!(
                validate(value.as_bytes(), true),
                Some(Host { name: name.as_bytes(), port }),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for value in [
            "", "a/b", "a b", "a@b", "a:b", "a..b", "a..", "a..:80", "[::1", "[::1]x", "a\0", "a\x7f", "ä",
            "a\\b", "[a b]", "[::1/x]", "a:1:2", "::1", ":80", ".", ".:80",
        ] {
            assert_eq!(validate(value.as_bytes(), false), None, "{value:?}");
        }
    }

    #[test]
    fn a_port_that_there_cannot_be_is_refused_if_it_is_looked_at() {
        for (value, port) in
            [("a:65535", Some(65535)), ("a:0", Some(0)), ("a:000000080", Some(80)), ("a:", None)]
        {
            assert_eq!(validate(value.as_bytes(), true), Some(Host { name: b"a", port }), "{value}");
        }
        for value in ["a:65536", "[::1]:99999", "a:123456789012345678901234567890"] {
            assert_eq!(validate(value.as_bytes(), true), None, "{value}");
            assert_eq!(validate(value.as_bytes(), false).and_then(|host| host.port), None, "{value}");
        }
    }
}
