//! What a person reads, and what other programs do: a line for each rule while a run lasts, failures in full at the end,
//! and reports in files, all from one [model](Report) of the results.

#[macro_use]
mod output;

mod causes;
mod columns;
mod files;
pub mod html;
mod mask;
mod merge;
mod model;
#[cfg(test)]
pub(crate) mod sample;
mod terminal;
mod words;

pub use columns::{padded, width};
pub use files::{Format, Outputs, ReportError, Wanted};
pub use mask::mask;
pub use merge::{MergeError, merge};
pub use model::{
    ConfLine, Evidence, Outline, Record, Report, Shard, StepRecord, StepStatus, TargetResults, Verdict,
};
pub use terminal::{
    FeatureOutline, Progress, Style, print_details, print_failures, print_matrix, print_rows, print_summary,
};
