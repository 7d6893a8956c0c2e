//! Progress while a run lasts: on a terminal one line that changes, elsewhere a block for each feature as it ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use super::super::model::{Record, Verdict};
use super::super::numbers::counted;
use super::Style;

/// A feature as progress needs to know it.
#[derive(Debug)]
pub struct FeatureOutline {
    /// Its name.
    pub name: String,
    /// The names of its rules in order; the empty name for scenarios outside any.
    pub rules: Vec<String>,
    /// How many scenarios it has.
    pub scenarios: usize,
}

/// Shows how far a run has come.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    total: usize,
    done: usize,
    broken: usize,
    /// Records of features that have not ended, by feature; in each, rules in the order they were first seen.
    open: BTreeMap<String, Vec<Record>>,
    /// The features with their rules, in order.
    order: Vec<(String, Vec<String>)>,
    /// How many scenarios each feature has.
    sizes: BTreeMap<String, usize>,
}

impl Progress {
    /// Progress over `total` scenarios of these features.
    pub fn new(style: Style, total: usize, features: Vec<FeatureOutline>) -> Progress {
        let mut sizes = BTreeMap::new();
        for feature in &features {
            *sizes.entry(feature.name.clone()).or_default() += feature.scenarios;
        }
        let order = features.into_iter().map(|feature| (feature.name, feature.rules)).collect();
        Progress { style, total, done: 0, broken: 0, open: BTreeMap::new(), order, sizes }
    }

    /// A scenario has ended.
    pub fn scenario(&mut self, record: &Record) {
        self.done += 1;
        self.broken += usize::from(record.fails());
        let of_feature = self.open.entry(record.feature.clone()).or_default();
        of_feature.push(record.clone());
        let whole = self.sizes.get(&record.feature) == Some(&of_feature.len());
        if self.style.live && !self.style.silent {
            let broken = if self.broken > 0 { format!(", {} broken", self.broken) } else { String::new() };
            out!("\r\x1b[K  {} of {}{broken}  {}", self.done, self.total, self.style.quiet(&record.rule));
            let _ = std::io::stdout().flush();
        }
        if whole {
            self.feature(&record.feature);
        }
    }

    /// A feature has ended: its rules, a line each.
    fn feature(&mut self, name: &str) {
        let Some(records) = self.open.remove(name) else { return };
        if self.style.silent {
            return;
        }
        let rules = self.order.iter().find(|(feature, _)| feature == name);
        let rules = rules.map_or(&[][..], |(_, rules)| rules);
        let clear = if self.style.live { "\r\x1b[K" } else { "" };
        out!("{clear}{}", feature_lines(self.style, name, rules, &records));
        let _ = std::io::stdout().flush();
    }

    /// The run has ended, or was cut short: features nothing more will be heard of.
    pub fn flush(&mut self) {
        for name in self.order.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.feature(&name);
        }
    }
}

/// A feature and how its rules went, a line each. In brief one that is kept as a whole has one line, and what was not checked none.
fn feature_lines(style: Style, name: &str, rules: &[String], records: &[Record]) -> String {
    let is_checked = |record: &&Record| !matches!(record.verdict, Verdict::NotChecked { .. });
    let checked: Vec<&Record> = records.iter().filter(is_checked).collect();
    let is_kept = |record: &&Record| record.verdict == Verdict::Kept && !record.kept_late();
    match style.brief {
        true if checked.is_empty() => return String::new(),
        true if checked.iter().all(is_kept) => {
            let count = style.quiet(&checked.len().to_string());
            return format!("{} {} {count}\n", style.good("✓"), style.strong(name));
        }
        _ => {}
    }
    let mut out = format!("{}\n", style.strong(name));
    for rule in rules {
        let of_rule: Vec<&Record> = records.iter().filter(|record| &record.rule == rule).collect();
        if of_rule.iter().any(|record| !style.brief || is_checked(record)) {
            let _ = writeln!(out, "{}", rule_line(style, rule, &of_rule));
        }
    }
    out
}

