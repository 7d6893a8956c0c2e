use std::time::Instant;

use serde::Serialize;

/// A WebSocket session, from the handshake's 101 on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Session {
    /// The subprotocol that the server chose (RFC 6455 §1.9).
    pub subprotocol: Option<String>,
    /// Every message that the client sent, in order; a fragmented one counts once.
    pub received: Vec<Message>,
    /// How many messages the server sent.
    pub sent: u64,
    /// How it ended; `None` while it is open.
    pub end: Option<SessionEnd>,
}

impl Session {
    /// The text messages that the client sent, in order. One too long to be kept is left out.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.received.iter().filter_map(|message| message.text.as_deref())
    }
}

/// A WebSocket message, as the server received it.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Data or control.
    pub kind: MessageKind,
    /// Length of the payload in bytes.
    pub length: usize,
    /// SHA-256 of the payload, in lower-case hexadecimal.
    pub digest: String,
    /// The payload of a short text message.
    pub text: Option<String>,
    /// When the message was complete.
    #[serde(skip)]
    pub at: Instant,
}

/// The type of a [`Message`] (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// Opcode 1.
    Text,
    /// Opcode 2.
    Binary,
    /// Opcode 9.
    Ping,
    /// Opcode 10.
    Pong,
}

/// How a WebSocket session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// The client sent a close frame first.
    ClosedByClient {
        /// Status code; `None` when the frame had no payload.
        code: Option<u16>,
        /// Reason, possibly empty.
        reason: String,
    },
    /// The server sent a close frame first.
    ClosedByServer {
        /// Status code; `None` when the frame had no payload.
        code: Option<u16>,
        /// Reason, possibly empty.
        reason: String,
    },
    /// The connection went away without a close frame, or something other than a WebSocket frame arrived.
    Aborted {
        /// The reason, in words.
        why: String,
    },
}
