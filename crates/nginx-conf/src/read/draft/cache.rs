//! `proxy_cache_…` and the zones of caches.

use std::path::{Path, PathBuf};
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
pub(crate) struct CacheZones {
    zones: Vec<(String, Option<CacheZone>)>,
    /// Their directories, each with an error about it.
    paths: Vec<(PathBuf, ConfigError)>,
}

impl CacheZones {
    /// The index of the zone of this name.
    pub(crate) fn reference(&mut self, name: &str) -> usize {
        self.zones.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.zones.push((name.to_owned(), None));
            self.zones.len() - 1
        })
    }

    /// Notes a directory; the error about the one that was there before, if there was.
    pub(crate) fn add_path(&mut self, path: &Path, place: ConfigError) -> Option<ConfigError> {
        let earlier = self.paths.iter().find(|(known, _)| known == path).map(|(_, place)| place.clone());
        self.paths.push((path.to_owned(), place));
        earlier
    }

    /// Declares a zone; false if there is one of that name.
    pub(crate) fn declare(&mut self, zone: CacheZone) -> bool {
        let index = self.reference(&zone.name);
        match self.zones.get_mut(index) {
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
        self.zones.into_iter().map(|(name, zone)| zone.ok_or_else(|| unknown(&name))).collect()
    }
}