/// A rule and how its scenarios went.
fn rule_line(style: Style, rule: &str, records: &[&Record]) -> String {
    let count = |wanted: fn(&Record) -> bool| records.iter().filter(|record| wanted(record)).count();
    let broken = count(Record::fails);
    let rule = if rule.is_empty() { "(no rule)" } else { rule };
    let reasons = not_checked(records);
    let unchecked: usize = reasons.iter().map(|(_, count)| count).sum();
    let because = reasons.iter().map(|(reason, _)| *reason).collect::<Vec<_>>().join("; ");
    let checked = records.len() - unchecked;
    if checked == 0 {
        return style.quiet(&format!("  – {rule} {unchecked} not checked: {because}"));
    }
    let warnings = count(Record::warns);
    let mut line = match broken {
        0 if warnings > 0 => {
            let said = style.warn(&counted(warnings, "warning"));
            format!("  {} {rule} {}, {said}", style.warn("!"), style.quiet(&(checked - warnings).to_string()))
        }
        0 => format!("  {} {rule} {}", style.good("✓"), style.quiet(&checked.to_string())),
        _ => format!("  {} {rule} {}", style.bad("✗"), style.bad(&format!("{broken} of {checked} broken"))),
    };
    let differ = count(|record| matches!(record.verdict, Verdict::KnownDifference { .. }));
    if differ > 0 {
        line += &style.quiet(&format!(", {differ} known to differ"));
    }
    let late = count(Record::kept_late);
    if late > 0 {
        line += &style.quiet(&format!(", {late} passed only on retry"));
    }
    if unchecked > 0 {
        let because = if style.brief { String::new() } else { format!(": {because}") };
        line += &style.quiet(&format!(", {unchecked} not checked{because}"));
    }
    line
}

/// Why records could not be checked, and how many for each reason, in the order of the first.
pub(super) fn not_checked<'a>(records: impl IntoIterator<Item = &'a &'a Record>) -> Vec<(&'a str, usize)> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for record in records {
        let Verdict::NotChecked { reason } = &record.verdict else { continue };
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    const PLAIN: Style = Style { colour: false, live: false, silent: false, brief: false };

    fn not_checked() -> Verdict {
        Verdict::NotChecked { reason: "the profile names no STOMP destination".into() }
    }

    #[test]
    fn a_rule_that_could_not_be_checked_is_neither_kept_nor_broken() {
        let record = sample::record("r", not_checked());
        assert_eq!(
            rule_line(PLAIN, "r", &[&record, &record]),
            "  – r 2 not checked: the profile names no STOMP destination"
        );
    }

    #[test]
    fn in_brief_a_feature_that_is_kept_has_a_line_and_one_that_was_not_checked_none() {
        let brief = Style { brief: true, ..PLAIN };
        let lines = |records: &[Record]| feature_lines(brief, "F", &["The rule".to_owned()], records);
        let (kept, unchecked) = (sample::record("a", Verdict::Kept), sample::record("b", not_checked()));
        assert_eq!(lines(&[kept.clone(), unchecked.clone()]), "✓ F 1\n");
        assert_eq!(lines(std::slice::from_ref(&unchecked)), "");
        let warned = sample::record("c", sample::warned("no"));
        assert_eq!(lines(&[kept, warned, unchecked]), "F\n  ! The rule 1, 1 warning, 1 not checked\n");
    }

    #[test]
    fn a_rule_checked_in_part_says_how_much_of_it() {
        let (kept, unchecked) = (sample::record("r", Verdict::Kept), sample::record("r", not_checked()));
        assert_eq!(
            rule_line(PLAIN, "r", &[&kept, &unchecked]),
            "  ✓ r 1, 1 not checked: the profile names no STOMP destination"
        );
    }

    #[test]
    fn a_rule_that_was_kept_only_when_tried_again_says_so() {
        let late = Record { attempts: 2, ..sample::record("r", Verdict::Kept) };
        assert_eq!(rule_line(PLAIN, "r", &[&late]), "  ✓ r 1, 1 passed only on retry");
    }
}
