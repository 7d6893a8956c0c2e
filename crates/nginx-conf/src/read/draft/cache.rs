//! `proxy_cache_…` and the zones of caches.

use std::time::Duration;

use crate::error::ConfigError;
use crate::model::{CacheName, CacheValid, CacheZone, NextUpstream};
use crate::template::Template;

/// What `proxy_cache_…` say at a level.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct CacheSettings {
    /// `Some` of nothing for `off`.
    pub(crate) zone: Option<Option<CacheName>>,
    pub(crate) key: Option<Template>,
    pub(crate) valid: Vec<CacheValid>,
    pub(crate) bypass: Vec<Template>,
    pub(crate) no_cache: Vec<Template>,
    pub(crate) use_stale: Option<UseStale>,
    pub(crate) background_update: Option<bool>,
    pub(crate) lock: Option<bool>,
    pub(crate) lock_timeout: Option<Duration>,
    pub(crate) lock_age: Option<Duration>,
    pub(crate) min_uses: Option<u64>,
    pub(crate) caches_post: Option<bool>,
    pub(crate) revalidate: Option<bool>,
    pub(crate) convert_head: Option<bool>,
}

/// `proxy_cache_use_stale`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UseStale {
    pub(crate) when: NextUpstream,
    pub(crate) updating: bool,
    pub(crate) off: bool,
}

/// Zones by name. A location may name a zone before it is declared.
#[derive(Debug, Default)]
pub(crate) struct CacheZones(Vec<(String, Option<CacheZone>)>);

impl CacheZones {
    /// The index of the zone of this name.
    pub(crate) fn reference(&mut self, name: &str) -> usize {
        self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), None));
            self.0.len() - 1
        })
    }

    /// Declares a zone; false if there is one of that name.
    pub(crate) fn declare(&mut self, zone: CacheZone) -> bool {
        let index = self.reference(&zone.name);
        match self.0.get_mut(index) {
            Some((_, declared @ None)) => {
                *declared = Some(zone);
                true
            }
            _ => false,
        }
    }

    /// Every zone, in the order of their indices.
    pub(crate) fn finish(self, error: impl Fn(String) -> ConfigError) -> Result<Vec<CacheZone>, ConfigError> {
        let unknown = |name: &str| error(format!("\"proxy_cache\" zone \"{name}\" is unknown"));
        self.0.into_iter().map(|(name, zone)| zone.ok_or_else(|| unknown(&name))).collect()
    }
}
