//! How app servers fail, in nginx's words, and whether another one is asked then.

use std::borrow::Cow;
use std::fmt;
use std::io;

use super::handler::UpstreamFailure;
use crate::log::describe;
use crate::tls::ConnectError;
use crate::upstream::PeerOutcome;
use nginx_conf::model::NextUpstream;

/// Why an attempt failed before any of its response was sent to the client.
#[derive(Debug)]
pub(crate) enum UpstreamError {
    /// `connect()` failed.
    Connect(io::Error),
    /// The same, and at once, to this socket of this machine.
    ConnectTo(String, io::Error),
    /// There is no TLS session.
    Handshake(ConnectError),
    /// The request could not be written by this call.
    Send(&'static str, io::Error),
    /// The response could not be read by this call.
    Receive(&'static str, io::Error),
    /// The server closed the connection before the end of the response's head.
    Closed,
    /// A timeout passed during this action.
    TimedOut(Action),
    /// The response's head is invalid, for this reason.
    InvalidHeader(Cow<'static, str>),
    /// A status that `proxy_next_upstream` lists.
    Status(u16),
}

/// What the proxy was doing when an app server failed: `log->action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Connecting,
    Handshaking,
    SendingRequest,
    ReadingHeader,
    ReadingBody,
    Tunneling,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Connecting => "connecting to upstream",
            Action::Handshaking => "SSL handshaking to upstream",
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
            UpstreamError::ConnectTo(address, error) => {
                write!(f, "connect() to {address} failed ({}) while {}", describe(error), Action::Connecting)
            }
            UpstreamError::Handshake(error) => write!(f, "{error} while {}", Action::Handshaking),
            UpstreamError::Send(call, error) => {
                write!(f, "{call} failed ({}) while {}", describe(error), Action::SendingRequest)
            }
            UpstreamError::Receive(call, error) => {
                write!(f, "{call} failed ({}) while {head}", describe(error))
            }
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
    /// The status for the client if no other server is asked, and for `$upstream_status`.
    pub(crate) fn status(&self) -> u16 {
        match self {
            UpstreamError::TimedOut(_) => 504,
            UpstreamError::Status(status) => *status,
            _ => 502,
        }
    }

    /// The kind of failure that it is.
    pub(super) fn failure(&self) -> UpstreamFailure {
        match self {
            UpstreamError::TimedOut(_) => UpstreamFailure::Timeout,
            UpstreamError::InvalidHeader(_) => UpstreamFailure::InvalidHeader,
            UpstreamError::Status(status) => UpstreamFailure::Status(*status),
            _ => UpstreamFailure::Error,
        }
    }

    /// What the proxy was doing when it happened.
    pub(crate) fn action(&self) -> Action {
        match self {
            UpstreamError::Connect(_) | UpstreamError::ConnectTo(..) => Action::Connecting,
            UpstreamError::Handshake(_) => Action::Handshaking,
            UpstreamError::TimedOut(action) => *action,
            UpstreamError::Send(..) => Action::SendingRequest,
            _ => Action::ReadingHeader,
        }
    }

    /// Whether it counts as a failure of the server.
    pub(crate) fn peer_outcome(&self) -> PeerOutcome {
        if matches!(self, UpstreamError::Status(403 | 404)) { PeerOutcome::Next } else { PeerOutcome::Failed }
    }

    /// Whether it may only mean that the server closed a kept-alive connection at the wrong moment.
    pub(crate) fn is_stale_connection(&self) -> bool {
        matches!(self, UpstreamError::Send(..) | UpstreamError::Receive(..) | UpstreamError::Closed)
    }

    /// Whether `proxy_next_upstream` allows another server. `sent`: this one may have received some of the request.
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

/// Whether `proxy_next_upstream` lists a status.
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

/// Methods that nginx does not send to a second server, unless `non_idempotent` is set.
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
            UpstreamError::Send("writev()", reset()),
            UpstreamError::Receive("recv()", reset()),
            UpstreamError::Closed,
            timed_out,
            UpstreamError::InvalidHeader("nonsense".into()),
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
