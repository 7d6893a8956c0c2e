//! The client side of SockJS over a WebSocket:
//! <https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>.
//!
//! The server opens a session with `o`, shows with `h` that it is alive, sends strings as `a["…"]`, and ends with
//! `c[3000,"…"]`. The client sends JSON arrays of strings. All of it is text.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use serde_json::json;

use crate::ClientError;

/// A frame that the server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerFrame {
    /// The session is open.
    Open,
    /// A heart-beat.
    HeartBeat,
    /// Messages.
    Messages(Vec<String>),
    /// The session is closed: code and reason.
    Closed(u16, String),
}

/// What is sent on a session to say nothing.
pub const NO_MESSAGES: &str = "[]";

/// The path of a new session's WebSocket below `endpoint`.
pub fn sockjs_path(endpoint: &str) -> String {
    format!("{}/websocket", sockjs_session(endpoint))
}

/// The path of a new session below `endpoint`: a server id for load balancers, and a unique session id.
pub fn sockjs_session(endpoint: &str) -> String {
    // Each hasher has a random seed.
    let random = RandomState::new().build_hasher().finish();
    format!("{}/{:03}/{random:016x}", endpoint.trim_end_matches('/'), random % 1000)
}

/// Encodes a message of the client.
pub(super) fn encode_message(text: &str) -> String {
    json!([text]).to_string()
}

/// Parses a frame of the server.
///
/// # Errors
/// When it is not one of the four frames.
pub(super) fn parse_frame(frame: &str) -> Result<ServerFrame, ClientError> {
    let mut letters = frame.chars();
    let (kind, rest) = (letters.next(), letters.as_str());
    let wrong = |why: &str| ClientError::Protocol {
        protocol: "SockJS",
        reason: format!("{:?} {why}", crate::escape(frame.as_bytes())),
    };
    match (kind, rest) {
        (Some('o'), "") => Ok(ServerFrame::Open),
        (Some('h'), "") => Ok(ServerFrame::HeartBeat),
        (Some('a'), messages) => match serde_json::from_str(messages) {
            Ok(messages) => Ok(ServerFrame::Messages(messages)),
            Err(error) => Err(wrong(&format!("is not followed by a JSON array of strings: {error}"))),
        },
        (Some('c'), end) => match serde_json::from_str(end) {
            Ok((code, reason)) => Ok(ServerFrame::Closed(code, reason)),
            Err(error) => Err(wrong(&format!("is not followed by a code and a reason: {error}"))),
        },
        _ => Err(wrong("is not a SockJS frame; is this path the raw WebSocket of the endpoint?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_has_its_own_path() {
        let (one, other) = (sockjs_path("/stomp/ws/"), sockjs_path("/stomp/ws"));
        assert_ne!(one, other);
        let parts: Vec<&str> = one.split('/').collect();
        assert_eq!((parts.len(), &parts[..3], parts[5]), (6, &["", "stomp", "ws"][..], "websocket"));
        assert!(parts[3].len() == 3 && parts[3].bytes().all(|byte| byte.is_ascii_digit()), "{one}");
        assert!(parts[4].len() == 16, "{one}");
    }

    #[test]
    fn the_frames_of_a_server_are_parsed() {
        let messages =
            |texts: &[&str]| ServerFrame::Messages(texts.iter().map(|&text| text.into()).collect());
        for (frame, expected) in [
            ("o", ServerFrame::Open),
            ("h", ServerFrame::HeartBeat),
            ("a[]", messages(&[])),
            (r#"a["차\u0000","\n"]"#, messages(&["차\0", "\n"])),
            (r#"c[3000,"Go away!"]"#, ServerFrame::Closed(3000, "Go away!".into())),
        ] {
            assert_eq!(parse_frame(frame).unwrap(), expected);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for frame in ["", "x", "oo", "a", "a[1]", "a\"b\"", "c[]", "c[3000]", "차", "CONNECTED\n\n\0"] {
            assert!(parse_frame(frame).is_err(), "{frame}");
        }
    }

    #[test]
    fn a_message_is_sent_in_an_array() {
        assert_eq!(encode_message("SEND\n\n\"\0"), r#"["SEND\n\n\"\u0000"]"#);
    }
}
