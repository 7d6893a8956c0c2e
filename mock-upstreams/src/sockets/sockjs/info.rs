use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::json;

use super::headers::NOT_CACHED;
use crate::instance::Shared;
use crate::journal::Journal;

/// Answers `/info`, which a client requests before it opens a session.
pub(crate) async fn info(State(instance): Shared) -> impl IntoResponse {
    // Any number will do: clients seed their random numbers with it.
    let entropy = instance.journal.read(Journal::len);
    let fields = [(CONTENT_TYPE, "application/json;charset=UTF-8"), NOT_CACHED];
    let info = json!({ "entropy": entropy, "origins": ["*:*"], "cookie_needed": true, "websocket": true });
    (fields, Json(info))
}
