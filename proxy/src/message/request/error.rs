//! What is said of a head that is refused.

/// Why a head is refused: the status, and what nginx writes to the error log at level `info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestError {
    /// What the client is answered; [`REQUEST_HEADER_TOO_LARGE`](crate::message::status::REQUEST_HEADER_TOO_LARGE) stands for a 400 with a page of its own.
    pub(crate) status: u16,
    /// For the error log.
    pub(crate) reason: &'static str,
}

pub(super) const fn bad_request(reason: &'static str) -> RequestError {
    RequestError { status: 400, reason }
}
