//! The end of a run, in a line or two, and what `-v` adds to it.

use std::fmt::Write as _;

use super::super::model::{Record, Report, TargetResults, Verdict};
use super::super::numbers::counted;
use super::Style;
use super::progress::not_checked;
use crate::columns::wrapped;
use hopcheck_site::profile::lines_to_add;

/// How reasons begin that a site has no such route as a scenario speaks of.
pub const LACKING: &str = "the site has no ";

/// How long lines with such reasons may become.
const MAX_SUMMARY_COLUMNS: usize = 110;

/// How many of the slowest scenarios are named.
const MAX_SLOWEST: usize = 10;

/// Prints how many promises are kept, and what could not be checked.
pub fn print_summary(style: Style, results: &TargetResults) {
    out!("\n{}", summary(style, results));
}

fn summary(style: Style, results: &TargetResults) -> String {
    let kept = results.count(|record| record.verdict == Verdict::Kept);
    let late = results.count(Record::kept_late);
    let broken = results.count(Record::fails);
    let differ = results.count(|record| matches!(record.verdict, Verdict::KnownDifference { .. }));
    let warnings = results.count(Record::warns);
    let total = results.records.len();
    let unchecked = total - kept - broken - warnings - differ;
    let mut parts = vec![style.good(&format!("{kept} kept"))];
    if late > 0 {
        parts.push(format!("{late} of them only on retry"));
    }
    if broken > 0 {
        parts.push(style.bad(&format!("{broken} broken")));
    }
    if warnings > 0 {
        parts.push(style.warn(&counted(warnings, "warning")));
    }
    if differ > 0 {
        parts.push(format!("{differ} known to differ"));
    }
    if unchecked > 0 {
        parts.push(format!("{unchecked} not checked"));
    }
    let mut out = format!(
        "{} {}: {} in {:.1} s{}\n",
        style.strong(&format!("{}:", results.name)),
        counted(total, "scenario"),
        parts.join(", "),
        results.took.as_secs_f64(),
        style.quiet(&left_out(results)),
    );
    if unchecked > 0 {
        let records: Vec<&Record> = results.records.iter().collect();
        let reasons = not_checked(&records);
        let (lacking, others): (Vec<_>, Vec<_>) =
            reasons.iter().partition(|(reason, _)| style.brief && reason.starts_with(LACKING));
        if !lacking.is_empty() {
            let lacking = lacking.iter().map(|(reason, _)| reason.trim_start_matches(LACKING));
            let lacking =
                format!("not checked, as the site has none: {}", lacking.collect::<Vec<_>>().join("; "));
            out.push_str(&style.quiet(&wrapped(&lacking, MAX_SUMMARY_COLUMNS, "  ")));
        }
        if !style.brief {
            let checked = counted(total - unchecked, "promise");
            let _ = writeln!(out, "  checked {checked}; {unchecked} could not be checked:");
        }
        for (reason, count) in others {
            let _ = match style.brief {
                true => writeln!(out, "{}", style.quiet(&format!("  {count} not checked: {reason}"))),
                false => writeln!(out, "  {count:5}  {reason}"),
            };
        }
        let lines = lines_to_add(reasons.iter().map(|(reason, _)| *reason));
        if !lines.is_empty() && !style.brief {
            let _ =
                writeln!(out, "  to have them checked, add to hopcheck.toml, with your site's own values:\n");
            for line in lines.lines() {
                let _ = writeln!(out, "{}", format!("    {line}").trim_end());
            }
        }
    }
    if let Some(unfinished) = &results.unfinished {
        let _ = writeln!(out, "  {} {unfinished}", style.bad("not finished:"));
    }
    out
}

fn left_out(results: &TargetResults) -> String {
    let shard = results.shard.map(|shard| format!("shard {shard}"));
    let order = results.shuffle.map(|seed| format!("in random order: --shuffle {seed}"));
    let slow =
        (results.slow_left_out > 0).then(|| format!("{} slow ones left out: --slow", results.slow_left_out));
    let others = (results.of_the_document > 0)
        .then(|| format!("{} about the document's own site left out", results.of_the_document));
    let notes: Vec<String> = shard.into_iter().chain(order).chain(slow).chain(others).collect();
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
}

