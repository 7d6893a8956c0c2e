//! How a step reports that a promise is broken.

use std::fmt;

use hopcheck_browser::BrowserError;
use hopcheck_clients::ClientError;
use hopcheck_targets::conf::OverlayError;
use hopcheck_targets::scene::SceneError;
use hopcheck_targets::target::TargetError;

/// What a step definition returns.
pub type Checked = Result<(), Failure>;

/// Values of more characters than this are not shown in full.
const MAX_SHOWN: usize = 300;

/// What is shown before and after the place where two long values differ.
const CONTEXT: usize = 60;

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

    /// Says that something is not what it should be. Of long values it shows how they begin, and where they differ.
    pub fn unequal(what: &str, expected: &str, actual: &str) -> Failure {
        let longest = expected.chars().count().max(actual.chars().count());
        if longest <= MAX_SHOWN {
            return Failure(format!("{what}\n  expected: {expected}\n       got: {actual}"));
        }
        let same = expected.chars().zip(actual.chars()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| {
            let from = same.saturating_sub(CONTEXT);
            let shown: String = text.chars().skip(from).take(2 * CONTEXT).collect();
            let before = if from > 0 { "…" } else { "" };
            let after = if text.chars().count() > from + 2 * CONTEXT { "…" } else { "" };
            format!("{before}{shown}{after}")
        };
        let beginning: String = actual.chars().take(MAX_SHOWN).collect();
        Failure(format!(
            "{what}\n  they differ from character {same} on, of {} expected and {} that came\n  expected: {}\n       got: {}\n    \
             which begins: {beginning}{}",
            expected.chars().count(),
            actual.chars().count(),
            around(expected),
            around(actual),
            if actual.chars().count() > MAX_SHOWN { "…" } else { "" },
        ))
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

impl From<BrowserError> for Failure {
    /// What a browser fails at says nothing of the site.
    fn from(error: BrowserError) -> Failure {
        Failure::not_asked(error)
    }
}

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
            return Err($crate::failure::Failure::unequal(&what, &format!("{expected:?}"), &format!("{actual:?}")));
        }
    };
}

/// Keeps steps that fail from being printed as panics, for as long as the program lives.
///
/// cucumber makes a panic of every failure, and silences panics while it runs. Of several runs at once, the first to end has them
/// printed again.
pub fn silence_failed_steps() {
    let printed = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let is_step = info.location().is_some_and(|place| place.file().contains("src/steps/"));
        if !is_step {
            printed(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_are_shown_in_full() {
        let failure = Failure::unequal("the body", "\"a\"", "\"b\"").to_string();
        assert_eq!(failure, "the body\n  expected: \"a\"\n       got: \"b\"");
    }

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let (expected, actual) = ("a".repeat(3000), "a".repeat(2000) + "b" + &"a".repeat(999));
        let failure = Failure::unequal("the body", &expected, &actual).to_string();
        assert!(
            failure.contains("differ from character 2000 on, of 3000 expected and 3000 that came"),
            "{failure}"
        );
        assert!(failure.contains(&format!("got: …{}b{}…", "a".repeat(60), "a".repeat(59))), "{failure}");
        assert!(failure.len() < 900, "{}", failure.len());
    }
}
