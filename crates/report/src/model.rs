//! The results of a run: one model, which every report is written from, and which is kept as JSON to be merged.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::site_map::SiteMap;

/// The results of a run, or of several merged into one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What made it: `hopcheck`.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// When the run began, in UTC, as RFC 3339 has it.
    pub started: String,
    /// A digest of the scenarios that were asked for, those of other shards included: only reports that agree in it can
    /// be merged.
    pub specification: String,
    /// The features that were asked for, in the order of the specification.
    pub features: Vec<Outline>,
    /// The results of each target.
    pub targets: Vec<TargetResults>,
}

/// A feature as a report needs it: its prose and the order of its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// The feature's name.
    pub name: String,
    /// Its file, as `features/preflight.feature`.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// The prose under its name, as one paragraph.
    pub description: String,
    /// The statements of its rules, in order.
    pub rules: Vec<String>,
}

/// The results of one target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetResults {
    /// The target's name: `reference`, `nginx`, or what the user called it.
    pub name: String,
    /// What it is, with its version.
    pub description: String,
    /// The configuration that was tested, as its author calls it; empty where none was.
    pub configuration: String,
    /// Wall time.
    #[serde(with = "seconds")]
    pub took: Duration,
    /// Scenarios that were left out because they are `@slow`.
    pub slow_left_out: usize,
    /// Scenarios that were left out because they are special to the document's site.
    #[serde(default, skip_serializing_if = "is_none")]
    pub of_the_document: usize,
    /// Which part of the scenarios was run; `None`: all of them.
    pub shard: Option<Shard>,
    /// The seed of the random order that they were run in; `None`: that of the specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shuffle: Option<u32>,
    /// Why not all that was asked for was run; `None`: it was.
    pub unfinished: Option<String>,
    /// Whether it was not run because the engine refuses the configuration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// What the configuration serves; `None` where none was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteMap>,
    /// What a browser has shown of it; empty where none has looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Picture>,
    /// Every scenario's record, in the order of the specification.
    pub records: Vec<Record>,
}

/// A picture of a page, as a browser has shown it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// What it shows, by what.
    pub caption: String,
    /// What the page has asked for, a line each.
    pub notes: Vec<String>,
    /// A PNG, in base64.
    pub png: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// One of several even parts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

/// The result of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The feature's name.
    pub feature: String,
    /// The rule's statement; empty for a scenario outside any rule.
    pub rule: String,
    /// The scenario's name.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The line of its name there, from 1; of an outline the line of its example.
    pub line: usize,
    /// Its tags, without the `@`, those of its rule and feature included.
    pub tags: Vec<String>,
    /// The text under its name: what to look at when it fails.
    pub hint: String,
    /// How it went.
    pub verdict: Verdict,
    /// How many attempts it took, 1 unless it was retried; 0 where it was not run.
    pub attempts: usize,
    /// How long the last of them took.
    #[serde(with = "seconds")]
    pub took: Duration,
    /// Its steps, those of backgrounds included, in order.
    pub steps: Vec<StepRecord>,
    /// The number of the route that it was asked of, in the map of its target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<usize>,
}

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verdict {
    /// The promise is kept.
    Kept,
    /// The promise is broken.
    Broken(FailedStep),
    /// Users are better off otherwise, but it may be meant: shown and explained, and broken only with `--strict`.
    Warned(FailedStep),
    /// The promise is broken, as it is known to be on this target.
    KnownDifference {
        /// Why.
        reason: String,
    },
    /// The promise is listed as a known difference, and kept: the list is out of date.
    UnexpectedlyKept {
        /// The reason given in the list.
        reason: String,
    },
    /// It could not be checked, and so is neither kept nor broken.
    NotChecked {
        /// Why, as `the profile names no STOMP destination`.
        reason: String,
    },
}

/// The step at which a scenario failed, and what is known of why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedStep {
    /// The step, with its keyword.
    pub step: String,
    /// The line it stands at.
    pub line: usize,
    /// What it said.
    pub message: String,
    /// What went over the wire, and what the app servers saw.
    pub evidence: Evidence,
    /// The lines of the configuration that decided it, as far as they are known.
    pub configuration: Vec<ConfLine>,
}

/// What a person needs to see when a scenario has failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What crossed the wire between client and proxy.
    pub exchange: String,
    /// What the app servers saw; empty where nobody could look.
    pub app_servers: String,
    /// The last errors the proxy logged; empty if none.
    pub error_log: String,
    /// Why strangers are kept out, if the proxy itself does so: then nothing is known of what it does for others.
    #[serde(skip)]
    pub kept_out: Option<String>,
}

