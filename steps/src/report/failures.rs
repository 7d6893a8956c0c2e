//! Failures in full, at the end, where a person looks first.

use std::collections::BTreeMap;

use super::{Record, Style, Verdict};

/// How many scenarios that fail for the same reason are named.
const LISTED: usize = 8;

/// Prints every failure of a target: the scenario, what to look at, what was said, the exchange on the wire and what the
/// app servers saw. Scenarios that fail for one and the same reason are told together.
pub fn print_failures(style: Style, target: &str, results: &[Record]) {
    let mut alike: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    let mut order = Vec::new();
    for record in results.iter().filter(|record| record.fails()) {
        let reason = match &record.verdict {
            Verdict::Broken { message, .. } => message.as_str(),
            _ => record.name.as_str(),
        };
        let group = alike.entry(reason).or_default();
        if group.is_empty() {
            order.push(reason);
        }
        group.push(record);
    }
    for reason in order {
        let Some((first, others)) = alike.get(reason).and_then(|group| group.split_first()) else { continue };
        println!();
        print_failure(style, target, first);
        if !others.is_empty() {
            println!("  {} also broken for this reason:", style.strong(&others.len().to_string()));
        }
        for other in others.iter().take(LISTED) {
            println!("    {}  {}", style.quiet(&other.place), other.name);
        }
        if let Some(more) = others.len().checked_sub(LISTED).filter(|more| *more > 0) {
            println!("    … and {more} more");
        }
    }
}

fn print_failure(style: Style, target: &str, record: &Record) {
    println!("{} {}  {}", style.bad("✗"), style.strong(&record.name), style.quiet(&format!("({target})")));
    println!("  {}", style.quiet(&format!("{}  {}", record.place, tags(record))));
    if !record.rule.is_empty() {
        println!("  {} {}", style.quiet("rule:"), record.rule);
    }
    match &record.verdict {
        Verdict::Broken { step, message, evidence } => {
            println!("  {} {step}", style.quiet("step:"));
            println!("{}", indented(&style_lines(style, message), 4));
            if !record.hint.is_empty() {
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
        Verdict::Kept | Verdict::KnownDifference { .. } => {}
    }
}

fn tags(record: &Record) -> String {
    record.tags.iter().map(|tag| format!("@{tag}")).collect::<Vec<_>>().join(" ")
}

fn style_lines(style: Style, text: &str) -> String {
    text.lines().map(|line| style.bad(line)).collect::<Vec<_>>().join("\n")
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}", "")).collect::<Vec<_>>().join("\n")
}
