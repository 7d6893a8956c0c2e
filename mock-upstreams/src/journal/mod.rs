//! What arrived at an app server, in the order of arrival.

mod exchange;
mod fields;
mod recorder;
mod session;

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use serde::Serialize;

pub use exchange::{Body, Exchange, Framing};
pub use fields::Fields;
pub(crate) use recorder::{Arrival, BodyRecorder, Head, Recorder};
pub use session::{Message, MessageKind, Session, SessionEnd};

/// Everything that arrived at one instance since it was started, or since its journal was cleared.
///
/// A snapshot: once taken by [`AppServer::journal`](crate::AppServer::journal), it does not change.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Journal {
    /// Name of the instance, such as `blue`.
    pub instance: String,
    /// Every request, in order of arrival. A WebSocket is an exchange with a [`Session`].
    pub exchanges: Vec<Exchange>,
    /// Every TCP connection, in order of acceptance.
    pub connections: Vec<Connection>,
}

impl Journal {
    /// Whether no request arrived. Connections alone do not count: a proxy may open one and use it later.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// How many requests arrived.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// The request that arrived last.
    pub fn last(&self) -> Option<&Exchange> {
        self.exchanges.last()
    }

    /// The requests whose target starts with `prefix`, compared byte for byte.
    pub fn to<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.target.starts_with(prefix))
    }

    /// The requests that carry `X-Request-Id: id`. More than one for a single POST is a POST that was repeated.
    pub fn with_request_id<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.headers.get("x-request-id") == Some(id))
    }

    /// Every WebSocket session, open or ended.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.exchanges.iter().filter_map(|exchange| exchange.session.as_ref())
    }

    /// How many WebSocket sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.sessions().filter(|session| session.end.is_none()).count()
    }

    /// How many TCP connections are open.
    pub fn open_connections(&self) -> usize {
        self.connections.iter().filter(|connection| connection.end.is_none()).count()
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "{}: nothing arrived", self.instance);
        }
        self.exchanges.iter().try_for_each(|exchange| write!(f, "{exchange}"))
    }
}

/// A TCP connection that an app server accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Connection {
    /// Numbered from 1 in order of acceptance, per instance.
    pub id: u64,
    /// The other end: the proxy's address and port.
    pub peer: SocketAddr,
    /// When it was accepted.
    #[serde(skip)]
    pub opened: Instant,
    /// How many request heads arrived on it.
    pub requests: u32,
    /// How it ended; `None` while it is open.
    pub end: Option<ConnectionEnd>,
}

/// Who ended a connection, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionEnd {
    /// The peer sent FIN first.
    ClosedByPeer,
    /// The peer sent RST.
    ResetByPeer,
    /// The app server closed it normally.
    ClosedByServer,
    /// The app server was stopped, or a fault ended the connection.
    Killed,
}
