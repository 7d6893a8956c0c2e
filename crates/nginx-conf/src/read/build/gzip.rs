//! Merges `gzip_…`.

use std::sync::Arc;

use crate::model::Gzip;
use crate::read::draft::GzipSettings;

/// What a level says, and the rest from the one around it.
pub(super) fn gzip(raw: &GzipSettings, outer: &Gzip) -> Gzip {
    Gzip {
        on: raw.on.unwrap_or(outer.on),
        types: match &raw.types {
            Some(types) => types.clone().map(Arc::new),
            None => outer.types.clone(),
        },
        min_length: raw.min_length.map_or(outer.min_length, |bytes| bytes as u64),
        level: raw.level.unwrap_or(outer.level),
        proxied: raw.proxied.unwrap_or(outer.proxied),
        vary: raw.vary.unwrap_or(outer.vary),
        min_version: raw.min_version.unwrap_or(outer.min_version),
        disable_msie6: raw.disable_msie6 || outer.disable_msie6,
        disable: if raw.disable.is_empty() { outer.disable.clone() } else { raw.disable.clone() },
        files: raw.files.unwrap_or(outer.files),
        gunzip: raw.gunzip.unwrap_or(outer.gunzip),
    }
}
