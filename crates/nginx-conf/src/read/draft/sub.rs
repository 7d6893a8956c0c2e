//! `sub_filter…` directives.

use std::collections::HashSet;

use crate::model::SubRule;

/// What the `sub_filter…` directives of a level say.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct SubSettings {
    pub rules: Vec<SubRule>,
    /// `Some(None)` for `*`.
    pub types: Option<Option<HashSet<String>>>,
    pub once: Option<bool>,
    pub last_modified: Option<bool>,
}
