//! `proxy_cache` and what goes with it.

use std::path::PathBuf;
use std::time::Duration;

use super::NextUpstream;
use crate::template::Template;

/// A `proxy_cache_path`: a zone of a cache, which workers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheZone {
    /// Its name.
    pub name: String,
    /// The directory.
    pub path: PathBuf,
    /// How many bytes of memory nginx would take for its keys.
    pub size: usize,
    /// `inactive=`: how long an answer is kept that nobody asks for.
    pub inactive: Duration,
    /// `max_size=`, in bytes.
    pub max_size: Option<u64>,
}

/// The cache of a location, and how it is used.
#[derive(Debug, Clone)]
pub struct ProxyCache {
    /// `proxy_cache`; `None` for `off`.
    pub zone: Option<CacheName>,
    /// `proxy_cache_key`; `None` for the URL of the app server.
    pub key: Option<Template>,
    /// `proxy_cache_valid`, in order; the first that fits counts.
    pub valid: Vec<CacheValid>,
    /// `proxy_cache_bypass`: with one that is neither empty nor `0`, the app server is asked.
    pub bypass: Vec<Template>,
    /// `proxy_no_cache`: with one such, the answer is not kept.
    pub no_cache: Vec<Template>,
    /// `proxy_cache_use_stale`, for failures of app servers.
    pub use_stale: NextUpstream,
    /// `updating` of `proxy_cache_use_stale`.
    pub use_stale_updating: bool,
    /// `proxy_cache_background_update`.
    pub background_update: bool,
    /// `proxy_cache_lock`.
    pub lock: bool,
    /// `proxy_cache_lock_timeout`.
    pub lock_timeout: Duration,
    /// `proxy_cache_lock_age`.
    pub lock_age: Duration,
    /// `proxy_cache_min_uses`.
    pub min_uses: u64,
    /// `POST` in `proxy_cache_methods`.
    pub caches_post: bool,
    /// `proxy_cache_revalidate`.
    pub revalidate: bool,
    /// `proxy_cache_convert_head`.
    pub convert_head: bool,
}

/// Which zone.
#[derive(Debug, Clone)]
pub enum CacheName {
    /// By its index in [`super::Http::caches`].
    Zone(usize),
    /// By its name, which is made for each request.
    Computed(Template),
}

/// A `proxy_cache_valid` of one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheValid {
    /// The status; `None` for `any`.
    pub status: Option<u16>,
    /// For how many seconds.
    pub seconds: u64,
}

impl ProxyCache {
    /// For how many seconds an answer of that status may be kept, if its fields do not say.
    pub fn valid_for(&self, status: u16) -> Option<u64> {
        let valid = self.valid.iter().find(|valid| valid.status.is_none_or(|known| known == status));
        valid.map(|valid| valid.seconds).filter(|seconds| *seconds > 0)
    }
}

impl Default for ProxyCache {
    fn default() -> ProxyCache {
        ProxyCache {
            zone: None,
            key: None,
            valid: Vec::new(),
            bypass: Vec::new(),
            no_cache: Vec::new(),
            use_stale: NextUpstream::default(),
            use_stale_updating: false,
            background_update: false,
            lock: false,
            lock_timeout: Duration::from_secs(5),
            lock_age: Duration::from_secs(5),
            min_uses: 1,
            caches_post: false,
            revalidate: false,
            convert_head: true,
        }
    }
}
