//! Broken promises and warnings: each with what to look at, the lines of the configuration, the exchange and what the app server saw.

use maud::{Markup, html};

use super::super::causes::{Cause, causes};
use super::super::model::{
    ConfLine, FailedStep, Record, Report, StepRecord, StepStatus, TargetResults, Verdict,
};

/// So many scenarios of one cause are listed at once; more when asked to.
const MAX_LISTED: usize = 3;

/// Every broken promise, by target and cause.
pub(super) fn broken(report: &Report) -> Markup {
    section(report, "broken", "Broken promises", Record::fails)
}

/// Every warning, by target and cause.
pub(super) fn warnings(report: &Report) -> Markup {
    section(report, "warnings", "Warnings", Record::warns)
}

fn section(report: &Report, id: &str, title: &str, wanted: fn(&Record) -> bool) -> Markup {
    if !report.targets.iter().any(|target| target.records.iter().any(wanted)) {
        return html! {};
    }
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            @for (nth, target) in report.targets.iter().enumerate() {
                @for cause in causes(&target.records).iter().filter(|cause| wanted(cause.first)) {
                    (of_cause(nth, target, cause))
                }
            }
        }
    }
}

fn of_cause(nth: usize, target: &TargetResults, cause: &Cause<'_>) -> Markup {
    let id = |record: &Record| {
        let index = target.records.iter().position(|other| std::ptr::eq(other, record)).unwrap_or_default();
        format!("f{nth}-{index}")
    };
    let (class, mark, also) = match cause.first.warns() {
        true => ("warn", "! ", " more for this reason"),
        false => ("bad", "✗ ", " also broken for this reason"),
    };
    html! {
        article.panel.failure.warning[cause.first.warns()] {
            div id=(id(cause.first)) {
                h3 {
                    span class=(class) aria-hidden="true" { (mark) } (cause.first.name)
                    span.badge { (target.name) }
                }
                (failure(cause.first))
            }
            @if !cause.others.is_empty() {
                details.others open[cause.others.len() <= MAX_LISTED] {
                    summary { (cause.others.len()) (also) }
                    @for other in &cause.others {
                        details.other id=(id(other)) {
                            summary { (other.name) " " span.quiet.small { (other.place()) } }
                            (failure(other))
                        }
                    }
                }
            }
        }
    }
}

fn failure(record: &Record) -> Markup {
    html! {
        p.quiet.small { (record.place()) " " (record.tag_list()) }
        @if !record.rule.is_empty() { p.small { span.quiet { "Rule: " } (record.rule) } }
        @match &record.verdict {
            Verdict::Broken(FailedStep { message, evidence, configuration, .. })
            | Verdict::Warned(FailedStep { message, evidence, configuration, .. }) => {
                pre.message { (message) }
                @if !record.hint.is_empty() {
                    p.hint { b { "Look at: " } (prose(&record.hint)) }
                }
                @if !configuration.is_empty() { (lines(configuration)) }
                h4 { "The scenario" }
                ol.steps { @for step in &record.steps { (one_step(step)) } }
                @if !evidence.exchange.trim().is_empty() {
                    h4 { "Over the wire" }
                    (wire(&evidence.exchange))
                }
                @if !evidence.app_servers.trim().is_empty() {
                    h4 { "What the app servers saw" }
                    pre { (evidence.app_servers.trim_end()) }
                }
                @if !evidence.error_log.is_empty() {
                    h4 { "The error log" }
                    pre { (evidence.error_log) }
                }
            }
            Verdict::UnexpectedlyKept { reason } => {
                p { "This is listed in " code { "known-differences.toml" } " but passes: remove it from the list." }
                p.quiet { "The reason listed is: " (prose(reason)) }
            }
            Verdict::Kept | Verdict::KnownDifference { .. } | Verdict::NotChecked { .. } => {}
        }
    }
}

fn one_step(step: &StepRecord) -> Markup {
    let (class, mark, words) = match step.status {
        StepStatus::Passed => ("good", "✓", "passed: "),
        StepStatus::Failed => ("bad", "✗", "failed: "),
        StepStatus::Skipped => ("quiet", "–", "not reached: "),
    };
    html! {
        li class=(class) {
            span.mark aria-hidden="true" { (mark) } span.unseen { (words) }
            " " span.step { b { (step.keyword) } " " (step.text) }
            @if let Some(text) = &step.doc_string { pre { (text) } }
            @if !step.table.is_empty() {
                table.rows {
                    @for row in &step.table { tr { @for value in row { td { (value) } } } }
                }
            }
        }
    }
}

fn lines(lines: &[ConfLine]) -> Markup {
    let mut files: Vec<&str> = lines.iter().map(|line| line.file.as_str()).collect();
    files.dedup();
    // Tabs or spaces, all of them are a byte each.
    let indent = |line: &ConfLine| line.text.len() - line.text.trim_start().len();
    let margin = lines.iter().map(indent).min().unwrap_or(0);
    html! {
        @for file in files {
            h4 { "In " (file) }
            pre.conf {
                @for line in lines.iter().filter(|line| line.file == file) {
                    span { span.number { (line.number) } (line.text.get(margin..).unwrap_or(&line.text)) }
                }
            }
        }
    }
}

/// What crossed the wire: what the client sent and what it got are told apart by `>` and `<`.
fn wire(exchange: &str) -> Markup {
    html! {
        pre {
            @for line in exchange.trim_end().lines() {
                @if line.starts_with("  >") || line.starts_with("  <") {
                    (line) "\n"
                } @else {
                    b { (line) } "\n"
                }
            }
        }
    }
}

/// Prose in which backquotes set off what stands in a configuration.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (nth, part) in text.split('`').enumerate() {
            @if nth % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
