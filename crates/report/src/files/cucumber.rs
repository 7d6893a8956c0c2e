//! Cucumber's JSON, the format that reporters of many languages read (github.com/cucumber/cucumber-json-schema). It knows
//! neither targets nor rules: a feature is listed once for each target, and a scenario's description names its rule.

use serde::Serialize;

use super::super::model::{Outline, Record, Report, StepRecord, StepStatus, TargetResults, Verdict};
use super::super::numbers::ordinal;

#[derive(Serialize)]
struct Feature {
    uri: String,
    id: String,
    line: usize,
    keyword: &'static str,
    name: String,
    description: String,
    tags: Vec<Tag>,
    elements: Vec<Element>,
}

#[derive(Serialize)]
struct Element {
    id: String,
    line: usize,
    keyword: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    description: String,
    tags: Vec<Tag>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Tag {
    name: String,
    line: usize,
}

#[derive(Serialize)]
struct Step {
    keyword: String,
    name: String,
    line: usize,
    #[serde(rename = "match")]
    found: Match,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc_string: Option<DocString>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    output: Vec<String>,
}

#[derive(Serialize)]
struct Match {
    location: String,
}

#[derive(Serialize)]
struct Outcome {
    status: &'static str,
    /// In nanoseconds.
    duration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

#[derive(Serialize)]
struct DocString {
    value: String,
    content_type: &'static str,
    line: usize,
}

#[derive(Serialize)]
struct Row {
    cells: Vec<String>,
}

/// The whole file.
pub(super) fn json(report: &Report) -> String {
    let several = report.targets.len() > 1;
    let features: Vec<Feature> = report
        .targets
        .iter()
        .flat_map(|target| report.features.iter().map(move |outline| feature(target, outline, several)))
        .filter(|feature| !feature.elements.is_empty())
        .collect();
    serde_json::to_string_pretty(&features).unwrap_or_default() + "\n"
}

fn feature(target: &TargetResults, outline: &Outline, several: bool) -> Feature {
    let id = format!("{}-{}", slug(&target.name), slug(&outline.name));
    let of_feature = target.records.iter().filter(|record| record.feature == outline.name);
    Feature {
        uri: outline.file.clone(),
        line: outline.line,
        keyword: "Feature",
        name: if several { format!("{} ({})", outline.name, target.name) } else { outline.name.clone() },
        description: outline.description.clone(),
        tags: vec![Tag { name: format!("@target-{}", slug(&target.name)), line: outline.line }],
        elements: of_feature.map(|record| element(&id, record)).collect(),
        id,
    }
}

fn element(feature: &str, record: &Record) -> Element {
    let rule = if record.rule.is_empty() { String::new() } else { format!("Rule: {}\n", record.rule) };
    let mut steps: Vec<Step> = record.steps.iter().map(|s| step(record, s)).collect();
    let late = record.kept_late().then(|| format!("kept at the {} attempt", ordinal(record.attempts)));
    if let Some(last) = steps.last_mut() {
        if let Verdict::UnexpectedlyKept { .. } = record.verdict {
            last.result.status = "failed";
            last.result.error_message = Some(super::plain_text(record));
        }
        last.output.extend(late);
    }
    Element {
        id: format!("{feature};{}", slug(&record.name)),
        line: record.line,
        keyword: "Scenario",
        kind: "scenario",
        name: record.name.clone(),
        description: format!("{rule}{}", record.hint),
        tags: record.tags.iter().map(|tag| Tag { name: format!("@{tag}"), line: record.line }).collect(),
        steps,
    }
}

fn step(record: &Record, step: &StepRecord) -> Step {
    let (status, error_message) = match (step.status, &record.verdict) {
        (StepStatus::Passed, _) => ("passed", None),
        // Readers take what is pending for neither passed nor failed.
        (StepStatus::Failed, Verdict::KnownDifference { reason }) => {
            ("pending", Some(format!("known to differ: {reason}")))
        }
        (StepStatus::Failed, Verdict::Warned(_)) => {
            ("pending", Some(format!("warning: {}", super::plain_text(record))))
        }
        (StepStatus::Failed, _) => ("failed", Some(super::plain_text(record))),
        (StepStatus::Skipped, Verdict::NotChecked { reason }) => {
            ("skipped", Some(format!("not checked: {reason}")))
        }
        (StepStatus::Skipped, _) => ("skipped", None),
    };
    Step {
        keyword: format!("{} ", step.keyword),
        name: step.text.clone(),
        line: step.line,
        found: Match { location: format!("{}:{}", record.file, step.line) },
        result: Outcome {
            status,
            duration: u64::try_from(step.took.as_nanos()).unwrap_or(u64::MAX),
            error_message,
        },
        doc_string: step.doc_string.clone().map(|value| DocString {
            value,
            content_type: "",
            line: step.line + 1,
        }),
        rows: step.table.iter().map(|cells| Row { cells: cells.clone() }).collect(),
        output: Vec::new(),
    }
}

/// `Two app servers` as `two-app-servers`.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_kept_promise_as_other_tools_read_it() {
        let late = Record { attempts: 3, ..sample::record("Kept & late", Verdict::Kept) };
        assert_eq!(
            json(&sample::report(vec![late])),
            r#"[
  {
    "uri": "features/f.feature",
    "id": "nginx-the-feature",
    "line": 1,
    "keyword": "Feature",
    "name": "The feature",
    "description": "What it is about.",
    "tags": [
      {
        "name": "@target-nginx",
        "line": 1
      }
    ],
    "elements": [
      {
        "id": "nginx-the-feature;kept-late",
        "line": 7,
        "keyword": "Scenario",
        "type": "scenario",
        "name": "Kept & late",
        "description": "Rule: The rule\nSee `proxy_set_header Upgrade $http_upgrade;`.",
        "tags": [
          {
            "name": "@D8",
            "line": 7
          }
        ],
        "steps": [
          {
            "keyword": "Then ",
            "name": "the response is 101",
            "line": 9,
            "match": {
              "location": "features/f.feature:9"
            },
            "result": {
              "status": "passed",
              "duration": 250000000
            },
            "output": [
              "kept at the 3rd attempt"
            ]
          }
        ]
      }
    ]
  }
]
"#
        );
    }

    #[test]
    fn each_verdict_has_a_status_that_readers_know() {
        let statuses = |verdict| {
            let report = sample::report(vec![sample::record("s", verdict)]);
            let json: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
            let result = &json[0]["elements"][0]["steps"][0]["result"];
            let message =
                result["error_message"].as_str().unwrap_or_default().lines().last().map(str::to_owned);
            (result["status"].as_str().unwrap().to_owned(), message.unwrap_or_default())
        };
        let reason = || "so it is".to_owned();
        let is = |status: &str, message: &str| (status.to_owned(), message.to_owned());
        assert_eq!(statuses(sample::broken("no")), is("failed", "# blue saw this"));
        assert_eq!(
            statuses(Verdict::KnownDifference { reason: reason() }),
            is("pending", "known to differ: so it is")
        );
        assert_eq!(
            statuses(Verdict::NotChecked { reason: reason() }),
            is("skipped", "not checked: so it is")
        );
        assert_eq!(
            statuses(Verdict::UnexpectedlyKept { reason: reason() }),
            is("failed", "the reason listed is: so it is")
        );
    }
}
