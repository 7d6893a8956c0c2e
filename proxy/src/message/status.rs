//! nginx's internal status codes, which no client sees.

/// `NGX_HTTP_REQUEST_HEADER_TOO_LARGE`: a 400 with a page of its own.
pub(crate) const REQUEST_HEADER_TOO_LARGE: u16 = 494;

/// `NGX_HTTP_TO_HTTPS`, plain HTTP on a TLS port: a 400 with a page of its own.
pub(crate) const HTTP_TO_HTTPS: u16 = 497;

/// `NGX_HTTPS_CERT_ERROR`: a 400 with a page of its own.
pub(crate) const HTTPS_CERT_ERROR: u16 = 495;

/// `NGX_HTTPS_NO_CERT`: a 400 with a page of its own.
pub(crate) const HTTPS_NO_CERT: u16 = 496;

/// RFC 9110 §15.5.20.
pub(crate) const MISDIRECTED_REQUEST: u16 = 421;

/// The status that clients and logs see: 400 for nginx's own codes.
pub(crate) fn client_status(status: u16) -> u16 {
    match status {
        REQUEST_HEADER_TOO_LARGE | HTTPS_CERT_ERROR | HTTPS_NO_CERT | HTTP_TO_HTTPS => 400,
        status => status,
    }
}
