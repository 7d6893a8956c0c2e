//! Reports in files, for people and for other programs.

mod cucumber;
mod github;
mod junit;
mod outputs;

pub use outputs::{Format, Outputs, ReportError, ReportOption};

use std::fmt::Write as _;

use super::model::{FailedStep, Record, Verdict};

/// The message for a known difference that no longer exists.
const OUT_OF_DATE: &str = "this is listed in known-differences.toml but passes: remove it from the list";

/// A failure in full, as plain text.
fn plain_text(record: &Record) -> String {
    let mut out = format!("{}  {}\n", record.place(), record.tag_list());
    if !record.rule.is_empty() {
        let _ = writeln!(out, "rule: {}", record.rule);
    }
    match &record.verdict {
        Verdict::Broken(FailedStep { step, message, evidence, configuration, .. })
        | Verdict::Warned(FailedStep { step, message, evidence, configuration, .. }) => {
            let _ = writeln!(out, "step: {step}\n{message}\nlook at: {}\n", record.hint);
            for line in configuration {
                let _ = writeln!(out, "{}:{}: {}", line.file, line.number, line.text);
            }
            let _ = write!(out, "{evidence}");
        }
        Verdict::UnexpectedlyKept { reason } => {
            let _ = write!(out, "{OUT_OF_DATE}\nthe reason listed is: {reason}");
        }
        Verdict::Kept | Verdict::KnownDifference { .. } | Verdict::NotChecked { .. } => {}
    }
    out
}
