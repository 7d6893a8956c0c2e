//! `.env` files as compose reads them.
//!
//! The crates for such files look names up in this process's environment, and keep no lines; a report needs the one and
//! must not depend on the other.

use std::collections::BTreeMap;

use crate::interpolation::{interpolate, name_length};

/// A line of such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// `None` for a name alone, or if it needs a value that is not there.
    pub(crate) value: Option<String>,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The entries of `text`, later ones able to use `around` and those before.
///
/// # Errors
/// The first line that is neither an entry nor a comment.
pub(crate) fn entries(text: &str, around: &BTreeMap<String, String>) -> Result<Vec<Entry>, usize> {
    let mut known = around.clone();
    let mut entries = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        let (written, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = written.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            (rest, line) = (after, line + 1);
            continue;
        }
        let start = written.trim_start();
        let start = start.strip_prefix("export ").map_or(start, str::trim_start);
        let name = &start[..name_length(start)];
        let Some(value_starts) = value_after(start, name) else {
            if name.is_empty() || start.trim_end() != name {
                return Err(line);
            }
            entries.push(Entry { name: name.to_owned(), value: None, line });
            (rest, line) = (after, line + 1);
            continue;
        };
        // Within `rest`, as a quoted value may span lines.
        let offset = written.len() - start.len() + value_starts;
        let (raw, used, expands) = value(&rest[offset..]).ok_or(line)?;
        let value_of = |name: &str| known.get(name).cloned();
        let value = if expands { interpolate(&raw, &value_of) } else { Some(raw) };
        known.extend(value.clone().map(|value| (name.to_owned(), value)));
        entries.push(Entry { name: name.to_owned(), value, line });
        let taken = &rest[..offset + used];
        line += taken.matches('\n').count();
        rest = &rest[taken.len()..];
        let (_, after) = rest.split_once('\n').unwrap_or((rest, ""));
        (rest, line) = (after, line + 1);
    }
    Ok(entries)
}

/// Where the value begins, behind `=` or `:`.
fn value_after(start: &str, name: &str) -> Option<usize> {
    let rest = &start[name.len()..];
    let sign = rest.trim_start_matches([' ', '\t']);
    let is_entry = !name.is_empty() && sign.starts_with(['=', ':']);
    let value = is_entry.then(|| sign[1..].trim_start_matches([' ', '\t']))?;
    Some(start.len() - value.len())
}

/// The value that `text` begins with, how long it is as written, and whether placeholders count in it.
fn value(text: &str) -> Option<(String, usize, bool)> {
    match text.as_bytes().first() {
        Some(b'\'') => {
            let ends = text[1..].find('\'')?;
            Some((text[1..=ends].to_owned(), ends + 2, false))
        }
        Some(b'"') => {
            let mut out = String::new();
            let mut chars = text.char_indices().skip(1);
            while let Some((at, char)) = chars.next() {
                match char {
                    '"' => return Some((out, at + 1, true)),
                    '\\' => match chars.next()?.1 {
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        '$' => out.push_str("$$"),
                        other => out.push(other),
                    },
                    char => out.push(char),
                }
            }
            None
        }
        _ => {
            let line = text.split('\n').next().unwrap_or_default();
            let comment = line.find(" #").or_else(|| line.find("\t#")).unwrap_or(line.len());
            let comment = if line.starts_with('#') { 0 } else { comment };
            Some((line[..comment].trim().to_owned(), line.len(), true))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_compose_reads_them() {
        let text = "# a comment\n\nPORT=8080\nexport HOST = api # the app\nNAME=\"two\\nlines $PORT\"\nRAW='$PORT'\n\
                    LONG=\"a\nb\"\nWORDS=a b c\r\nEMPTY=\nALONE\nURL=http://${HOST:-x}:${PORT}/#top\nNONE=${NOBODY}\n";
        let found: Vec<(String, Option<String>, usize)> = entries(text, &BTreeMap::new())
            .unwrap()
            .into_iter()
            .map(|entry| (entry.name, entry.value, entry.line))
            .collect();
        let wanted = [
            ("PORT", Some("8080"), 3),
            ("HOST", Some("api"), 4),
            ("NAME", Some("two\nlines 8080"), 5),
            ("RAW", Some("$PORT"), 6),
            ("LONG", Some("a\nb"), 7),
            ("WORDS", Some("a b c"), 9),
            ("EMPTY", Some(""), 10),
            ("ALONE", None, 11),
            ("URL", Some("http://api:8080/#top"), 12),
            ("NONE", None, 13),
        ];
        let wanted: Vec<_> =
            wanted.map(|(name, value, line)| (name.to_owned(), value.map(str::to_owned), line)).into();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_line_that_is_no_entry_is_told() {
        assert_eq!(entries("A=1\nwhat is this\n", &BTreeMap::new()), Err(2));
        assert_eq!(entries("A=\"never closed\n", &BTreeMap::new()), Err(1));
        assert_eq!(entries("=x", &BTreeMap::new()), Err(1));
    }
}
