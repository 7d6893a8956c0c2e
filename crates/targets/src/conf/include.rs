//! How messages speak of an `include`.

use std::fmt;

/// An `include`, as messages call it: `` `include mime.types` in nginx.conf:3 ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its pattern.
    pub pattern: String,
    /// Where it stands, as `nginx.conf:3`.
    pub place: String,
}

impl fmt::Display for Include {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`include {}` in {}", self.pattern, self.place)
    }
}
