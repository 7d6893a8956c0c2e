//! `charset`: what `Content-Type` says of a text's characters.

use std::collections::HashSet;
use std::sync::Arc;

use crate::template::Template;

/// Types that `charset` is for, where the configuration does not say.
const USUAL_TYPES: [&str; 6] = [
    "text/html",
    "text/xml",
    "text/plain",
    "text/vnd.wap.wml",
    "application/javascript",
    "application/rss+xml",
];

/// `charset` and the directives that go with it.
#[derive(Debug, Clone)]
pub struct Charset {
    /// `charset`; `None` for `off`.
    pub name: Option<Template>,
    /// `source_charset`, for answers that do not say theirs.
    pub source: Option<Template>,
    /// `charset_types`: lower-case media types; `None` for `*`.
    pub types: Option<Arc<HashSet<String>>>,
    /// `override_charset`: it replaces that of an app server.
    pub overrides: bool,
}

impl Default for Charset {
    fn default() -> Charset {
        let types = USUAL_TYPES.map(str::to_owned).into();
        Charset { name: None, source: None, types: Some(Arc::new(types)), overrides: false }
    }
}
