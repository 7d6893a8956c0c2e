//! Why a name has no address.

use std::fmt;

/// Why there is no address, with the numbers of nginx: those of RFC 1035, and `ETIMEDOUT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResolveError {
    Format = 1,
    ServerFailure = 2,
    NotFound = 3,
    Unimplemented = 4,
    Refused = 5,
    TimedOut = 110,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            ResolveError::Format => "Format error",
            ResolveError::ServerFailure => "Server failure",
            ResolveError::NotFound => "Host not found",
            ResolveError::Unimplemented => "Unimplemented",
            ResolveError::Refused => "Operation refused",
            ResolveError::TimedOut => "Operation timed out",
        };
        write!(f, "({}: {words})", *self as u8)
    }
}
