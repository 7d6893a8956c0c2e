//! Faults: ways for an app server to fail on demand.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// A way to fail. Every fault but [`Fault::RefuseConnections`] first lets the request arrive, body and all,
/// so that the journal shows it.
///
/// A fault applies to every request until [`AppServer::heal`](crate::AppServer::heal); [`Fault::on`] and
/// [`Fault::times`] limit it.
///
/// ```
/// # use mock_upstreams::Fault;
/// let _every = Fault::Hang;
/// let _two = Fault::CloseBeforeResponse.on("/api/items").times(2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Refuses new connections; the open ones go on. Cannot be limited.
    RefuseConnections,
    /// Never answers.
    Hang,
    /// Sends the head of a response that has a body of one byte, and never the body.
    HangAfterHead,
    /// Sends RST in place of a response.
    ResetBeforeResponse,
    /// Sends FIN in place of a response.
    CloseBeforeResponse,
    /// Refuses the request as a server does that shuts down: over HTTP/2 by resetting its stream (`REFUSED_STREAM`, RFC 9113 §8.7),
    /// over HTTP/1.1 by FIN in place of a response.
    RefuseRequests,
    /// Sends RST in the middle of the head's second line.
    ResetMidHead,
    /// Promises 64 KiB more than the `after` bytes that it sends, then sends RST. Much more than what socket buffers take
    /// (some 64 KiB) may be cut short by the RST itself.
    ResetMidBody {
        /// Bytes of the body before the RST.
        after: usize,
    },
    /// Promises 64 KiB more than the `after` bytes that it sends, then sends FIN.
    CloseMidBody {
        /// Bytes of the body before the FIN.
        after: usize,
    },
    /// The same with `Transfer-Encoding: chunked`: the last chunk never comes.
    CloseMidChunks {
        /// Bytes of the body before the FIN.
        after: usize,
    },
    /// Sends `extra` bytes more than `Content-Length: 5` promises, then FIN.
    TooLongBody {
        /// Bytes past the end.
        extra: usize,
    },
    /// Sends the head of a response with `bytes` bytes at once, then a byte per [`AppServer::release`](crate::AppServer::release).
    SlowBody {
        /// Length of the whole body.
        bytes: usize,
    },
    /// Answers with this in place of the app's response.
    Status {
        /// Any status from 200 to 999.
        status: u16,
        /// Header fields, in order.
        headers: Vec<(String, String)>,
        /// Body; left out for a 204 or 304.
        body: Bytes,
    },
    /// Answers 302, with a `Location` made of the host and prefix that the request says it was asked by (`X-Forwarded-Host` or
    /// `Host`, `X-Forwarded-Prefix`) and of its path, the last part of which becomes this name.
    RedirectToItself {
        /// The last part of the path.
        name: String,
    },
    /// Lets the app answer, and adds these fields to its response.
    ExtraHeaders(Vec<(String, String)>),
    /// Sends these bytes, whatever they are, then FIN.
    GarbageResponse(Bytes),
    /// Closes WebSockets without a close frame: at once those that are open, however many, and others as soon as they are.
    DropSockets,
}

impl Fault {
    /// [`Fault::Status`] with a short text of its own.
    pub fn status(status: u16) -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/plain".to_owned())];
        Self::Status { status, headers, body: Bytes::from(format!("injected {status}\n")) }
    }

    /// Applies only to requests whose target starts with `prefix`.
    pub fn on(self, prefix: &str) -> Injection {
        Injection::from(self).on(prefix)
    }

    /// Applies only to the next `times` requests that match.
    pub fn times(self, times: usize) -> Injection {
        Injection::from(self).times(times)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RefuseConnections => f.write_str("refuse connections"),
            Self::Hang => f.write_str("hang"),
            Self::HangAfterHead => f.write_str("hang after the head"),
            Self::ResetBeforeResponse => f.write_str("reset before the response"),
            Self::CloseBeforeResponse => f.write_str("close before the response"),
            Self::ResetMidHead => f.write_str("reset in the middle of the head"),
            Self::RefuseRequests => f.write_str("refuse requests"),
            Self::ResetMidBody { after } => write!(f, "reset after {after} bytes of the body"),
            Self::CloseMidBody { after } => write!(f, "close after {after} bytes of the body"),
            Self::CloseMidChunks { after } => write!(f, "close after {after} bytes of the chunked body"),
            Self::TooLongBody { extra } => write!(f, "{extra} bytes past the end of the body"),
            Self::SlowBody { bytes } => write!(f, "slow body of {bytes} bytes"),
            Self::Status { status, .. } => write!(f, "status {status}"),
            Self::RedirectToItself { name } => write!(f, "redirect to {name} on itself"),
            Self::ExtraHeaders(headers) => write!(f, "{} extra headers", headers.len()),
            Self::GarbageResponse(bytes) => write!(f, "garbage of {} bytes", bytes.len()),
            Self::DropSockets => f.write_str("drop sockets"),
        }
    }
}

/// A [`Fault`], and what it is limited to.
#[derive(Clone, Debug)]
pub struct Injection {
    fault: Fault,
    prefix: String,
    times: Option<usize>,
}

impl Injection {
    /// Applies only to requests whose target starts with `prefix`.
    pub fn on(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Applies only to the next `times` requests that match.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    pub(crate) fn fault(&self) -> &Fault {
        &self.fault
    }

    pub(crate) fn applies_to(&self, target: &str) -> bool {
        target.starts_with(&self.prefix)
    }

    /// Counts a use; whether it still applies.
    fn use_once(&mut self) -> bool {
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(times) => {
                *times -= 1;
                true
            }
        }
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self { fault, prefix: String::new(), times: None }
    }
}

/// The active faults of one instance.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Injection>>);

impl Faults {
    pub(crate) fn add(&self, injection: Injection) {
        self.lock().push(injection);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn refuse_connections(&self) -> bool {
        self.lock().iter().any(|injection| injection.fault == Fault::RefuseConnections)
    }

    /// The fault that a request for `target` runs into.
    pub(crate) fn take(&self, target: &str) -> Option<Fault> {
        self.first(target, |fault| !matches!(fault, Fault::RefuseConnections | Fault::DropSockets))
    }

    /// Whether a WebSocket that was opened at `target` is to be dropped.
    pub(crate) fn drop_socket(&self, target: &str) -> bool {
        self.first(target, |fault| *fault == Fault::DropSockets).is_some()
    }

    fn first(&self, target: &str, kind: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut active = self.lock();
        let mut meant = active.iter_mut().filter(|each| kind(&each.fault) && each.applies_to(target));
        meant.find_map(|each| each.use_once().then(|| each.fault.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Injection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
