//! What becomes of requests, told step by step as it happens: which server and location take one, what every rule decides,
//! what is sent on, and which line each header of the answer comes from.
//!
//! It is off unless the environment variable [`VARIABLE`] names a file. Then every [`Step`] of every request is a line of
//! JSON in it, with the directive that decided it. Whoever serves a request asks once at each step whether anybody wants
//! to know, and makes nothing up before.

mod log;
mod part;
mod step;
mod written;

pub(crate) use log::{Trace, TraceLog};
pub use log::{TracedStep, VARIABLE, read};
pub use part::{
    Candidate, Directive, Field, HeaderChange, Omission, Outcome, Phase, ServerChoice, WrittenField,
};
pub use step::Step;
pub(crate) use written::Written;

/// Bytes of a request, as text.
pub(crate) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
