//! Answers of app servers that are kept: the zones of `proxy_cache_path`. As in nginx, a zone is shared by all workers and
//! outlives the configuration that declared it; other than in nginx, it is in memory alone.

mod freshness;
mod node;
mod stored;
mod visit;
mod zone;

use std::sync::Arc;

pub(crate) use freshness::Freshness;
pub(crate) use stored::{Key, StoredResponse, variant};
pub(crate) use visit::{Found, Visit};
pub(crate) use zone::Zone;

use nginx_conf::model::{CacheZone, Http};

/// The longest body that is kept.
pub(crate) const MAX_STORED_BODY: usize = 16 * 1024 * 1024;

/// The zones of a configuration, by index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caches(Vec<(CacheZone, Arc<Zone>)>);

impl Caches {
    /// The zones of a configuration: those of an earlier one where they are the same.
    pub(crate) fn of(&self, http: Option<&Http>) -> Caches {
        let declared = http.map(|http| &http.caches[..]).unwrap_or_default();
        let zone = |zone: &CacheZone| {
            let known = self.0.iter().find(|(known, _)| known == zone);
            known.map_or_else(|| Arc::new(Zone::new(zone)), |(_, earlier)| Arc::clone(earlier))
        };
        Caches(declared.iter().map(|declared| (declared.clone(), zone(declared))).collect())
    }

    /// The zone of that index.
    pub(crate) fn get(&self, index: usize) -> Option<&Arc<Zone>> {
        self.0.get(index).map(|(_, zone)| zone)
    }

    /// The zone of that name.
    pub(crate) fn named(&self, name: &[u8]) -> Option<&Arc<Zone>> {
        self.0.iter().find(|(declared, _)| declared.name.as_bytes() == name).map(|(_, zone)| zone)
    }
}
