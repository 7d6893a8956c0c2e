//! How the program ends.

use std::process::ExitCode;

/// Exit code: every promise is kept.
pub(super) const EXIT_KEPT: u8 = 0;
/// Exit code: a promise is broken.
pub(super) const EXIT_BROKEN: u8 = 1;
/// Exit code: could not run.
pub(super) const EXIT_COULD_NOT_RUN: u8 = 2;

/// Why a command could not run, for its user.
pub(crate) type Error = Box<dyn std::error::Error>;

/// Says why a command could not run.
pub(crate) fn could_not_run(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("hopcheck: {error}");
    ExitCode::from(EXIT_COULD_NOT_RUN)
}
