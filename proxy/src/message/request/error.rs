//! Errors in the head of a request.

/// Why a request's head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestError {
    /// The status of the response, possibly one of nginx's [internal codes](crate::message::status).
    pub(crate) status: u16,
    /// nginx's message in the error log, at level `info`.
    pub(crate) reason: &'static str,
}

/// A request line that is none.
pub(crate) const INVALID_REQUEST: RequestError = bad_request("client sent invalid request");

/// A CONNECT, which is not for a reverse proxy.
pub(crate) const CONNECT: RequestError = RequestError { status: 405, reason: "client sent CONNECT method" };

pub(super) const fn bad_request(reason: &'static str) -> RequestError {
    RequestError { status: 400, reason }
}
