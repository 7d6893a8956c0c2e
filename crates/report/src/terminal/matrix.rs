//! Several targets side by side: a rule a line, a target a column.

use std::fmt::Write as _;

use super::super::model::{Record, Report, TargetResults, Verdict};
use super::Style;
use crate::columns::{padded, shortened, width};

/// The longest rule that is printed in full.
const MAX_RULE_COLUMNS: usize = 72;

/// Prints every rule by target.
pub fn print_matrix(style: Style, report: &Report) {
    out!("\n{}", matrix(style, report));
}

fn matrix(style: Style, report: &Report) -> String {
    let rows: Vec<(&str, &str)> = report
        .features
        .iter()
        .flat_map(|feature| {
            let rules = std::iter::once("").chain(feature.rules.iter().map(String::as_str));
            rules.map(|rule| (feature.name.as_str(), rule))
        })
        .filter(|(feature, rule)| report.targets.iter().any(|t| !of_rule(t, feature, rule).is_empty()))
        .collect();
    let widest = rows.iter().map(|(_, rule)| width(&named(rule))).max().unwrap_or(0);
    let widths: Vec<usize> = report.targets.iter().map(|target| width(&target.name).max(8)).collect();
    let mut out = " ".repeat(widest + 4);
    for (target, columns) in report.targets.iter().zip(&widths) {
        let _ = write!(out, "{}", style.strong(&format!("  {}", padded(&target.name, *columns))));
    }
    let mut before = "";
    for (feature, rule) in rows {
        trim_end(&mut out);
        if feature != before {
            let _ = write!(out, "\n{}", style.strong(feature));
            before = feature;
        }
        let _ = write!(out, "\n  {}  ", padded(&named(rule), widest));
        for (target, columns) in report.targets.iter().zip(&widths) {
            let _ = write!(out, "  {}", cell(style, &of_rule(target, feature, rule), *columns));
        }
    }
    trim_end(&mut out);
    out.push('\n');
    out
}

fn trim_end(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

fn of_rule<'a>(target: &'a TargetResults, feature: &str, rule: &str) -> Vec<&'a Record> {
    target.records.iter().filter(|record| record.feature == feature && record.rule == rule).collect()
}

fn cell(style: Style, records: &[&Record], columns: usize) -> String {
    let count = |wanted: fn(&Record) -> bool| records.iter().filter(|record| wanted(record)).count();
    let broken = count(Record::fails);
    let checked = count(|record| !matches!(record.verdict, Verdict::NotChecked { .. }));
    let differ = count(|record| matches!(record.verdict, Verdict::KnownDifference { .. }));
    let warnings = count(Record::warns);
    let padded = |text: String| padded(&text, columns);
    match (records.len(), checked, broken) {
        (0, _, _) => padded(String::new()),
        (all, 0, _) => style.quiet(&padded(format!("– {all}"))),
        (_, _, 0) if warnings > 0 => style.warn(&padded(format!("! {warnings}/{checked}"))),
        (_, _, 0) if differ == checked => style.quiet(&padded(format!("≠ {differ}"))),
        (_, _, 0) => style.good(&padded(format!("✓ {}", checked - differ))),
        _ => style.bad(&padded(format!("✗ {broken}/{checked}"))),
    }
}

fn named(rule: &str) -> String {
    if rule.is_empty() { "(no rule)".to_owned() } else { shortened(rule, MAX_RULE_COLUMNS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn targets_stand_side_by_side() {
        let unchecked = Verdict::NotChecked { reason: "r".into() };
        let mut report =
            sample::report(vec![sample::record("a", Verdict::Kept), sample::record("b", Verdict::Kept)]);
        let broken = TargetResults {
            name: "reference".into(),
            records: vec![sample::record("a", sample::broken("no")), sample::record("b", Verdict::Kept)],
            ..TargetResults::default()
        };
        let live = TargetResults {
            name: "shop".into(),
            records: vec![sample::record("a", unchecked)],
            ..TargetResults::default()
        };
        report.targets.extend([broken, live]);
        let plain = Style { colour: false, live: false, silent: false, brief: false };
        assert_eq!(
            matrix(plain, &report),
            "              nginx     reference  shop\n\
             The feature\n  \
             The rule    ✓ 2       ✗ 1/2      – 1\n"
        );
    }
}
