//! What is said of a head that is refused.

/// Why a head is refused: the status, and what nginx writes to the error log at level `info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What the client is answered; [`TOO_LARGE`] stands for a 400 with a page of its own.
    pub status: u16,
    /// For the error log.
    pub reason: &'static str,
}

/// nginx's own code for a header that is too large: a 400 whose page says so.
pub const TOO_LARGE: u16 = 494;

/// nginx's own code for a request without TLS where TLS is spoken: likewise.
pub const PLAIN_TO_TLS: u16 = 497;

/// The status that clients and logs see: nginx's own codes are all 400.
pub fn visible(status: u16) -> u16 {
    if matches!(status, TOO_LARGE | PLAIN_TO_TLS) { 400 } else { status }
}

pub(super) const fn bad(reason: &'static str) -> Refusal {
    Refusal { status: 400, reason }
}
