//! Differences that are known and meant, each with its reason. They are still looked for, and told when they are gone.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// Larger than any list that somebody keeps.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// The list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    #[serde(default, rename = "accepted")]
    pub(crate) differences: Vec<AcceptedDifference>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptedDifference {
    /// What changes, as a report has it; `*` stands for anything.
    pub(crate) difference: String,
    /// Why that is meant.
    pub(crate) reason: String,
}

/// Why a list cannot be used.
#[derive(Debug, Error)]
pub enum AcceptedError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not such a list.
    #[error("{} is no list of accepted differences: {error}\n  help: each is an [[accepted]] with `difference`, as a report has it, and `reason`", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Why.
        error: Box<toml::de::Error>,
    },
}

impl Accepted {
    /// Reads `path`.
    ///
    /// # Errors
    /// When it cannot be read, or an entry lacks what is needed.
    pub fn read(path: &Path) -> Result<Accepted, AcceptedError> {
        let read = |error| AcceptedError::Read { path: path.to_owned(), error };
        let bytes = nginx_conf::read_regular_file(path, MAX_FILE_SIZE).map_err(read)?;
        let text = String::from_utf8_lossy(&bytes);
        toml::from_str(&text)
            .map_err(|error| AcceptedError::Syntax { path: path.to_owned(), error: Box::new(error) })
    }

    /// The one that a difference is.
    pub(crate) fn find(&self, difference: &str) -> Option<usize> {
        // A report tells several of one request together.
        let is_it = |accepted: &AcceptedDifference| {
            accepted.difference.split("; ").any(|one| matches(one, difference))
        };
        self.differences.iter().position(is_it)
    }
}

/// Whether `text` is `pattern`, where each `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }
}
