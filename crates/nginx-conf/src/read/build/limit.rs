//! Merges `limit_req…` and `limit_conn…`.

use crate::model::Limits;
use crate::read::draft::LimitSettings;

/// What a level says, and the rest from the one around it.
pub(super) fn limits<T: Clone>(raw: &LimitSettings<T>, outer: &Limits<T>) -> Limits<T> {
    Limits {
        limits: if raw.limits.is_empty() { outer.limits.clone() } else { raw.limits.clone() },
        status: raw.status.unwrap_or(outer.status),
        log_level: raw.log_level.unwrap_or(outer.log_level),
        dry_run: raw.dry_run.unwrap_or(outer.dry_run),
    }
}
