//! The patterns of `include`, which are those of glob(3).

use std::io::{Error, Result};
use std::path::{Path, PathBuf};

/// The files that the pattern of an `include` names, in nginx's order, which is that of glob(3); in place of a folder that
/// cannot be read, why it cannot.
pub fn glob(pattern: &Path) -> Vec<Result<PathBuf>> {
    let options = ::glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let pattern = translated(&pattern.to_string_lossy());
    let Ok(paths) = ::glob::glob_with(&pattern, options) else { return Vec::new() };
    let mut found: Vec<_> = paths.map(|path| path.map_err(Error::from)).collect();
    found.sort_by(|a, b| a.as_deref().ok().cmp(&b.as_deref().ok()));
    found
}

/// A pattern of glob(3) in the syntax of the library, which knows neither escapes nor classes by name, negates by `!` alone, knows
/// `**`, and has no patterns with a `[` that is not closed.
fn translated(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => out.extend(rest.next().map(literal)),
            '*' if out.ends_with('*') => {}
            '[' => match Bracket::read(rest.as_str()) {
                Some((bracket, behind)) => {
                    out.push_str(&bracket.translated());
                    rest = behind.chars();
                }
                None => out.push_str("[[]"),
            },
            other => out.push(other),
        }
    }
    out
}

/// A letter that stands for itself.
fn literal(letter: char) -> String {
    match letter {
        '*' | '?' | '[' => format!("[{letter}]"),
        other => other.to_string(),
    }
}

/// A bracket expression of glob(7).
#[derive(Default)]
struct Bracket {
    negated: bool,
    /// Letters, ranges and classes, but for these two, which have places of their own.
    others: String,
    has_bracket: bool,
    has_hyphen: bool,
}

impl Bracket {
    /// What follows a `[`, and what is behind its `]`; `None` if it is never closed.
    fn read(text: &str) -> Option<(Bracket, &str)> {
        let negation = text.strip_prefix(['!', '^']);
        let mut bracket = Bracket { negated: negation.is_some(), ..Bracket::default() };
        let mut rest = negation.unwrap_or(text);
        let mut is_first = true;
        loop {
            let mut letters = rest.chars();
            let letter = letters.next()?;
            let is_end = letter == ']' && !is_first;
            is_first = false;
            if is_end {
                return Some((bracket, letters.as_str()));
            }
            if let Some((class, behind)) = rest.strip_prefix("[:").and_then(|class| class.split_once(":]")) {
                bracket.others.push_str(class_letters(class));
                rest = behind;
                continue;
            }
            let letter = if letter == '\\' { letters.next()? } else { letter };
            let range = letters.as_str().strip_prefix('-').filter(|end| !end.starts_with(']'));
            match (range.and_then(|end| end.chars().next()), letter) {
                (Some(last), first) => {
                    bracket.others.extend([first, '-', last]);
                    letters.nth(1);
                }
                (None, ']') => bracket.has_bracket = true,
                (None, '-') => bracket.has_hyphen = true,
                (None, other) => bracket.others.push(other),
            }
            rest = letters.as_str();
        }
    }

    fn translated(&self) -> String {
        let negation = if self.negated { "!" } else { "" };
        let bracket = if self.has_bracket { "]" } else { "" };
        let hyphen = if self.has_hyphen { "-" } else { "" };
        format!("[{negation}{bracket}{}{hyphen}]", self.others)
    }
}

/// The letters of a class, in the locale that nginx runs in.
fn class_letters(class: &str) -> &'static str {
    match class {
        "upper" => "A-Z",
        "lower" => "a-z",
        "alpha" => "A-Za-z",
        "digit" => "0-9",
        "alnum" => "A-Za-z0-9",
        "xdigit" => "0-9A-Fa-f",
        "blank" => " \t",
        "space" => " \t\n\r\x0b\x0c",
        "punct" => "!-/:-@[-`{-~",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_are_those_of_glob_3() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["1", "B", "a", "[a]", "[a", "-", "]", "a*"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let paths = glob(&directory.path().join(pattern)).into_iter().flatten();
            paths.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(found("[^a-z]"), ["-", "1", "B", "]"]);
        assert_eq!(found("[!a-zB]"), ["-", "1", "]"]);
        assert_eq!(found("[[:upper:]0-9]"), ["1", "B"]);
        assert_eq!(found(r"\[a\]"), ["[a]"]);
        assert_eq!(found("[a"), ["[a"]);
        assert_eq!(found("[]a]"), ["]", "a"]);
        assert_eq!(found(r"[\]-]"), ["-", "]"]);
        assert_eq!(found(r"a\*"), ["a*"]);
        assert_eq!(found("**"), ["-", "1", "B", "[a", "[a]", "]", "a", "a*"]);
    }
}