/// Prints a row for each configuration that was run.
pub fn print_rows(style: Style, report: &Report) {
    outln!();
    for results in &report.targets {
        let broken = results.count(Record::fails);
        let (mark, what) = match (&results.unfinished, broken) {
            (Some(why), _) => (style.bad("–"), why.clone()),
            (None, 0) => {
                let kept = format!("{} kept", results.count(|record| record.verdict == Verdict::Kept));
                match results.count(Record::warns) {
                    0 => (style.good("✓"), kept),
                    warnings => (style.warn("!"), format!("{kept}, {}", counted(warnings, "warning"))),
                }
            }
            (None, _) => (style.bad("✗"), style.bad(&format!("{broken} broken"))),
        };
        outln!("{mark} {}: {what}", results.name);
    }
}

/// Prints why targets are known to differ, and what took longest.
pub fn print_details(style: Style, results: &TargetResults) {
    for record in &results.records {
        if let Verdict::KnownDifference { reason } = &record.verdict {
            outln!("  {} {}: {reason}", style.quiet("known to differ:"), record.name);
        }
    }
    let mut slowest: Vec<_> = results.records.iter().collect();
    slowest.sort_by_key(|record| std::cmp::Reverse(record.took));
    for record in slowest.iter().take(MAX_SLOWEST) {
        outln!("  {:5.1} s  {}  {}", record.took.as_secs_f64(), record.name, style.quiet(&record.place()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shard, sample};

    const PLAIN: Style = Style { colour: false, live: false, silent: false, brief: false };

    fn summary_of(records: Vec<Record>) -> String {
        summary(PLAIN, &sample::report(records).targets[0])
    }

    #[test]
    fn what_could_not_be_checked_is_told_by_reason_and_not_counted_as_kept() {
        let unchecked =
            |name, reason: &str| sample::record(name, Verdict::NotChecked { reason: reason.into() });
        let records = vec![
            sample::record("a", Verdict::Kept),
            unchecked("b", "x"),
            unchecked("c", "y"),
            unchecked("d", "x"),
        ];
        assert_eq!(
            summary_of(records),
            "nginx: 4 scenarios: 1 kept, 3 not checked in 2.0 s\n  \
             checked 1 promise; 3 could not be checked:\n      2  x\n      1  y\n"
        );
    }

    #[test]
    fn what_the_profile_lacks_is_told_as_lines_to_add_to_it() {
        let reason = "the profile names no header that tells instances apart (`[instances] header`)";
        let unchecked = sample::record("a", Verdict::NotChecked { reason: reason.into() });
        let said = summary_of(vec![unchecked]);
        let lines = "with your site's own values:\n\n    [instances]\n    header = \"X-Instance\"  # which instance answered\n";
        assert!(said.ends_with(lines), "{said}");
    }

    #[test]
    fn in_brief_what_the_site_lacks_is_told_in_a_line() {
        let unchecked = |reason: &str| sample::record("a", Verdict::NotChecked { reason: reason.into() });
        let records = vec![
            unchecked("the site has no WebSocket"),
            unchecked("the site has no API"),
            unchecked("the site has no WebSocket"),
            unchecked("/admin/ is not for everybody"),
        ];
        let told = summary(Style { brief: true, ..PLAIN }, &sample::report(records).targets[0]);
        let (_, told) = told.split_once('\n').unwrap();
        let expected = "  not checked, as the site has none: WebSocket; API\n  1 not checked: /admin/ is not for everybody\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn a_part_of_a_run_says_which() {
        let mut report = sample::report(vec![sample::record("a", Verdict::Kept)]);
        report.targets[0].shard = Some(Shard { index: 2, of: 5 });
        report.targets[0].shuffle = Some(7);
        report.targets[0].slow_left_out = 3;
        report.targets[0].unfinished = Some("interrupted; 8 of 9 scenarios were not run".into());
        assert_eq!(
            summary(PLAIN, &report.targets[0]),
            "nginx: 1 scenario: 1 kept in 2.0 s (shard 2/5; in random order: --shuffle 7; 3 slow ones left out: --slow)\n  \
             not finished: interrupted; 8 of 9 scenarios were not run\n"
        );
    }

    #[test]
    fn warnings_are_neither_kept_nor_broken() {
        let records = vec![sample::record("a", Verdict::Kept), sample::record("b", sample::warned("no"))];
        assert_eq!(summary_of(records), "nginx: 2 scenarios: 1 kept, 1 warning in 2.0 s\n");
    }

    #[test]
    fn a_promise_kept_at_the_second_attempt_is_counted_apart() {
        let late = Record { attempts: 2, ..sample::record("a", Verdict::Kept) };
        assert_eq!(summary_of(vec![late]), "nginx: 1 scenario: 1 kept, 1 of them only on retry in 2.0 s\n");
    }
}
