//! Bytes from a client, made safe for the error log.

use std::fmt;

/// Bytes between quotes in a message, with control characters, quotes and invalid UTF-8 as `\xHH`. nginx writes them as
/// they are, so that a path with `%0A` begins a new line, and one with a quote can forge the rest of the message.
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
