//! `autoindex` and the directives that go with it.

use crate::model::AutoindexFormat;

/// What the `autoindex…` directives of a level say.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct AutoindexSettings {
    pub on: Option<bool>,
    pub exact_size: Option<bool>,
    pub local_time: Option<bool>,
    pub format: Option<AutoindexFormat>,
}
