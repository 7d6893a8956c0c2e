use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Fields, Session};

/// A request as it arrived at an app server, and how it was answered.
///
/// Its `Display` is the request as it went over the wire, for the report of a failure.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// Numbered from 1 in order of arrival, per instance; clearing the journal does not reset it.
    pub sequence: u64,
    /// Name of the instance that it arrived at.
    pub instance: String,
    /// When its head was complete.
    #[serde(skip)]
    pub at: Instant,
    /// The same, as time since the instance was first started.
    pub after: Duration,
    /// [`Connection::id`](super::Connection::id) of the connection that it came on.
    pub connection: u64,
    /// Which request on that connection it is, from 1.
    pub request: u32,
    /// Method, in the case it was sent in.
    pub method: String,
    /// Request target, byte for byte.
    pub target: String,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`. Over HTTP/2, `:authority` stands among the fields as `Host`.
    pub version: String,
    /// Header fields, in wire order.
    pub headers: Fields,
    /// The body so far.
    pub body: Body,
    /// The status of the response, once there is one.
    pub status: Option<u16>,
    /// The fault that the request ran into, by name.
    pub fault: Option<String>,
    /// The WebSocket session that it opened.
    pub session: Option<Session>,
}

impl Exchange {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The target after its first `?`.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Whether it is complete: answered, its body received, its session ended.
    pub fn is_over(&self) -> bool {
        self.status.is_some()
            && self.body.complete
            && self.session.as_ref().is_none_or(|session| session.end.is_some())
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "# {} saw this, request {} of connection {}",
            self.instance, self.request, self.connection
        )?;
        if let Some(status) = self.status {
            write!(f, ", and answered {status}")?;
        }
        if let Some(fault) = &self.fault {
            write!(f, " (fault: {fault})")?;
        }
        writeln!(f, "\n{} {} {}\n{}", self.method, self.target, self.version, self.headers)?;
        if self.body.length > 0 || self.body.framing != Framing::None {
            write!(f, "{}", self.body)?;
        }
        match &self.session {
            Some(session) => write!(f, "{session}"),
            None => Ok(()),
        }
    }
}

/// The body of a request, as far as it arrived.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Body {
    /// How the head says that the body is delimited.
    pub framing: Framing,
    /// How many bytes arrived, without chunk framing.
    pub length: u64,
    /// Whether all of it arrived, including trailers.
    pub complete: bool,
    /// SHA-256 of the complete body, in lower-case hexadecimal; empty until it is complete.
    pub digest: String,
    /// What arrived, if it is UTF-8 and no longer than 16 KiB.
    pub text: Option<String>,
    /// Trailer fields of a chunked body.
    pub trailers: Fields,
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => writeln!(f, "{text}")?,
            None => writeln!(f, "({} bytes, sha256 {})", self.length, self.digest)?,
        }
        if !self.complete {
            writeln!(f, "(and no more of the body came)")?;
        }
        write!(f, "{}", self.trailers)
    }
}

/// How a request body is delimited (RFC 9112 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Neither `Content-Length` nor `Transfer-Encoding`: there is no body.
    #[default]
    None,
    /// `Content-Length`, in bytes.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More would bury the rest of a report.
        const MAX_MESSAGES_SHOWN: usize = 10;
        for message in self.received.iter().take(MAX_MESSAGES_SHOWN) {
            match &message.text {
                Some(text) => writeln!(f, "-> {:?} {text:?}", message.kind)?,
                None => writeln!(f, "-> {:?} of {} bytes", message.kind, message.length)?,
            }
        }
        if self.received.len() > MAX_MESSAGES_SHOWN {
            writeln!(f, "-> and {} more", self.received.len() - MAX_MESSAGES_SHOWN)?;
        }
        match &self.end {
            Some(end) => writeln!(f, "-> {end:?}, after {} messages to the client", self.sent),
            None => writeln!(f, "-> still open, {} messages went to the client", self.sent),
        }
    }
}
