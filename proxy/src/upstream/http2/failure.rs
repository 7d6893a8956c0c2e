//! What app servers get wrong in HTTP/2, in nginx's words.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;

use h2::Reason;

/// Why there is no response, or no end of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Http2Failure(Cow<'static, str>);

impl Http2Failure {
    /// The request has what HTTP/2 forbids (RFC 9113 §8.2.2), such as `Connection`. nginx sends it, and app servers reject it; here
    /// it is not sent.
    pub(super) const MALFORMED: Http2Failure =
        Http2Failure(Cow::Borrowed("upstream rejected request with error 1"));

    /// The response is shorter than it said.
    pub(super) const PREMATURELY_CLOSED: Http2Failure =
        Http2Failure(Cow::Borrowed("upstream prematurely closed stream"));

    /// What h2 says. `first_length`: that of the first frame, if it is one.
    pub(super) fn of(error: &h2::Error, first_length: u32) -> Http2Failure {
        let code = error.reason().map_or(0, u32::from);
        let words = if error.is_remote() && error.is_go_away() {
            format!("upstream sent goaway with error {code}")
        } else if error.is_remote() {
            format!("upstream rejected request with error {code}")
        } else if error.reason() == Some(Reason::FRAME_SIZE_ERROR) {
            format!("upstream sent too large http2 frame: {first_length}")
        } else if error.reason().is_none() {
            return Http2Failure::MALFORMED;
        } else {
            format!("upstream sent invalid http2 frame ({error})")
        };
        Http2Failure(words.into())
    }

    /// The failure that a read of a response came to, if it is one of HTTP/2's.
    pub(crate) fn in_error(error: &io::Error) -> Option<&Http2Failure> {
        error.get_ref()?.downcast_ref()
    }

    /// nginx's words for it.
    pub(crate) fn into_words(self) -> Cow<'static, str> {
        self.0
    }
}

impl fmt::Display for Http2Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Http2Failure {}
