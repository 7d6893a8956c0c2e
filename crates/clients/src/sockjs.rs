//! SockJS over a WebSocket, as far as a client has to do with it:
//! <https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>.
//!
//! The server opens a session with `o`, shows with `h` that it is alive, sends strings as `a["…"]`, and ends with
//! `c[3000,"…"]`. The client sends JSON arrays of strings. All of it is text.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use serde_json::json;

use crate::ClientError;

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// The session is open.
    Open,
    /// A sign of life.
    HeartBeat,
    /// Messages.
    Messages(Vec<String>),
    /// The session is over: code and reason.
    Closed(u16, String),
}

/// The path of a new session's WebSocket below `endpoint`. The first part is for load balancers to choose by, the second
/// is nobody else's.
pub fn sockjs_path(endpoint: &str) -> String {
    // Each is seeded anew, and by the system.
    let random = RandomState::new().build_hasher().finish();
    format!("{}/{:03}/{random:016x}/websocket", endpoint.trim_end_matches('/'), random % 1000)
}

/// A message of the client.
pub(super) fn wrap(text: &str) -> String {
    json!([text]).to_string()
}

/// Reads what the server has sent.
///
/// # Errors
/// When it is none of the four frames.
pub(super) fn unwrap(frame: &str) -> Result<Arrived, ClientError> {
    let mut letters = frame.chars();
    let (kind, rest) = (letters.next(), letters.as_str());
    let wrong = |why: &str| ClientError::Protocol {
        protocol: "SockJS",
        reason: format!("{:?} {why}", crate::shown(frame.as_bytes())),
    };
    match (kind, rest) {
        (Some('o'), "") => Ok(Arrived::Open),
        (Some('h'), "") => Ok(Arrived::HeartBeat),
        (Some('a'), messages) => match serde_json::from_str(messages) {
            Ok(messages) => Ok(Arrived::Messages(messages)),
            Err(error) => Err(wrong(&format!("holds no JSON array of strings: {error}"))),
        },
        (Some('c'), end) => match serde_json::from_str(end) {
            Ok((code, reason)) => Ok(Arrived::Closed(code, reason)),
            Err(error) => Err(wrong(&format!("holds no code and reason: {error}"))),
        },
        _ => Err(wrong("is no frame; is this path the raw WebSocket of the endpoint?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_a_path_of_its_own() {
        let (one, other) = (sockjs_path("/stomp/ws/"), sockjs_path("/stomp/ws"));
        assert_ne!(one, other);
        let parts: Vec<&str> = one.split('/').collect();
        assert_eq!((parts.len(), &parts[..3], parts[5]), (6, &["", "stomp", "ws"][..], "websocket"));
        assert!(parts[3].len() == 3 && parts[3].bytes().all(|byte| byte.is_ascii_digit()), "{one}");
        assert!(parts[4].len() == 16, "{one}");
    }

    #[test]
    fn the_frames_of_a_server_are_told_apart() {
        let messages = |texts: &[&str]| Arrived::Messages(texts.iter().map(|&text| text.into()).collect());
        for (frame, expected) in [
            ("o", Arrived::Open),
            ("h", Arrived::HeartBeat),
            ("a[]", messages(&[])),
            (r#"a["차\u0000","\n"]"#, messages(&["차\0", "\n"])),
            (r#"c[3000,"Go away!"]"#, Arrived::Closed(3000, "Go away!".into())),
        ] {
            assert_eq!(unwrap(frame).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for frame in ["", "x", "oo", "a", "a[1]", "a\"b\"", "c[]", "c[3000]", "차", "CONNECTED\n\n\0"] {
            assert!(unwrap(frame).is_err(), "{frame}");
        }
    }

    #[test]
    fn a_message_goes_out_in_an_array() {
        assert_eq!(wrap("SEND\n\n\"\0"), r#"["SEND\n\n\"\u0000"]"#);
    }
}
