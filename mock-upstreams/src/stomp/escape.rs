use std::borrow::Cow;

use super::version::Version;

/// Escapes a header's name or value for that version.
pub(crate) fn escape(text: &str, version: Version) -> Cow<'_, str> {
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

/// The reverse of [`escape`]; `None` for an escape sequence that the version does not define, which the specification makes
/// an error.
pub(crate) fn unescape(text: &str, version: Version) -> Option<String> {
    if version == Version::V1_0 {
        return Some(text.to_owned());
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
                _ => return None,
            },
            c => plain.push(c),
        }
    }
    Some(plain)
}
