//! Merges `proxy_cache_…`.

use crate::model::{NextUpstream, ProxyCache};
use crate::read::draft::{CacheSettings, UseStale};

/// What a level says, and the rest from the one around it.
pub(super) fn cache(raw: &CacheSettings, outer: &ProxyCache) -> ProxyCache {
    let or_outer = |own: &Vec<_>, outer: &Vec<_>| if own.is_empty() { outer.clone() } else { own.clone() };
    let (use_stale, use_stale_updating) = match raw.use_stale {
        Some(UseStale { off: true, .. }) => (NextUpstream::default(), false),
        Some(UseStale { when, updating, .. }) => (when, updating),
        None => (outer.use_stale, outer.use_stale_updating),
    };
    ProxyCache {
        zone: raw.zone.clone().unwrap_or_else(|| outer.zone.clone()),
        key: raw.key.clone().or_else(|| outer.key.clone()),
        valid: if raw.valid.is_empty() { outer.valid.clone() } else { raw.valid.clone() },
        bypass: or_outer(&raw.bypass, &outer.bypass),
        no_cache: or_outer(&raw.no_cache, &outer.no_cache),
        use_stale,
        use_stale_updating,
        background_update: raw.background_update.unwrap_or(outer.background_update),
        lock: raw.lock.unwrap_or(outer.lock),
        lock_timeout: raw.lock_timeout.unwrap_or(outer.lock_timeout),
        lock_age: raw.lock_age.unwrap_or(outer.lock_age),
        min_uses: raw.min_uses.unwrap_or(outer.min_uses),
        caches_post: raw.caches_post.unwrap_or(outer.caches_post),
        revalidate: raw.revalidate.unwrap_or(outer.revalidate),
        convert_head: raw.convert_head.unwrap_or(outer.convert_head),
    }
}