/// A line of the configuration under test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfLine {
    /// The file, as its author calls it.
    pub file: String,
    /// The line's number, from 1.
    pub number: usize,
    /// What it says.
    pub text: String,
}

/// A step of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// `Given`, `When`, `Then`, `And`, …
    pub keyword: String,
    /// What follows it.
    pub text: String,
    /// The line it stands at, from 1.
    pub line: usize,
    /// The text between `"""` below it, if there is one.
    pub doc_string: Option<String>,
    /// The rows of the table below it.
    pub table: Vec<Vec<String>>,
    /// How it went.
    pub status: StepStatus,
    /// How long it took.
    #[serde(with = "seconds")]
    pub took: Duration,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// As it should.
    Passed,
    /// It said that the promise is broken.
    Failed,
    /// An earlier one had failed, or the scenario was not run.
    Skipped,
}

// === impl Report ===

impl Report {
    /// An empty report of a run that begins now.
    pub fn begin(specification: String, features: Vec<Outline>) -> Report {
        Report {
            tool: "hopcheck".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
            specification,
            features,
            targets: Vec::new(),
        }
    }

    /// Whether it is about more than one configuration.
    pub fn has_several_configurations(&self) -> bool {
        let mut names =
            self.targets.iter().map(|target| &target.configuration).filter(|name| !name.is_empty());
        let first = names.next();
        names.any(|name| Some(name) != first)
    }

    /// Whether a promise is broken.
    pub fn fails(&self) -> bool {
        self.targets.iter().any(|target| target.refused || target.records.iter().any(Record::fails))
    }
}

// === impl TargetResults ===

impl TargetResults {
    /// How many records `wanted` holds of.
    pub fn count(&self, wanted: impl Fn(&Record) -> bool) -> usize {
        self.records.iter().filter(|record| wanted(record)).count()
    }
}

// === impl Record ===

impl Record {
    /// Whether this record fails the run.
    pub fn fails(&self) -> bool {
        matches!(self.verdict, Verdict::Broken(_) | Verdict::UnexpectedlyKept { .. })
    }

    /// Whether it is a warning, which does not fail the run.
    pub fn warns(&self) -> bool {
        matches!(self.verdict, Verdict::Warned(_))
    }

    /// The step at which it failed, of a broken promise or a warning.
    pub fn failed_step(&self) -> Option<&FailedStep> {
        match &self.verdict {
            Verdict::Broken(failed) | Verdict::Warned(failed) => Some(failed),
            _ => None,
        }
    }

    /// Whether it was kept, but not at the first attempt.
    pub fn kept_late(&self) -> bool {
        self.verdict == Verdict::Kept && self.attempts > 1
    }

    /// Where it stands: `features/preflight.feature:12`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Its tags as they are written: `@D4 @W3`.
    pub fn tag_list(&self) -> String {
        self.tags.iter().map(|tag| format!("@{tag}")).collect::<Vec<_>>().join(" ")
    }
}

// === impl Shard ===

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let numbers =
            text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if (1..=of).contains(&index) => Ok(Shard { index, of }),
            _ => Err("a shard is N/M, the Nth of M: from 1/M to M/M".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

// === impl Evidence ===

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.exchange, self.app_servers)?;
        if self.error_log.is_empty() {
            return Ok(());
        }
        writeln!(f, "the error log says")?;
        self.error_log.lines().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// Durations as seconds, which other programs can add up.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(took: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(took.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn results_come_back_from_json_as_they_were() {
        let verdicts = [
            Verdict::Kept,
            sample::broken("no"),
            sample::warned("no"),
            Verdict::KnownDifference { reason: "r".into() },
            Verdict::UnexpectedlyKept { reason: "r".into() },
            Verdict::NotChecked { reason: "r".into() },
        ];
        let report = sample::report(verdicts.map(|verdict| sample::record("s", verdict)).into());
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }

    #[test]
    fn evidence_is_told_in_the_order_in_which_it_arose() {
        let evidence = Evidence {
            exchange: "a\n".into(),
            app_servers: "b\n".into(),
            error_log: "c\nd".into(),
            kept_out: None,
        };
        assert_eq!(evidence.to_string(), "a\nb\nthe error log says\n    c\n    d\n");
    }
}
