//! What a person reads: progress while a run lasts, a line for each rule, and failures in full at the end.

mod failures;
mod progress;
mod record;
mod summary;

pub use failures::print_failures;
pub use progress::{Progress, Style};
pub use record::{Record, Recorder, Results, Verdict};
pub use summary::{print_details, print_summary};
