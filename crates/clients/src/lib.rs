//! Clients: what a browser, a script or an attacker would send, and exactly what comes back.
//!
//! HTTP is spoken here byte by byte over a socket rather than through a library: a scenario says "byte for byte", sends
//! what no well-behaved library would, and shows what crossed the wire when it fails. WebSocket goes through
//! `tokio-tungstenite`, STOMP frames through the codec of `mock-upstreams`.

mod http;
mod manners;
mod request;
mod response;
mod route;
mod sockjs;
mod stomp;
mod stream;
mod tls;
mod traffic;
pub mod transcript;
mod websocket;

use std::io;
use std::time::Duration;

pub use mock_upstreams::stomp::frame::{Frame, Version};
use thiserror::Error;

pub use http::Connection;
pub use manners::Manners;
pub use request::chunk_of;
pub use request::{Body, Request};
pub use response::{Framing, Response, digest, shown};
pub use route::{Route, Tls};
pub use sockjs::sockjs_path;
pub use stomp::{StompClient, with};
pub use stream::Stream;
pub use tls::Trust;
pub use traffic::{Outcome, Traffic};
pub use websocket::{Handshake, WebSocket, told};

/// How long a client waits for the next thing to happen. Generous: only ever waited out when something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Why a client got no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The socket failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Nothing came for as long as the client waits.
    #[error("nothing came for {} s while waiting for {what}", patience.as_secs())]
    Silence {
        /// What was awaited.
        what: &'static str,
        /// For how long.
        patience: Duration,
    },
    /// TLS could not be agreed upon.
    #[error("{0}")]
    Tls(String),
    /// It was not sent, since others use the system it would have gone to.
    #[error("refused to send this to a live deployment: {0}")]
    Refused(String),
    /// The connection was closed before there was a response.
    #[error("the connection was closed before a response came{0}")]
    Closed(String),
    /// A WebSocket or STOMP session did not go on; how it ended.
    #[error("{0}")]
    Session(String),
    /// The app server answered with `ERROR` over STOMP.
    #[error("{what} did not come: the app server answered with an error:\n{frame}")]
    Answered {
        /// What was awaited.
        what: String,
        /// What came.
        frame: Box<Frame>,
    },
    /// What came is not what the protocol says.
    #[error("what came back is not {protocol}: {reason}")]
    Protocol {
        /// Of which protocol.
        protocol: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ClientError {
    pub(crate) fn not_http(reason: impl Into<String>) -> ClientError {
        ClientError::Protocol { protocol: "HTTP/1.1", reason: reason.into() }
    }
}

/// Waits for `future`, at most so long.
pub async fn patiently<T, E: Into<ClientError>>(
    patience: Duration,
    what: &'static str,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, ClientError> {
    match tokio::time::timeout(patience, future).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(ClientError::Silence { what, patience }),
    }
}
