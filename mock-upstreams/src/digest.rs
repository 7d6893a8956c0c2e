//! Digests of bodies and messages.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 of `data` in lower-case hexadecimal, as journal and responses state it.
pub fn hex_digest(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

/// `bytes` in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
