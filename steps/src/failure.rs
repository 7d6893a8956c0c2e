//! How a step reports that a promise is broken.

use std::fmt;

use hopcheck_clients::ClientError;
use hopcheck_targets::conf::OverlayError;
use hopcheck_targets::scene::SceneError;
use hopcheck_targets::target::TargetError;

/// What a step definition returns.
pub type Checked = Result<(), Failure>;

/// A broken promise, with a message for the person who has to fix it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// Says what is wrong.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure(message.into())
    }
}

/// The prefix of a failure that does not count: the site does not have what the scenario needs.
const NOT_CHECKED_PREFIX: &str = "not asked: ";

impl Failure {
    /// Says why the scenario cannot be asked of this site after all.
    pub fn not_asked(why: impl fmt::Display) -> Failure {
        Failure(format!("{NOT_CHECKED_PREFIX}{why}"))
    }

    /// Why a scenario was not asked, going by its message.
    pub(crate) fn why_not_asked(message: &str) -> Option<&str> {
        message.strip_prefix(NOT_CHECKED_PREFIX)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! failure_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Failure {
                Failure(error.to_string())
            }
        }
    )*};
}

failure_from!(ClientError, TargetError, OverlayError, SceneError, std::io::Error, regex::Error);

/// Returns a [`Failure`] unless a condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::failure::Failure::new(format!($($message)+)));
        }
    };
}

/// Returns a [`Failure`] that shows both unless two values are equal.
#[macro_export]
macro_rules! ensure_eq {
    ($actual:expr, $expected:expr, $($what:tt)+) => {
        let (actual, expected) = (&$actual, &$expected);
        if *actual != *expected {
            let what = format!($($what)+);
            return Err($crate::failure::Failure::new(format!("{what}\n  expected: {expected:?}\n       got: {actual:?}")));
        }
    };
}
