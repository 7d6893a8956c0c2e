use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;

/// What every response has, so that no cache keeps it.
pub(super) const NOT_CACHED: (HeaderName, &str) =
    (CACHE_CONTROL, "no-store, no-cache, must-revalidate, max-age=0");
