//! What goes wrong with an app server, in nginx's words, and whether another one is asked then.

use std::fmt;
use std::io;

use crate::log::describe;
use crate::upstream::PeerOutcome;
use nginx_conf::model::NextUpstream;

/// How an attempt failed before anything of its response had been passed on.
#[derive(Debug)]
pub(crate) enum UpstreamError {
    /// No connection came about.
    Connect(io::Error),
    /// The request could not be written.
    Send(io::Error),
    /// The response could not be read.
    Receive(io::Error),
    /// The connection ended before the response's head did.
    Closed,
    /// Nothing happened for too long, while doing what the phase says.
    TimedOut(Action),
    /// The response's head cannot be trusted; the text says why.
    InvalidHeader(&'static str),
    /// A status upon which `proxy_next_upstream` asks another server.
    Status(u16),
}

/// What was being done with an app server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Connecting,
    SendingRequest,
    ReadingHeader,
    ReadingBody,
    Tunneling,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Connecting => "connecting to upstream",
            Action::SendingRequest => "sending request to upstream",
            Action::ReadingHeader => "reading response header from upstream",
            Action::ReadingBody => "reading upstream",
            Action::Tunneling => "proxying upgraded connection",
        })
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = Action::ReadingHeader;
        match self {
            UpstreamError::Connect(error) => {
                write!(f, "connect() failed ({}) while {}", describe(error), Action::Connecting)
            }
            UpstreamError::Send(error) => {
                write!(f, "writev() failed ({}) while {}", describe(error), Action::SendingRequest)
            }
            UpstreamError::Receive(error) => write!(f, "recv() failed ({}) while {head}", describe(error)),
            UpstreamError::Closed => write!(f, "upstream prematurely closed connection while {head}"),
            UpstreamError::TimedOut(action) => {
                write!(f, "upstream timed out (110: Connection timed out) while {action}")
            }
            UpstreamError::InvalidHeader(reason) => write!(f, "{reason} while {head}"),
            UpstreamError::Status(status) => write!(f, "upstream answered {status}"),
        }
    }
}

impl UpstreamError {
    /// What the client is answered if no other server is asked, and what the attempt counts as in logs.
    pub(crate) fn status(&self) -> u16 {
        match self {
            UpstreamError::TimedOut(_) => 504,
            UpstreamError::Status(status) => *status,
            _ => 502,
        }
    }

    /// What was being done when it happened.
    pub(crate) fn action(&self) -> Action {
        match self {
            UpstreamError::Connect(_) => Action::Connecting,
            UpstreamError::TimedOut(action) => *action,
            UpstreamError::Send(_) => Action::SendingRequest,
            _ => Action::ReadingHeader,
        }
    }

    /// Whether the server is to blame.
    pub(crate) fn peer_outcome(&self) -> PeerOutcome {
        if matches!(self, UpstreamError::Status(403 | 404)) { PeerOutcome::Next } else { PeerOutcome::Failed }
    }

    /// Whether a connection that was kept alive may simply have been closed at the wrong moment.
    pub(crate) fn is_stale_connection(&self) -> bool {
        matches!(self, UpstreamError::Send(_) | UpstreamError::Receive(_) | UpstreamError::Closed)
    }

    /// Whether `proxy_next_upstream` asks another server. `sent`: something of the request may have reached this one.
    pub(crate) fn allows_next(&self, on: &NextUpstream, method: &[u8], sent: bool) -> bool {
        let listed = match self {
            UpstreamError::TimedOut(_) => on.timeout,
            UpstreamError::InvalidHeader(_) => on.invalid_header,
            UpstreamError::Status(status) => is_next_status(on, *status),
            _ => on.error,
        };
        listed && (!sent || on.non_idempotent || !is_non_idempotent(method))
    }
}

/// Whether a response of this status is a reason to ask another server.
pub(crate) fn is_next_status(on: &NextUpstream, status: u16) -> bool {
    match status {
        500 => on.http_500,
        502 => on.http_502,
        503 => on.http_503,
        504 => on.http_504,
        403 => on.http_403,
        404 => on.http_404,
        429 => on.http_429,
        _ => false,
    }
}

/// nginx's list: what is never sent a second time once it was sent.
pub(crate) fn is_non_idempotent(method: &[u8]) -> bool {
    matches!(method, b"POST" | b"LOCK" | b"PATCH")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures() -> [UpstreamError; 6] {
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let timed_out = UpstreamError::TimedOut(Action::ReadingHeader);
        [
            UpstreamError::Connect(reset()),
            UpstreamError::Send(reset()),
            UpstreamError::Receive(reset()),
            UpstreamError::Closed,
            timed_out,
            UpstreamError::InvalidHeader("nonsense"),
        ]
    }

    #[test]
    fn each_failure_moves_on_by_the_word_for_it() {
        let on = |error, timeout, invalid_header| NextUpstream {
            error,
            timeout,
            invalid_header,
            ..NextUpstream::default()
        };
        for (on, expected) in [
            (on(true, false, false), [true, true, true, true, false, false]),
            (on(false, true, false), [false, false, false, false, true, false]),
            (on(false, false, true), [false, false, false, false, false, true]),
        ] {
            assert_eq!(failures().map(|failure| failure.allows_next(&on, b"GET", true)), expected);
            assert!(failures().iter().all(|failure| !failure.allows_next(&on, b"POST", true)));
        }
    }

    #[test]
    fn only_what_a_connection_s_end_can_cause_is_put_down_to_it() {
        let stale = failures().map(|failure| failure.is_stale_connection());
        assert_eq!(stale, [false, true, true, true, false, false]);
    }

    #[test]
    fn each_failure_has_its_status() {
        assert_eq!(failures().map(|failure| failure.status()), [502, 502, 502, 502, 504, 502]);
        assert_eq!(UpstreamError::Status(503).status(), 503);
    }

    #[test]
    fn each_failure_says_what_was_being_done() {
        use Action::{Connecting, ReadingHeader, SendingRequest};
        let action = failures().map(|failure| failure.action());
        assert_eq!(
            action,
            [Connecting, SendingRequest, ReadingHeader, ReadingHeader, ReadingHeader, ReadingHeader]
        );
        assert_eq!(UpstreamError::TimedOut(SendingRequest).action(), SendingRequest);
    }
}
