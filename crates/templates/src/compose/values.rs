//! The values that a compose file refers to: `.env`, and what `${…}` stands for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::dotenv;
use crate::file;
use crate::interpolation::{interpolate, name_length};

/// The entries of an env file by name: the value, where it is known, and the line.
pub(crate) type Entries = BTreeMap<String, (Option<String>, usize)>;

/// What `${…}` in a compose file stands for.
#[derive(Debug)]
pub(super) struct Interpolation<'a> {
    /// Those that the user gave, which stand for the shell's.
    pub(super) overrides: &'a BTreeMap<String, String>,
    pub(super) dotenv: &'a Entries,
}

impl Interpolation<'_> {
    fn value_of(&self, name: &str) -> Option<String> {
        self.overrides.get(name).cloned().or_else(|| self.dotenv.get(name)?.0.clone())
    }

    /// The line of `.env` that the first of the placeholders in `text` has its value from.
    pub(super) fn dotenv_line(&self, text: &str) -> Option<usize> {
        let names = text.match_indices('$').filter_map(|(at, _)| {
            let rest = text[at + 1..].trim_start_matches('{');
            Some(&rest[..name_length(rest)]).filter(|name| !name.is_empty())
        });
        let of_dotenv = |name: &str| self.dotenv.get(name).filter(|_| !self.overrides.contains_key(name));
        names.filter_map(of_dotenv).map(|(_, line)| *line).next()
    }

    /// `text` with its placeholders replaced; `None` if one has neither a value nor a default.
    pub(super) fn text(&self, text: &str) -> Option<String> {
        interpolate(text, &|name| self.value_of(name))
    }
}

/// The entries of an env file by name, the last of each; `None` if it lies outside `root` or cannot be read.
pub(crate) fn entries_of(path: &Path, root: &Path, overrides: &BTreeMap<String, String>) -> Option<Entries> {
    let text = if file::is_below(root, path) { file::read(path).ok()? } else { return None };
    let entries = dotenv::entries(&text, overrides).ok()?.into_iter();
    Some(entries.map(|entry| (entry.name, (entry.value, entry.line))).collect())
}
