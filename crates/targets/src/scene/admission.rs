//! What lets the clients of a scenario in where strangers are kept out: passwords and addresses.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The users of a run, each with its name for a password, and what browsers send for it (RFC 7617).
const USERS: [(&str, &str); 3] = [
    ("hopcheck", "Basic aG9wY2hlY2s6aG9wY2hlY2s="),
    ("minji", "Basic bWluamk6bWluamk="),
    ("hana", "Basic aGFuYTpoYW5h"),
];

/// The users of a run besides the one that clients are unless they say otherwise, and what each sends as `Authorization`.
pub fn other_users() -> impl Iterator<Item = (&'static str, &'static str)> {
    USERS.into_iter().skip(1)
}

/// What lets clients in.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Whether they have a password.
    pub(super) has_password: bool,
    /// Whether they come from an address that is allowed.
    pub(super) is_allowed: bool,
}

impl Admission {
    /// What clients send as `Authorization`.
    pub(super) fn authorization(&self) -> Option<&'static str> {
        USERS.first().filter(|_| self.has_password).map(|(_, authorization)| *authorization)
    }
}

/// Writes the users of a run into these files.
pub(super) fn write_users(files: &BTreeSet<PathBuf>) -> io::Result<()> {
    let users: String = USERS.iter().map(|(name, _)| format!("{name}:{{PLAIN}}{name}\n")).collect();
    files.iter().try_for_each(|file| {
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
        std::fs::write(file, &users)
    })
}

#[cfg(test)]
mod tests {
    use super::USERS;

    #[test]
    fn the_password_of_a_user_is_its_name() {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (name, authorization) in USERS {
            let mut bits = String::new();
            for digit in authorization["Basic ".len()..].bytes().filter(|digit| *digit != b'=') {
                bits += &format!("{:06b}", DIGITS.iter().position(|known| *known == digit).unwrap());
            }
            let bytes = bits.as_bytes().chunks_exact(8).map(|byte| std::str::from_utf8(byte).unwrap());
            let bytes: Vec<u8> = bytes.map(|byte| u8::from_str_radix(byte, 2).unwrap()).collect();
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("{name}:{name}"));
        }
    }
}
