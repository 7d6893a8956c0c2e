//! The WebSocket transport of SockJS 0.3.3: frames of one letter, strings in JSON arrays.
//!
//! <https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde_json::json;

use crate::app::Shared;

/// The first frame of a session.
pub(super) const OPEN: &str = "o";

/// The sign of life of a server that has nothing to say.
pub(super) const HEART_BEAT: &str = "h";

/// After how long a silence it is sent, unless the client asks for another.
pub(super) const SILENCE: Duration = Duration::from_secs(25);

/// What a client asks before it opens a session.
pub(super) async fn info(State(instance): Shared) -> impl IntoResponse {
    // Any number will do: clients use it to seed their own.
    let entropy = instance.journal.read(crate::Journal::len);
    let fields: [(HeaderName, &str); 2] = [
        (CONTENT_TYPE, "application/json;charset=UTF-8"),
        (CACHE_CONTROL, "no-store, no-cache, must-revalidate, max-age=0"),
    ];
    let info = json!({ "entropy": entropy, "origins": ["*:*"], "cookie_needed": true, "websocket": true });
    (fields, Json(info))
}

/// One message for the client.
pub(super) fn wrap(text: &str) -> String {
    format!("a{}", json!([text]))
}

/// The last frame of a session.
pub(super) fn close(code: Option<u16>, reason: &str) -> String {
    let (code, reason) = code.map_or((3000, "Go away!"), |code| (code, reason));
    format!("c{}", json!([code, reason]))
}

/// The messages in what a client has sent; none in an empty one.
///
/// # Errors
/// When it is no JSON array of strings. Whoever sends such a thing is dropped.
pub(super) fn unwrap(frame: &str) -> Result<Vec<String>, serde_json::Error> {
    if frame.is_empty() { Ok(Vec::new()) } else { serde_json::from_str(frame) }
}
