//! Where something stands in a configuration.

use serde::Serialize;

/// A line of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file, as its author calls it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

impl Line {
    /// How it is called where `file` is being read: `line 12`, or `conf.d/api.conf:12` where it is in another.
    pub fn seen_from(&self, file: &str) -> String {
        if self.file == file { format!("line {}", self.line) } else { format!("{}:{}", self.file, self.line) }
    }
}
