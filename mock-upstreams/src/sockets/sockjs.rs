//! The framing of SockJS over WebSocket: strings in JSON arrays.

use axum::Json;
use axum::extract::State;
use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};

use crate::app::Shared;

/// The first frame of a session.
pub(super) const OPEN: &str = "o";

/// The last frame of a session.
pub(super) const CLOSE: &str = "c[3000,\"Go away!\"]";

/// What a client asks before it opens a session.
pub(super) async fn info(State(instance): Shared) -> Json<Value> {
    // Any number will do: clients use it to seed their own.
    let entropy = instance.journal.read(crate::Journal::len);
    Json(json!({ "entropy": entropy, "origins": ["*:*"], "cookie_needed": true, "websocket": true }))
}

pub(super) fn wrap(text: &str) -> String {
    format!("a{}", json!([text]))
}

/// The messages in a client's frame; nothing, where it is none.
pub(super) fn unwrap(frame: &str) -> impl Iterator<Item = Utf8Bytes> + use<> {
    serde_json::from_str::<Vec<String>>(frame).unwrap_or_default().into_iter().map(Utf8Bytes::from)
}
