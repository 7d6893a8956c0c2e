//! How messages speak of an `include`.

use std::fmt;

/// An `include`, as messages call it: `` `include mime.types` in nginx.conf:3 ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its pattern.
    pub pattern: String,
    /// Where it stands, as `nginx.conf:3`; nowhere if it is that of a directory, which nobody has written.
    pub place: Option<String>,
}

impl fmt::Display for Include {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(out, "`include {}` in {place}", self.pattern),
            None => write!(out, "{}", self.pattern.strip_prefix("/etc/nginx/").unwrap_or(&self.pattern)),
        }
    }
}
