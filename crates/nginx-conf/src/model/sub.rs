//! `sub_filter`: text that is replaced in bodies of responses.

use std::collections::HashSet;
use std::sync::Arc;

use crate::template::Template;

/// `sub_filter` and the directives that go with it.
#[derive(Debug, Clone)]
pub struct SubFilter {
    /// Every `sub_filter`, this level's or the inherited ones, never both.
    pub rules: Vec<SubRule>,
    /// `sub_filter_types`: lower-case media types, `text/html` among them; `None` for `*`.
    pub types: Option<Arc<HashSet<String>>>,
    /// `sub_filter_once`: each text is replaced where it is found first.
    pub once: bool,
    /// `sub_filter_last_modified`: a response keeps its `Last-Modified`.
    pub last_modified: bool,
}

/// A `sub_filter`.
#[derive(Debug, Clone)]
pub struct SubRule {
    /// What is looked for, in upper or lower case.
    pub text: Template,
    /// What replaces it.
    pub replacement: Template,
}

impl Default for SubFilter {
    fn default() -> SubFilter {
        SubFilter {
            rules: Vec::new(),
            types: Some(Arc::new(HashSet::from(["text/html".to_owned()]))),
            once: true,
            last_modified: false,
        }
    }
}
