//! What a client sent, for a line of the error log.

use std::fmt;

/// Bytes between quotes in a message. nginx writes them as they are, so that a path with `%0A` in it begins a line of its own, and
/// one with a quote goes on as if nginx spoke: here control characters, quotes and what is not UTF-8 become `\xHH`.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' => f.write_str("\\x22")?,
                    c if c.is_control() => write!(f, "\\x{:02X}", c as u32)?,
                    c => write!(f, "{c}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02X}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_ends_the_quotes_or_the_line() {
        let shown = Escaped(b"/a\r\nb\", client: \x1b[31m\x7f\xff\xc2\x9b\\ \xeb\x8b\xb4").to_string();
        assert_eq!(shown, r"/a\x0D\x0Ab\x22, client: \x1B[31m\x7F\xFF\x9B\ 담");
    }
}
