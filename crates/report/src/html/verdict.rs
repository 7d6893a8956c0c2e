//! A verdict as a mark and words: never by colour alone.

use maud::{Markup, html};

use super::super::model::{Record, Verdict};
use super::super::numbers::{counted, ordinal};

/// The mark, for eyes alone.
pub(super) fn mark(record: &Record) -> Markup {
    let (class, mark) = match &record.verdict {
        Verdict::Kept if record.kept_late() => ("warn", "✓"),
        Verdict::Kept => ("good", "✓"),
        Verdict::Broken(_) | Verdict::UnexpectedlyKept { .. } => ("bad", "✗"),
        Verdict::Warned(_) => ("warn", "!"),
        Verdict::KnownDifference { .. } => ("warn", "≠"),
        Verdict::NotChecked { .. } => ("quiet", "–"),
    };
    html! { span class={ "mark " (class) } aria-hidden="true" { (mark) } }
}

/// What is said of a scenario.
pub(super) fn words(record: &Record) -> String {
    match &record.verdict {
        Verdict::Kept if record.kept_late() => format!("kept at the {} attempt", ordinal(record.attempts)),
        Verdict::Kept => "kept".to_owned(),
        Verdict::Broken(_) => "broken".to_owned(),
        Verdict::Warned(_) => "warning".to_owned(),
        Verdict::UnexpectedlyKept { .. } => "kept, though known to differ".to_owned(),
        Verdict::KnownDifference { reason } => format!("known to differ: {reason}"),
        Verdict::NotChecked { reason } => format!("not checked: {reason}"),
    }
}

/// How the scenarios of a rule went together: class, mark and words.
pub(super) fn together(records: &[&Record]) -> (&'static str, &'static str, String) {
    let count = |wanted: fn(&Record) -> bool| records.iter().filter(|record| wanted(record)).count();
    let broken = count(Record::fails);
    let unchecked = count(|record| matches!(record.verdict, Verdict::NotChecked { .. }));
    let differ = count(|record| matches!(record.verdict, Verdict::KnownDifference { .. }));
    let late = count(Record::kept_late);
    let warnings = count(Record::warns);
    let checked = records.len() - unchecked;
    let mut also = Vec::new();
    if differ > 0 && differ < checked {
        also.push(format!("{differ} known to differ"));
    }
    if late > 0 {
        also.push(format!("{late} retried"));
    }
    if unchecked > 0 && checked > 0 {
        also.push(format!("{unchecked} not checked"));
    }
    let (class, mark, words) = match (checked, broken) {
        (0, _) => ("quiet", "–", format!("{unchecked} not checked")),
        (_, 0) if warnings > 0 => ("warn", "!", format!("{} of {checked}", counted(warnings, "warning"))),
        (_, 0) if differ == checked => ("warn", "≠", format!("{differ} known to differ")),
        (_, 0) => ("good", "✓", format!("{} kept", checked - differ)),
        _ => ("bad", "✗", format!("{broken} of {checked} broken")),
    };
    (class, mark, std::iter::once(words).chain(also).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn said(verdicts: &[Verdict]) -> String {
        let records: Vec<Record> =
            verdicts.iter().map(|verdict| sample::record("s", verdict.clone())).collect();
        let (_, mark, words) = together(&records.iter().collect::<Vec<_>>());
        format!("{mark} {words}")
    }

    #[test]
    fn a_rule_is_told_by_what_matters_most() {
        let differs = Verdict::KnownDifference { reason: "r".into() };
        let unchecked = Verdict::NotChecked { reason: "r".into() };
        assert_eq!(said(&[Verdict::Kept, Verdict::Kept]), "✓ 2 kept");
        assert_eq!(said(&[Verdict::Kept, sample::broken("no")]), "✗ 1 of 2 broken");
        assert_eq!(
            said(&[Verdict::Kept, differs.clone(), unchecked.clone()]),
            "✓ 1 kept, 1 known to differ, 1 not checked"
        );
        assert_eq!(said(&[Verdict::Kept, sample::warned("no")]), "! 1 warning of 2");
        assert_eq!(said(&[differs]), "≠ 1 known to differ");
        assert_eq!(said(&[unchecked]), "– 1 not checked");
    }
}
