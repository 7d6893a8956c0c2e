//! `$secure_link`: whether a link was made by somebody who knows the secret.

use md5::{Digest, Md5};

use super::Exchange;
use crate::text;
use crate::variables::Variables;
use nginx_conf::model::SecureLink;

/// Digits of a hash in hexadecimal, and of one in base64 with its padding.
const HEXADECIMAL_LENGTH: usize = 32;
const BASE64_LENGTH: usize = 24;

impl Exchange<'_> {
    /// The value of `$secure_link`, if it is a good link: its rest with `secure_link_secret`; otherwise `1`, or `0` if it
    /// has expired.
    pub(super) fn secure_link(&self) -> Option<Vec<u8>> {
        let SecureLink { link, md5, secret } = &self.settings.secure_link;
        if let Some(secret) = secret {
            return signed_path(self.request.target(), secret.as_bytes()).map(<[u8]>::to_vec);
        }
        let (link, md5) = (link.as_ref()?, md5.as_ref()?);
        let said = self.evaluate(link);
        let mut parts = said.splitn(2, |&byte| byte == b',');
        let hash = parts.next().unwrap_or_default();
        let expires = match parts.next() {
            Some(text) => {
                let second = time(text)?;
                self.variables.link_expires.replace(Some(text.to_vec()));
                Some(second)
            }
            None => None,
        };
        if hash.len() > BASE64_LENGTH || base64url(hash)? != Md5::digest(self.evaluate(md5))[..] {
            return None;
        }
        let has_expired = expires.is_some_and(|second| second < self.cycle.clock.now().second);
        Some(if has_expired { b"0".to_vec() } else { b"1".to_vec() })
    }
}

/// What follows the hash in `/any/HASH/rest`, if the hash is that of the rest and the secret.
fn signed_path<'t>(target: &'t [u8], secret: &[u8]) -> Option<&'t [u8]> {
    let mut parts = target.get(1..)?.splitn(3, |&byte| byte == b'/');
    let (_, hash, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let wanted = Md5::new().chain_update(rest).chain_update(secret).finalize();
    let wanted: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
    (hash.len() == HEXADECIMAL_LENGTH && hash.eq_ignore_ascii_case(wanted.as_bytes())).then_some(rest)
}

/// A time in seconds; none if it is zero.
fn time(text: &[u8]) -> Option<u64> {
    let digits =
        std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|second| *second > 0 && i64::try_from(*second).is_ok())
}

/// Decodes base64url (RFC 4648 §5), with padding or without.
fn base64url(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.split(|&byte| byte == b'=').next().unwrap_or_default();
    let standard = digits.iter().map(|&byte| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' => None,
        byte => Some(byte),
    });
    text::base64(&standard.collect::<Option<Vec<u8>>>()?)
}
