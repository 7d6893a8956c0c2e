//! The clients that scenarios use: what a browser, a script or an attacker would send, and exactly what came back.
//!
//! HTTP is written byte by byte to a socket rather than through a library: a scenario says "byte for byte", sends what no
//! well-behaved library would, and shows what went over the wire when it fails. WebSocket uses `tokio-tungstenite`, STOMP
//! the frame codec of `mock-upstreams`. What comes over HTTP/2 is only compared with what comes over HTTP/1.1, and is asked
//! by `h2`.
//!
//! From the bottom up: a [`Route`] knows the addresses, the TLS settings and the headers that every request to a proxy
//! has, and opens a [`Stream`]. A [`Connection`] sends a [`Request`] over it and reads a [`Response`]. A [`Handshake`]
//! turns a connection, or a stream of an HTTP/2 connection, into a [`WebSocket`], and a [`StompClient`] runs a session on
//! that, over SockJS or not. On a live deployment a [`RequestPolicy`] limits the rate, and refuses whatever could change
//! something before it is sent.
//! [`Traffic`] keeps several clients busy in the background; a [`transcript`] records the exchanges for the report.

mod browser;
mod extended_connect;
mod http;
mod http2;
mod http2_connection;
mod limits;
mod own_authority;
mod policy;
mod request;
mod response;
mod route;
mod sockjs;
mod stomp;
mod stream;
mod tls;
mod traffic;
pub mod transcript;
mod visit;
mod websocket;

use std::io;
use std::time::Duration;

pub use mock_upstreams::stomp::frame::{Frame, Version};
use thiserror::Error;

pub use browser::Destination;
pub use http::Connection;
pub use http2::{Http2Offer, http2_offer};
pub use http2_connection::{Http2Connection, ask_over_http2};
pub use limits::AnswerLimits;
pub use policy::RequestPolicy;
pub use request::encode_chunk;
pub use request::{Body, Request};
pub use response::{Framing, Response, digest, escape};
pub use route::{Route, Tls};
pub use sockjs::{NO_MESSAGES, sockjs_path, sockjs_session};
pub use stomp::{StompClient, with_headers};
pub use stream::Stream;
pub use tls::{Trust, key_digest};
pub use traffic::{Outcome, Traffic};
pub use visit::{SendOutcome, Visit};
pub use websocket::{Handshake, WebSocket, describe_message};

/// How long a client waits for the next event. Generous, as it only expires when something is wrong.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a client got no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The socket failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Nothing arrived in time.
    #[error("timed out after {} s waiting for {what}", timeout.as_secs())]
    Timeout {
        /// What was awaited.
        what: &'static str,
        /// How long the client waited.
        timeout: Duration,
    },
    /// An answer is larger than what is read of one.
    #[error(
        "the answer is larger than {}, and is not read further; `[limits] largest-answer` says how much of one is",
        describe_size(*limit)
    )]
    TooLarge {
        /// How many bytes are read.
        limit: usize,
    },
    /// An answer takes longer than one is read for.
    #[error(
        "the answer has no end after {} s, and is not read further; `[limits] longest-answer` says for how long one is",
        limit.as_secs()
    )]
    TooLong {
        /// How long it is read for.
        limit: Duration,
    },
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(String),
    /// It was not sent, as the target is a live deployment.
    #[error("refused to send this to a live deployment: {0}")]
    Refused(String),
    /// The connection was closed before there was a response.
    #[error("the connection was closed before a response came{0}")]
    Closed(String),
    /// A server that shuts down, or is too busy, has not looked at the request: it can be sent again (RFC 9113 §8.7).
    #[error("the server did not take the request: {0}")]
    Unprocessed(String),
    /// A WebSocket or STOMP session ended unexpectedly.
    #[error("{0}")]
    Session(String),
    /// The app server answered with `ERROR` over STOMP.
    #[error("{what} did not come: the app server answered with an error:\n{frame}")]
    StompError {
        /// What was awaited.
        what: String,
        /// The `ERROR` frame.
        frame: Box<Frame>,
    },
    /// The broker agreed to a version of STOMP that was not offered.
    #[error("the app server speaks STOMP {spoken}, though only {offered} was offered")]
    StompVersion {
        /// What `CONNECTED` says.
        spoken: String,
        /// What `CONNECT` offered.
        offered: Version,
    },
    /// The peer broke the protocol.
    #[error("what came back is not {protocol}: {reason}")]
    Protocol {
        /// The protocol.
        protocol: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl ClientError {
    /// What a STOMP broker refuses, in its own words: the proxy has carried the refusal.
    pub fn broker_refusal(&self) -> Option<String> {
        match self {
            ClientError::StompError { frame, .. } => {
                let text = frame.get("message").map_or_else(|| frame.text(), str::to_owned);
                Some(text.lines().next().unwrap_or_default().to_owned())
            }
            ClientError::StompVersion { .. } => Some(self.to_string()),
            _ => None,
        }
    }

    pub(crate) fn not_http(reason: impl Into<String>) -> ClientError {
        ClientError::Protocol { protocol: "HTTP/1.1", reason: reason.into() }
    }
}

/// `16 MiB`, `512 KiB`.
fn describe_size(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// Waits for `future`, for at most `timeout`.
pub async fn with_timeout<T, E: Into<ClientError>>(
    timeout: Duration,
    what: &'static str,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, ClientError> {
    match tokio::time::timeout(timeout, future).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(ClientError::Timeout { what, timeout }),
    }
}
