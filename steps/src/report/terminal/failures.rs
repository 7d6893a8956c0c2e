//! Failures in full, at the end, where a person looks first.

use std::collections::BTreeMap;

use regex::Regex;

use super::super::model::{Record, TargetResults, Verdict};
use super::Style;

/// How many scenarios that fail for the same reason are named.
const LISTED: usize = 8;

/// Prints every failure of a target: the scenario, what to look at, what was said, the exchange on the wire and what the
/// app servers saw. Scenarios that fail for one and the same reason are told together.
pub fn print_failures(style: Style, results: &TargetResults) {
    let mut alike: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    let mut order = Vec::new();
    for record in results.records.iter().filter(|record| record.fails()) {
        let reason = reason(record);
        let group = alike.entry(reason.clone()).or_default();
        if group.is_empty() {
            order.push(reason);
        }
        group.push(record);
    }
    for reason in order {
        let Some(group) = alike.get_mut(&reason) else { continue };
        // Stable: of records that are equally good the first in the specification comes first.
        group.sort_by_key(|record| std::cmp::Reverse(in_common(&record.hint, &reason)));
        let Some((first, others)) = group.split_first() else { continue };
        let to_the_point = in_common(&first.hint, &reason) > 0;
        // A message that quotes a directive itself says what to look at.
        let alone = !reason.contains('`') && others.iter().all(|other| other.hint == first.hint);
        let has_hint = to_the_point || alone;
        println!();
        print_failure(style, &results.name, first, has_hint);
        if !others.is_empty() {
            println!("  {} also broken for this reason:", style.strong(&others.len().to_string()));
        }
        for other in others.iter().take(LISTED) {
            println!("    {}  {}", style.quiet(&other.place()), other.name);
        }
        if let Some(more) = others.len().checked_sub(LISTED).filter(|more| *more > 0) {
            println!("    … and {more} more");
        }
    }
}

/// Why a record fails, in words that are the same for every scenario: each has ports, times and processes of its own.
fn reason(record: &Record) -> String {
    match &record.verdict {
        Verdict::Broken { message, .. } => {
            let own = Regex::new(r"127\.0\.0\.\d:\d+|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|\d+#\d+");
            own.map_or_else(|_| message.clone(), |own| own.replace_all(message, "").into_owned())
        }
        _ => record.name.clone(),
    }
}

/// How many of the directives quoted in `hint` are also in `reason`: of several scenarios that fail for one reason the
/// one that is about it.
fn in_common(hint: &str, reason: &str) -> usize {
    let quoted = hint.split('`').skip(1).step_by(2);
    quoted.filter(|quoted| quoted.contains(' ') && reason.contains(quoted)).count()
}

fn print_failure(style: Style, target: &str, record: &Record, has_hint: bool) {
    println!("{} {}  {}", style.bad("✗"), style.strong(&record.name), style.quiet(&format!("({target})")));
    println!("  {}", style.quiet(&format!("{}  {}", record.place(), record.tag_list())));
    if !record.rule.is_empty() {
        println!("  {} {}", style.quiet("rule:"), record.rule);
    }
    match &record.verdict {
        Verdict::Broken { step, message, evidence, .. } => {
            let evidence = evidence.to_string();
            println!("  {} {step}", style.quiet("step:"));
            println!("{}", indented(&style_lines(style, message), 4));
            if has_hint && !record.hint.is_empty() {
                println!("  {} {}", style.strong("look at:"), record.hint);
            }
            if !evidence.trim().is_empty() {
                println!("{}", indented(evidence.trim_end(), 4));
            }
        }
        Verdict::UnexpectedlyKept { reason } => {
            println!("    this is listed in known-differences.toml and yet it passes: take it off the list");
            println!("    the reason listed is: {reason}");
        }
        Verdict::Kept | Verdict::KnownDifference { .. } | Verdict::NotChecked { .. } => {}
    }
}

fn style_lines(style: Style, text: &str) -> String {
    text.lines().map(|line| style.bad(line)).collect::<Vec<_>>().join("\n")
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}", "")).collect::<Vec<_>>().join("\n")
}
