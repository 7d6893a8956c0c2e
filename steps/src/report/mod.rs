//! What a person reads: progress while a run lasts, a line for each rule, and failures in full at the end.

mod failures;
mod progress;
mod record;

pub use failures::print_failures;
pub use progress::{Progress, Style};
pub use record::{Record, Recorder, Results, Verdict};
