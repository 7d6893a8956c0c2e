use std::borrow::Cow;

use super::frame::{FrameError, Version};

/// A header's name or value as it is written in that version.
pub(super) fn escape(text: &str, version: Version) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '\\' | '\n' | ':') || (c == '\r' && version == Version::V1_2);
    if version == Version::V1_0 || !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            ':' => escaped.push_str("\\c"),
            '\r' if version == Version::V1_2 => escaped.push_str("\\r"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// The reverse of [`escape`]. An escape that the version has not is an error, as the specification demands.
pub(super) fn unescape(text: &str, version: Version) -> Result<String, FrameError> {
    if version == Version::V1_0 {
        return Ok(text.to_owned());
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('\\') => plain.push('\\'),
                Some('n') => plain.push('\n'),
                Some('c') => plain.push(':'),
                Some('r') if version == Version::V1_2 => plain.push('\r'),
                _ => return Err(FrameError::Escape(text.to_owned())),
            },
            c => plain.push(c),
        }
    }
    Ok(plain)
}
