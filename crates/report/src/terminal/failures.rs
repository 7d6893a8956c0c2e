//! Prints failures and warnings in full, at the end of a run.

use std::fmt::Write as _;

use super::super::causes::{Cause, causes};
use super::super::model::{FailedStep, Record, TargetResults, Verdict};
use super::super::numbers::counted;
use super::super::site_map::MappedRoute;
use super::Style;

/// How many scenarios that fail for the same reason are named.
const MAX_LISTED: usize = 8;

/// Prints every failure of a target, then every warning if asked to: the scenario, what to look at, what was said, the exchange on the wire and what the
/// app servers saw. Scenarios that fail for one and the same reason are told together.
pub fn print_failures(style: Style, results: &TargetResults, with_warnings: bool) {
    let told = causes(&results.records);
    let told = told.iter().filter(|cause| with_warnings || !cause.first.warns());
    let (routine, told): (Vec<_>, Vec<_>) =
        told.partition(|cause| style.brief && cause.first.warns() && cause.records().all(is_routine));
    for cause in told {
        outln!();
        print_failure(style, results, cause.first, cause.hint);
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
    if !routine.is_empty() {
        out!("\n{}", routine_lines(style, &results.name, &routine));
    }
}

/// The tag of warnings of what most sites have, each mended by a line or two.
const ROUTINE_TAG: &str = "routine";

fn is_routine(record: &Record) -> bool {
    record.tags.iter().any(|tag| tag == ROUTINE_TAG)
}

/// How many promises of one routine warning are named.
const MAX_NAMED: usize = 3;

/// Routine warnings, a line each: the promises, and what mends them.
fn routine_lines(style: Style, target: &str, causes: &[&Cause<'_>]) -> String {
    let count = counted(causes.iter().map(|cause| cause.records().count()).sum(), "routine warning");
    let (mark, more) = (style.warn("!"), style.quiet(&format!("({target}; -v says why)")));
    let mut out = format!("{mark} {}  {more}\n", style.strong(&format!("{count}, mended by a line or two:")));
    for cause in causes {
        let names: Vec<&str> = cause.records().map(|record| record.name.as_str()).collect();
        let more = names.len().checked_sub(MAX_NAMED).filter(|more| *more > 0);
        let more = more.map_or(String::new(), |more| format!(", and {more} more"));
        let named = names.iter().take(MAX_NAMED).copied().collect::<Vec<_>>().join(", ");
        let mend = mend(&cause.first.hint).map_or(String::new(), |mend| style.quiet(&format!(": {mend}")));
        let _ = writeln!(out, "    {named}{more}{mend}");
    }
    out
}

/// What a hint says to see, up to the end of the clause.
fn mend(hint: &str) -> Option<&str> {
    let (_, told) = hint.split_once("See ")?;
    let mut is_quoted = false;
    let mut chars = told.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        is_quoted ^= char == '`';
        let is_last = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        if !is_quoted && is_last && matches!(char, '.' | ':' | ',') {
            return Some(&told[..at]);
        }
    }
    Some(told)
}

fn print_failure(style: Style, results: &TargetResults, record: &Record, has_hint: bool) {
    let target = &results.name;
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
            if let Some(route) = record.route.and_then(|number| results.site.as_ref()?.route(number)) {
                outln!("  {} {}", style.quiet("asked of:"), asked_of(route));
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

/// A route as the user wrote it: `location /api/ in nginx.conf:12, which leads to http://app`.
fn asked_of(route: &MappedRoute) -> String {
    let MappedRoute { location, place, to, .. } = route;
    let leads = if to.is_empty() { String::new() } else { format!(", which leads to {to}") };
    format!("`{location}` in {place}{leads}")
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}", "")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn routine_warnings_have_a_line_each() {
        let plain = Style { colour: false, live: false, silent: false, brief: true };
        let of = |name: &str, said: &str, hint: &str| Record {
            hint: hint.to_owned(),
            ..sample::record(name, sample::warned(said))
        };
        let dot = "Keys are in them. See `location ~ /\\. { return 404; }`.";
        let records = [
            of("/.env is kept to itself", "it is served", dot),
            of("/.git/config is kept to itself", "it is served", dot),
            of("The page says how long", "no header", "See `expires 0;` here: browsers guess."),
        ];
        let causes = causes(&records);
        assert_eq!(
            routine_lines(plain, "nginx", &causes.iter().collect::<Vec<_>>()),
            "! 3 routine warnings, mended by a line or two:  (nginx; -v says why)\n    \
             /.env is kept to itself, /.git/config is kept to itself: `location ~ /\\. { return 404; }`\n    \
             The page says how long: `expires 0;` here\n"
        );
    }
}
