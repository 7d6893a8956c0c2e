//! The WebSocket transport of SockJS 0.3.3: frames of one letter, strings in JSON arrays.
//!
//! <https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>

use std::time::Duration;

use serde_json::json;

/// The first frame of a session.
pub(crate) const OPEN: &str = "o";

/// The heart-beat of a server that has nothing else to send.
pub(crate) const HEART_BEAT: &str = "h";

/// After how long a silence it is sent, unless the client asks for another interval.
pub(crate) const HEART_BEAT_INTERVAL: Duration = Duration::from_secs(25);

/// One message for the client.
pub(crate) fn wrap(text: &str) -> String {
    format!("a{}", json!([text]))
}

/// The last frame of a session.
pub(crate) fn close(code: Option<u16>, reason: &str) -> String {
    let (code, reason) = code.map_or((3000, "Go away!"), |code| (code, reason));
    format!("c{}", json!([code, reason]))
}

/// The messages in what a client has sent; none in an empty one.
///
/// # Errors
/// When it is no JSON array of strings: the session is closed.
pub(crate) fn unwrap(frame: &str) -> Result<Vec<String>, serde_json::Error> {
    if frame.is_empty() { Ok(Vec::new()) } else { serde_json::from_str(frame) }
}
