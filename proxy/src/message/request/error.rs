//! Errors in the head of a request.

/// Why a request's head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestError {
    /// The status of the response, possibly one of nginx's [internal codes](crate::message::status).
    pub(crate) status: u16,
    /// nginx's message in the error log, at level `info`.
    pub(crate) reason: &'static str,
}

pub(super) const fn bad_request(reason: &'static str) -> RequestError {
    RequestError { status: 400, reason }
}
