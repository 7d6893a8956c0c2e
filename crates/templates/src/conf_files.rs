//! The files that nginx would read.

use std::collections::BTreeSet;

use crate::fill::FilledTemplate;
use crate::mistake::mistake_in;

/// The files that nginx would read.
#[derive(Debug, Clone, Default)]
pub struct ConfFiles {
    /// In nginx's order; at least one.
    pub files: Vec<ConfFile>,
    /// Which value came from where, for those who ask.
    pub notes: Vec<String>,
    /// What a reader should know first.
    pub warnings: Vec<String>,
    /// What is wrong with the addresses in them, if a compose file runs them.
    pub address_warnings: Vec<String>,
    /// Why nginx does not start with them, in its own words, if that is known.
    pub refused: Option<String>,
}

/// A file that nginx would read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfFile {
    /// Its path below `/etc/nginx`: `conf.d/default.conf`.
    pub path: String,
    /// What its author calls it: `nginx/templates/default.conf.template`.
    pub origin: String,
    /// Its text, filled in.
    pub text: String,
    /// The lines of it, counted from 1, that have something in them which was filled in.
    pub filled_lines: BTreeSet<usize>,
}

impl ConfFiles {
    /// Adds a template, which nginx would find at `path`.
    pub(crate) fn add(&mut self, filled: FilledTemplate, path: &str, origin: String) {
        self.notes.extend(filled.notes);
        self.warnings.extend(filled.warnings);
        self.refused = self.refused.take().or_else(|| mistake_in(&filled.text, &origin));
        let FilledTemplate { text, lines: filled_lines, .. } = filled;
        self.files.push(ConfFile { path: path.to_owned(), origin, text, filled_lines });
    }
}
