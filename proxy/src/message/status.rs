//! nginx's own status codes, which no client sees.

/// nginx's own code for a header that is too large: a 400 whose page says so.
pub(crate) const TOO_LARGE: u16 = 494;

/// nginx's own code for a request without TLS where TLS is spoken: likewise.
pub(crate) const PLAIN_TO_TLS: u16 = 497;

/// The status that clients and logs see: nginx's own codes are all 400.
pub(crate) fn visible(status: u16) -> u16 {
    if matches!(status, TOO_LARGE | PLAIN_TO_TLS) { 400 } else { status }
}
