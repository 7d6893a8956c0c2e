//! nginx's internal status codes, which no client sees.

/// `NGX_HTTP_REQUEST_HEADER_TOO_LARGE`: a 400 with a page of its own.
pub(crate) const REQUEST_HEADER_TOO_LARGE: u16 = 494;

/// `NGX_HTTP_TO_HTTPS`, plain HTTP on a TLS port: a 400 with a page of its own.
pub(crate) const HTTP_TO_HTTPS: u16 = 497;

/// The status that clients and logs see: 400 for nginx's own codes.
pub(crate) fn client_status(status: u16) -> u16 {
    if matches!(status, REQUEST_HEADER_TOO_LARGE | HTTP_TO_HTTPS) { 400 } else { status }
}
