//! Compression of responses.

use std::collections::HashSet;
use std::sync::Arc;

use super::Pattern;

/// `gzip` and the directives that go with it.
#[derive(Debug, Clone)]
pub struct Gzip {
    /// `gzip`.
    pub on: bool,
    /// `gzip_types`: lower-case media types, `text/html` among them; `None` for `*`.
    pub types: Option<Arc<HashSet<String>>>,
    /// `gzip_min_length`: the shortest body that is compressed, where its length is known.
    pub min_length: u64,
    /// `gzip_comp_level`, 1 to 9.
    pub level: u32,
    /// `gzip_proxied`.
    pub proxied: GzipProxied,
    /// `gzip_vary`.
    pub vary: bool,
    /// `gzip_http_version`: 10 or 11.
    pub min_version: u8,
    /// `gzip_disable msie6`.
    pub disable_msie6: bool,
    /// The expressions of `gzip_disable`, for `User-Agent`.
    pub disable: Vec<Pattern>,
    /// `gzip_static`.
    pub files: GzipStatic,
    /// `gunzip`: what is compressed already is unpacked for clients that do not accept it.
    pub gunzip: bool,
}

/// Which responses are compressed for clients behind another proxy, which have a `Via`: `gzip_proxied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct GzipProxied {
    pub off: bool,
    pub expired: bool,
    pub no_cache: bool,
    pub no_store: bool,
    pub private: bool,
    pub no_last_modified: bool,
    pub no_etag: bool,
    pub auth: bool,
    pub any: bool,
}

/// Whether `name.gz` is sent in place of a file: `gzip_static`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum GzipStatic {
    #[default]
    Off,
    On,
    Always,
}

impl Default for Gzip {
    fn default() -> Gzip {
        Gzip {
            on: false,
            types: Some(Arc::new(HashSet::from(["text/html".to_owned()]))),
            min_length: 20,
            level: 1,
            proxied: GzipProxied { off: true, ..GzipProxied::default() },
            vary: false,
            min_version: 11,
            disable_msie6: false,
            disable: Vec::new(),
            files: GzipStatic::Off,
            gunzip: false,
        }
    }
}
