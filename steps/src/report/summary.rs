//! The end of a run, in a line, and what `-v` adds to it.

use super::{Style, Verdict};
use crate::run::Outcome;

/// How many of the slowest scenarios are named.
const SLOWEST: usize = 10;

/// Prints one line: how many promises are kept.
pub fn print_summary(style: Style, target: &str, outcome: &Outcome) {
    let count = |wanted: fn(&Verdict) -> bool| outcome.results.iter().filter(|r| wanted(&r.verdict)).count();
    let kept = count(|verdict| *verdict == Verdict::Kept);
    let differ = count(|verdict| matches!(verdict, Verdict::KnownDifference { .. }));
    let broken = outcome.results.len() - kept - differ;
    let mut parts = vec![style.good(&format!("{kept} kept"))];
    if broken > 0 {
        parts.push(style.bad(&format!("{broken} broken")));
    }
    if differ > 0 {
        parts.push(format!("{differ} known to differ"));
    }
    let slow = match outcome.slow_left_out {
        0 => String::new(),
        left_out => style.quiet(&format!(" ({left_out} slow ones left out: --slow)")),
    };
    println!(
        "\n{} {} scenario{}: {} in {:.1} s{slow}",
        style.strong(&format!("{target}:")),
        outcome.results.len(),
        if outcome.results.len() == 1 { "" } else { "s" },
        parts.join(", "),
        outcome.took.as_secs_f64(),
    );
}

/// Prints why targets are known to differ, and what took longest.
pub fn print_details(style: Style, outcome: &Outcome) {
    for record in &outcome.results {
        if let Verdict::KnownDifference { reason } = &record.verdict {
            println!("  {} {}: {reason}", style.quiet("known to differ:"), record.name);
        }
    }
    let mut slowest: Vec<_> = outcome.results.iter().collect();
    slowest.sort_by_key(|record| std::cmp::Reverse(record.took));
    for record in slowest.iter().take(SLOWEST) {
        println!("  {:5.1} s  {}  {}", record.took.as_secs_f64(), record.name, style.quiet(&record.place));
    }
}
