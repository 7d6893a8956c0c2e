//! Frames: one letter, and strings in a JSON array.

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

/// The frame of both frames' messages, if both are messages.
pub(crate) fn joined(first: &str, second: &str) -> Option<String> {
    let (first, second) = (first.strip_suffix(']')?, second.strip_prefix("a[")?);
    first.starts_with("a[").then(|| format!("{first},{second}"))
}

/// The messages in what a client has sent; none in an empty one.
///
/// # Errors
/// When it is no JSON array of strings: the session is closed.
pub(crate) fn unwrap(frame: &str) -> Result<Vec<String>, serde_json::Error> {
    if frame.is_empty() { Ok(Vec::new()) } else { serde_json::from_str(frame) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_joined_and_nothing_else() {
        assert_eq!(joined(&wrap("a]"), &wrap("b")).as_deref(), Some(r#"a["a]","b"]"#));
        assert_eq!(joined(OPEN, &wrap("b")), None);
        assert_eq!(joined(&wrap("a"), HEART_BEAT), None);
        assert_eq!(joined(&close(None, ""), &wrap("b")), None);
    }
}
