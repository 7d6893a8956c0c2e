//! The pull requests in `examples/`: what is said under each. `HOPCHECK_BLESS=1` writes the reports.

use std::path::Path;

use regex::Regex;

use crate::{run, said};

/// What changes with the scenarios and not with the comparison.
fn plain(report: &str) -> Vec<String> {
    let numbers = Regex::new(r"\.feature:\d+|\d+ promises|\d+ that were? (?:is|are)").unwrap();
    let mut lines: Vec<String> =
        report.lines().map(|line| numbers.replace_all(line, "…").into_owned()).collect();
    // Of several promises that a change breaks, one is enough.
    lines.dedup_by(|line, before| line.starts_with("- ❌") && before.starts_with("- ❌"));
    for line in lines.iter_mut().filter(|line| line.starts_with("- ❌")) {
        line.truncate(line.find(':').unwrap_or(line.len()));
    }
    lines
}

#[test]
fn pull_requests_are_told_as_their_examples_say() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pull-requests");
    let mut wrong = Vec::new();
    for (name, code) in [("keep-pages-fresh", 1), ("move-the-api", 1), ("tidy-up", 0)] {
        let here = examples.join(name);
        let scratch = tempfile::tempdir().unwrap();
        let written = scratch.path().join("report.md");
        let report = format!("markdown={}", written.display());
        let output = run(&here, &["old.conf", "new.conf", "--report", &report]);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", said(&output));
        let root = examples.join("../..").canonicalize().unwrap();
        let now = std::fs::read_to_string(&written).unwrap();
        let now = now.replace(&format!("{}/", root.display()), "");
        let kept = here.join("report.md");
        if std::env::var_os("HOPCHECK_BLESS").is_some() {
            std::fs::write(&kept, &now).unwrap();
        }
        let before = std::fs::read_to_string(&kept).unwrap_or_default();
        if plain(&before) != plain(&now) {
            wrong.push(format!("{name}:\n{now}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
