//! Annotations of a workflow on GitHub: a failure is shown at the line of the feature file that failed.

use std::fmt::Write as _;
use std::path::Path;

use super::super::causes::causes;
use super::super::model::{FailedStep, Record, Report, TargetResults};
use super::super::numbers::ordinal;

/// The workflow commands, a line each.
pub(super) fn commands(report: &Report) -> String {
    let mut out = String::new();
    for target in &report.targets {
        // What matters most comes first, since only so many are shown of each step.
        for record in causes(&target.records).iter().flat_map(|cause| cause.records()) {
            failure(&mut out, target, record);
        }
        for record in target.records.iter().filter(|record| record.kept_late()) {
            let said = format!("kept at the {} attempt", ordinal(record.attempts));
            command(&mut out, "warning", record, record.line, target, &said);
        }
        if let Some(unfinished) = &target.unfinished {
            let _ = writeln!(out, "::error title={}::{}", property(&target.name), data(unfinished));
        }
    }
    out
}

fn failure(out: &mut String, target: &TargetResults, record: &Record) {
    let (line, said) = match record.failed_step() {
        Some(FailedStep { line, step, message, .. }) => {
            (*line, format!("{step}\n{message}\nlook at: {}", record.hint))
        }
        None => (record.line, super::OUT_OF_DATE.to_owned()),
    };
    let level = if record.warns() { "warning" } else { "error" };
    command(out, level, record, line, target, &said);
}

fn command(out: &mut String, level: &str, record: &Record, line: usize, target: &TargetResults, said: &str) {
    let title = property(&format!("{}: {}", target.name, record.name));
    let _ = writeln!(
        out,
        "::{level} file={},line={line},title={title}::{}",
        property(&here(&record.file)),
        data(said)
    );
}

/// A file as it is called from here, the checkout: annotations know no other.
fn here(file: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    Path::new(file).strip_prefix(here).unwrap_or(Path::new(file)).display().to_string()
}

/// What follows `::`: a line break would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value before `::`, where a comma or colon would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::sample;

    #[test]
    fn a_failure_is_shown_at_the_line_of_its_step() {
        let late = Record { attempts: 2, ..sample::record("late, but kept", Verdict::Kept) };
        let mut report =
            sample::report(vec![late, sample::record("s: 100%", sample::broken("no\nnot at all"))]);
        report.targets[0].unfinished = Some("interrupted".into());
        assert_eq!(
            commands(&report),
            "::error file=features/f.feature,line=9,title=nginx%3A s%3A 100%25::Then the response is 101%0Ano%0Anot at \
             all%0Alook at: See `proxy_set_header Upgrade $http_upgrade;`.\n\
             ::warning file=features/f.feature,line=7,title=nginx%3A late%2C but kept::kept at the 2nd attempt\n\
             ::error title=nginx::interrupted\n"
        );
    }
}
