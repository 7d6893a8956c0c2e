use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde_json::json;

use crate::instance::Shared;
use crate::journal::Journal;

/// Answers `/info`, which a client requests before it opens a session.
pub(super) async fn info(State(instance): Shared) -> impl IntoResponse {
    // Any number will do: clients seed their random numbers with it.
    let entropy = instance.journal.read(Journal::len);
    let fields: [(HeaderName, &str); 2] = [
        (CONTENT_TYPE, "application/json;charset=UTF-8"),
        (CACHE_CONTROL, "no-store, no-cache, must-revalidate, max-age=0"),
    ];
    let info = json!({ "entropy": entropy, "origins": ["*:*"], "cookie_needed": true, "websocket": true });
    (fields, Json(info))
}
