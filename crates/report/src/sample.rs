//! Results for tests.

use std::time::Duration;

use crate::model::{
    Evidence, FailedStep, Outline, Record, Report, StepRecord, StepStatus, TargetResults, Verdict,
};

/// A record of a scenario of that name in "The rule" of "The feature", with one step.
pub(crate) fn record(name: &str, verdict: Verdict) -> Record {
    let status = match verdict {
        Verdict::Kept | Verdict::UnexpectedlyKept { .. } => StepStatus::Passed,
        Verdict::Broken(_) | Verdict::Warned(_) | Verdict::KnownDifference { .. } => StepStatus::Failed,
        Verdict::NotChecked { .. } => StepStatus::Skipped,
    };
    Record {
        feature: "The feature".into(),
        rule: "The rule".into(),
        name: name.into(),
        file: "features/f.feature".into(),
        line: 7,
        tags: vec!["D8".into()],
        hint: "See `proxy_set_header Upgrade $http_upgrade;`.".into(),
        attempts: usize::from(!matches!(verdict, Verdict::NotChecked { .. })),
        verdict,
        took: Duration::from_millis(1500),
        steps: vec![StepRecord {
            keyword: "Then".into(),
            text: "the response is 101".into(),
            line: 9,
            doc_string: None,
            table: Vec::new(),
            status,
            took: Duration::from_millis(250),
        }],
        route: None,
    }
}

/// A broken promise.
pub(crate) fn broken(message: &str) -> Verdict {
    Verdict::Broken(failed_step(message))
}

/// A warning.
pub(crate) fn warned(message: &str) -> Verdict {
    Verdict::Warned(failed_step(message))
}

fn failed_step(message: &str) -> FailedStep {
    FailedStep {
        step: "Then the response is 101".into(),
        line: 9,
        message: message.into(),
        evidence: Evidence {
            exchange: "the client sent\n  > GET /stomp HTTP/1.1\n".into(),
            app_servers: "# blue saw this\n".into(),
            error_log: String::new(),
            kept_out: None,
        },
        configuration: Vec::new(),
    }
}

/// A report of one target with these records.
pub(crate) fn report(records: Vec<Record>) -> Report {
    Report {
        tool: "hopcheck".into(),
        version: "0.1.0".into(),
        started: "2026-01-02T03:04:05Z".into(),
        specification: "d1".into(),
        features: vec![Outline {
            name: "The feature".into(),
            file: "features/f.feature".into(),
            line: 1,
            description: "What it is about.".into(),
            rules: vec!["The rule".into()],
        }],
        targets: vec![TargetResults {
            name: "nginx".into(),
            description: "nginx 1.22.1".into(),
            configuration: "nginx.conf".into(),
            took: Duration::from_secs(2),
            records,
            ..TargetResults::default()
        }],
    }
}
