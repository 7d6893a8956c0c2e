//! Reports of a run, all made from one [model](Report) of the results.
//!
//! `terminal` prints progress while a run lasts, and then failures, a summary and a comparison of targets. `files` writes
//! reports for other programs: JUnit, Cucumber's JSON, GitHub annotations, and the results themselves, which `merge` joins
//! again. [`html`] is the page for people. `causes` groups failures by their cause, so that one mistake in a configuration
//! is reported once, and [`mask`] removes secrets before anything is printed or written.

#[macro_use]
mod output;

mod add;
mod causes;
mod columns;
mod files;
pub mod html;
mod mask;
mod merge;
mod model;
mod numbers;
#[cfg(test)]
pub(crate) mod sample;
mod site_map;
mod terminal;

pub use causes::broken_by_cause;
pub use columns::{padded, width};
pub use files::{Format, Outputs, ReportError, ReportOption};
pub use mask::{mask, mask_results};
pub use merge::{MergeError, merge};
pub use model::{
    ConfLine, Evidence, FailedStep, Outline, Picture, Record, Report, Shard, StepRecord, StepStatus,
    TargetResults, Verdict,
};
pub use site_map::{ExplainedUrl, MappedRoute, MappedServer, MappedUpstream, SiteMap, Turn};
pub use terminal::{
    FeatureOutline, LACKING, Progress, Style, print_details, print_failures, print_matrix, print_rows,
    print_summary,
};
