//! What the phases come to.

use crate::message::Response;
use nginx_conf::model::LocationId;

/// What is to be done to answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Ask an app server: the `proxy_pass` of the settings in force.
    Proxy,
    /// Send this.
    Response(Response),
    /// Send the page of this status.
    Error(u16),
    /// Close without a word; the status is for the log.
    Close(u16),
}

/// Where the phases go on.
pub(super) enum NextPhase {
    /// With a location's rewrite phase.
    Location(LocationId),
    /// From the beginning, with another URI.
    Server,
    /// Nowhere.
    Done(Answer),
}
