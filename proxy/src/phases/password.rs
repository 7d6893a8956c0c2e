//! Passwords as `auth_basic_user_file` keeps them.

use md5::{Digest, Md5};
use sha1::Sha1;

use crate::text;

/// What comes of comparing a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// Nobody here knows how it was made.
    Unknown,
}

/// The length of a SHA-1 digest; salt follows it in `{SSHA}`.
const SHA1_LENGTH: usize = 20;

/// The longest salt of MD5.
const MAX_SALT: usize = 8;

/// Compares a password with one as it is stored: `{PLAIN}`, `{SHA}`, `{SSHA}`, `$apr1$`, `$1$`, `$5$` or `$6$`.
pub(super) fn verify(password: &[u8], stored: &[u8]) -> Verdict {
    let is_right = if let Some(plain) = stored.strip_prefix(b"{PLAIN}") {
        plain == password
    } else if let Some(digest) = stored.strip_prefix(b"{SHA}") {
        text::base64(digest).is_some_and(|digest| digest == Sha1::digest(password)[..])
    } else if let Some(salted) = stored.strip_prefix(b"{SSHA}") {
        let salted = text::base64(salted).unwrap_or_default();
        let parts = salted.split_at_checked(SHA1_LENGTH);
        parts.is_some_and(|(digest, salt)| Sha1::digest([password, salt].concat())[..] == *digest)
    } else if let Some(magic) = [&b"$apr1$"[..], b"$1$"].into_iter().find(|magic| stored.starts_with(magic)) {
        md5_crypt(password, magic, stored.get(magic.len()..).unwrap_or_default()) == stored
    } else {
        let check = match stored.get(..3) {
            Some(b"$5$") => sha_crypt::sha256_check,
            Some(b"$6$") => sha_crypt::sha512_check,
            _ => return Verdict::Unknown,
        };
        match (std::str::from_utf8(password), std::str::from_utf8(stored)) {
            (Ok(password), Ok(stored)) => check(password, stored).is_ok(),
            _ => return Verdict::Unknown,
        }
    };
    if is_right { Verdict::Right } else { Verdict::Wrong }
}

/// Poul-Henning Kamp's crypt by MD5, as nginx and Apache have it.
fn md5_crypt(password: &[u8], magic: &[u8], setting: &[u8]) -> Vec<u8> {
    let salt = setting.split(|&byte| byte == b'$').next().unwrap_or_default();
    let salt = salt.get(..MAX_SALT).unwrap_or(salt);
    let mut last = Md5::digest([password, salt, password].concat());
    let mut hash = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for chunk in password.chunks(last.len()) {
        hash.update(last.get(..chunk.len()).unwrap_or_default());
    }
    let mut bits = password.len();
    while bits > 0 {
        hash.update(if bits & 1 == 1 { &[0][..] } else { password.get(..1).unwrap_or_default() });
        bits >>= 1;
    }
    last = hash.finalize();
    for round in 0..1000 {
        let mut hash = Md5::new();
        let odd = round % 2 == 1;
        hash.update(if odd { password } else { &last[..] });
        if round % 3 != 0 {
            hash.update(salt);
        }
        if round % 7 != 0 {
            hash.update(password);
        }
        hash.update(if odd { &last[..] } else { password });
        last = hash.finalize();
    }
    let mut out = [magic, salt, b"$"].concat();
    let mut append = |bytes: [usize; 3], digits: usize| {
        let number =
            bytes.iter().fold(0, |number, &at| number << 8 | u32::from(last.get(at).copied().unwrap_or(0)));
        const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        out.extend((0..digits).map(|digit| DIGITS[(number >> (6 * digit)) as usize & 63]));
    };
    for bytes in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        append(bytes, 4);
    }
    // Bytes beyond the digest count as none.
    append([16, 16, 11], 2);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_every_kind() {
        for stored in [
            "{PLAIN}secret",
            "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
            "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0",
            "$1$abc$iCQ2D3nhptRYi27fDYv2s1",
            "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
            "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
        ] {
            assert_eq!(verify(b"secret", stored.as_bytes()), Verdict::Right, "{stored}");
            assert_eq!(verify(b"Secret", stored.as_bytes()), Verdict::Wrong, "{stored}");
        }
        let salted = "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0";
        assert_eq!(
            (verify(b"secret", salted.as_bytes()), verify(b"", salted.as_bytes())),
            (Verdict::Right, Verdict::Wrong)
        );
        for stored in ["", "secret", "rqXexS6ZhobKA", "$2y$05$x", "{SHA"] {
            assert_eq!(verify(b"secret", stored.as_bytes()), Verdict::Unknown, "{stored}");
        }
    }
}
