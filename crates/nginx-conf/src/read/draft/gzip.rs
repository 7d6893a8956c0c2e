//! `gzip_…` directives.

use std::collections::HashSet;

use crate::model::{GzipProxied, GzipStatic, Pattern};

/// What the `gzip_…` directives of a level say.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct GzipSettings {
    pub on: Option<bool>,
    /// `Some(None)` for `*`.
    pub types: Option<Option<HashSet<String>>>,
    pub min_length: Option<usize>,
    pub level: Option<u32>,
    pub buffers: Option<(usize, usize)>,
    pub proxied: Option<GzipProxied>,
    pub vary: Option<bool>,
    pub min_version: Option<u8>,
    pub disable_msie6: bool,
    pub disable: Vec<Pattern>,
    pub files: Option<GzipStatic>,
    pub gunzip: Option<bool>,
    pub gunzip_buffers: Option<(usize, usize)>,
}
