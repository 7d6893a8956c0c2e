//! Where a server is asked.

/// A place of the site: where a server is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) port: String,
    pub(super) host: String,
}
