//! Names with a wildcard.

/// Names with a wildcard, each with its value; both lists longest first.
#[derive(Debug, Clone)]
pub struct WildcardNames<T> {
    /// `*.example.com` as `.example.com`.
    pub leading: Vec<(String, T)>,
    /// `www.*` as `www.`.
    pub trailing: Vec<(String, T)>,
}
