//! Texts of a scenario as they are meant: escapes for bytes that cannot be typed, braces for what only the run knows.
//!
//! Escapes are `\r \n \t \0 \xHH \\`. `{a*8192}` is a letter that often. Other words in braces are looked up; one that is
//! not known is left as it stands, since JSON and paths have braces too.

use std::fmt::Write as _;

/// The bytes that `text` stands for.
pub fn bytes(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Vec<u8> {
    unescaped(&expanded(text, lookup))
}

/// The same, as text.
pub fn plain(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    String::from_utf8_lossy(&bytes(text, lookup)).into_owned()
}

/// A regular expression for the whole of a line in which `{time}`, `{bytes}` and the like stand for a pattern.
///
/// # Errors
/// When a pattern is not one.
pub fn pattern(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    patterns: &[(&str, &str)],
) -> Result<regex::Regex, regex::Error> {
    let mut expression = regex::escape(&plain(text, lookup));
    for (word, pattern) in patterns {
        expression = expression.replace(&regex::escape(&format!("{{{word}}}")), pattern);
    }
    regex::Regex::new(&expression)
}

fn expanded(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let (before, word) = (&rest[..open], &rest[open + 1..open + length]);
        out.push_str(before);
        match repeated(word).or_else(|| lookup(word)) {
            Some(value) => out.push_str(&value),
            None => {
                let _ = write!(out, "{{{word}}}");
            }
        }
        rest = &rest[open + length + 1..];
    }
    out + rest
}

/// `a*8192`.
fn repeated(word: &str) -> Option<String> {
    let (text, count) = word.split_once('*')?;
    Some(text.repeat(count.parse().ok()?))
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'0') => out.push(0),
            Some(b'x') => {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                let value =
                    std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(value.unwrap_or(b'?'));
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(word: &str) -> Option<String> {
        (word == "proxy").then(|| "127.0.0.1:80".to_owned())
    }

    #[test]
    fn escapes_and_braces_stand_for_bytes() {
        assert_eq!(
            bytes(r"Host: {proxy}\r\n{a*3}\x00{unknown}\\", &known),
            b"Host: 127.0.0.1:80\r\naaa\0{unknown}\\"
        );
    }

    #[test]
    fn a_pattern_matches_the_whole_line() {
        let line = pattern("GET / {number} (x)", &known, &[("number", r"\d+")]).unwrap();
        assert!(line.is_match("GET / 200 (x)"));
    }
}
