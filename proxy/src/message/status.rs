//! nginx's own status codes, which no client sees.

/// nginx's own code for a header that is too large: a 400 whose page says so.
pub(crate) const REQUEST_HEADER_TOO_LARGE: u16 = 494;

/// nginx's own code for a request without TLS where TLS is spoken: likewise.
pub(crate) const HTTP_TO_HTTPS: u16 = 497;

/// The status that clients and logs see: nginx's own codes are all 400.
pub(crate) fn client_status(status: u16) -> u16 {
    if matches!(status, REQUEST_HEADER_TOO_LARGE | HTTP_TO_HTTPS) { 400 } else { status }
}
