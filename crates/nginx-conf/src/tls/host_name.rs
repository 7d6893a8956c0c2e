//! The names in a certificate: OpenSSL's `X509_check_host`.

use std::net::IpAddr;

use rustls::pki_types::ServerName;
use webpki::EndEntityCert;

/// Whether a certificate is that of a host. An address may be among its alternative names as such. Where it has no names among its alternative ones, the common name counts, as
/// with certificates that somebody makes for a service inside.
pub(super) fn has_name(certificate: &EndEntityCert<'_>, host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>()
        && certificate.verify_is_valid_for_subject_name(&ServerName::IpAddress(address.into())).is_ok()
    {
        return true;
    }
    let mut names = certificate.valid_dns_names().peekable();
    match names.peek() {
        Some(_) => names.any(|name| matches(name, host)),
        None => common_name(certificate.subject()).is_some_and(|name| matches(name, host)),
    }
}

/// Whether a name, which may begin with `*.`, is that of a host.
fn matches(name: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match name.strip_prefix("*.") {
        // A wildcard is one label, and there are two behind it.
        Some(domain) if domain.contains('.') => host
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(domain)),
        Some(_) => false,
        None => name.eq_ignore_ascii_case(host),
    }
}

/// The last common name of a subject, a sequence of sets of types and values (RFC 5280 §4.1.2.4).
fn common_name(subject: &[u8]) -> Option<&str> {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    let mut found = None;
    let mut sets = subject;
    while let Some((_, set, rest)) = element(sets) {
        sets = rest;
        let mut pairs = set;
        while let Some((_, pair, rest)) = element(pairs) {
            pairs = rest;
            let (_, kind, value) = element(pair)?;
            if kind == COMMON_NAME {
                let (_, text, _) = element(value)?;
                found = std::str::from_utf8(text).ok();
            }
        }
    }
    found
}

/// The first element of some DER: its tag, what is in it, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(&length, rest)| (usize::from(length), rest))?,
        0x82 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?
        }
        _ => return None,
    };
    let (inside, after) = rest.split_at_checked(length)?;
    Some((tag, inside, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_label() {
        for (name, host, expected) in [
            ("a.test", "A.Test", true),
            ("a.test", "a.test.", true),
            ("a.test", "b.test", false),
            ("*.a.test", "b.a.test", true),
            ("*.a.test", "a.test", false),
            ("*.a.test", "c.b.a.test", false),
            ("*.a.test", ".a.test", false),
            ("*.test", "a.test", false),
        ] {
            assert_eq!(matches(name, host), expected, "{name} {host}");
        }
    }

    #[test]
    fn the_common_name_is_found_among_other_parts_of_a_subject() {
        let pair = |kind: u8, text: &[u8]| {
            let value = [&[0x0c, text.len() as u8], text].concat();
            let pair = [&[6, 3, 0x55, 4, kind][..], &value].concat();
            let pair = [&[0x30, pair.len() as u8], &pair[..]].concat();
            [&[0x31, pair.len() as u8], &pair[..]].concat()
        };
        // What looks like one inside of another part is none.
        let other = pair(10, &[6, 3, 0x55, 4, 3, 0x0c, 1, b'x']);
        assert_eq!(common_name(&[other.clone(), pair(3, b"a.test")].concat()), Some("a.test"));
        assert_eq!(common_name(&other), None);
        assert_eq!(common_name(&[0x31, 0x84, 1]), None);
    }
}
