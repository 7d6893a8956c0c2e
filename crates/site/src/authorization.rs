//! Who may come, as another service says it.

use serde::Serialize;

/// A service that says who may come (`auth_request`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Authorization {
    /// The upstreams and hosts that are asked.
    pub destinations: Vec<String>,
    /// The path that they are asked for.
    pub path: String,
    /// The number of the location that asks them, counted in the order of the file.
    #[serde(skip)]
    pub(crate) location: usize,
}
