//! The outcome of the phases.

use std::time::Duration;

use crate::message::Response;
use nginx_conf::model::LocationId;

/// How a request is answered.
#[derive(Debug)]
pub(crate) enum Answer {
    /// By an app server: the `proxy_pass` of the current settings.
    Proxy,
    /// With this response.
    Response(Response),
    /// With what [`resume`](super::resume) says after this time.
    Delayed(Duration),
    /// With what [`authorized`](super::authorized) says, once it was asked whether the client is let in.
    Authorize,
    /// With what [`after_mirror`](super::after_mirror) says, once the copies of `mirror` are on their way.
    Mirror,
    /// With the page of this status.
    Error(u16),
    /// The same after this time.
    DelayedError(u16, Duration),
    /// Not at all: the connection is closed. The status is for the log.
    Close(u16),
}

/// Where the phases continue.
pub(super) enum NextPhase {
    /// The rewrite phase of a location.
    Location(LocationId),
    /// The server rewrite phase, after a redirect to another URI.
    Server,
    /// Nowhere: it is known how to answer.
    Done(Answer),
}
