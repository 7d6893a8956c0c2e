//! Prints failures and warnings in full, at the end of a run.

use super::super::causes::causes;
use super::super::model::{FailedStep, Record, TargetResults, Verdict};
use super::Style;

/// How many scenarios that fail for the same reason are named.
const MAX_LISTED: usize = 8;

/// Prints every failure of a target, then every warning if asked to: the scenario, what to look at, what was said, the exchange on the wire and what the
/// app servers saw. Scenarios that fail for one and the same reason are told together.
pub fn print_failures(style: Style, results: &TargetResults, with_warnings: bool) {
    for cause in causes(&results.records).iter().filter(|cause| with_warnings || !cause.first.warns()) {
        outln!();
        print_failure(style, &results.name, cause.first, cause.hint);
        if !cause.others.is_empty() {
            let count = style.strong(&cause.others.len().to_string());
            match cause.first.warns() {
                true => outln!("  {count} more for this reason:"),
                false => outln!("  {count} also broken for this reason:"),
            }
        }
        for other in cause.others.iter().take(MAX_LISTED) {
            outln!("    {}  {}", style.quiet(&other.place()), other.name);
        }
        if let Some(more) = cause.others.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
            outln!("    … and {more} more");
        }
    }
}

fn print_failure(style: Style, target: &str, record: &Record, has_hint: bool) {
    let mark = if record.warns() { style.warn("! warning:") } else { style.bad("✗") };
    outln!("{mark} {}  {}", style.strong(&record.name), style.quiet(&format!("({target})")));
    outln!("  {}", style.quiet(&format!("{}  {}", record.place(), record.tag_list())));
    if !record.rule.is_empty() && !record.warns() {
        outln!("  {} {}", style.quiet("rule:"), record.rule);
    }
    match &record.verdict {
        Verdict::Broken(FailedStep { step, message, evidence, .. })
        | Verdict::Warned(FailedStep { step, message, evidence, .. }) => {
            let evidence = evidence.to_string();
            if !record.warns() {
                outln!("  {} {step}", style.quiet("step:"));
            }
            let paint = |line| if record.warns() { style.warn(line) } else { style.bad(line) };
            let message: Vec<String> = message.lines().map(paint).collect();
            outln!("{}", indented(&message.join("\n"), 4));
            if has_hint && !record.hint.is_empty() {
                outln!("  {} {}", style.strong("look at:"), record.hint);
            }
            // A warning is no puzzle: what was said and what to look at are enough, and the HTML report has the rest.
            if !record.warns() && !evidence.trim().is_empty() {
                outln!("{}", indented(evidence.trim_end(), 4));
            }
        }
        Verdict::UnexpectedlyKept { reason } => {
            outln!("    this is listed in known-differences.toml but passes: remove it from the list");
            outln!("    the reason listed is: {reason}");
        }
        Verdict::Kept | Verdict::KnownDifference { .. } | Verdict::NotChecked { .. } => {}
    }
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}", "")).collect::<Vec<_>>().join("\n")
}
