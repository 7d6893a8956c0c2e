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
