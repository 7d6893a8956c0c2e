//! Runs of the program against a configuration, for tests of what they come to.

use std::path::Path;
use std::process::Command;

use hopcheck_report::{Record, Report};
use hopcheck_targets::target::InstalledNginx;

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) report: Report,
}

pub(crate) fn run(target: &str, conf: &Path) -> Ran {
    run_features("../../features", conf, &["--target", target])
}

/// Runs the scenarios of a directory or file.
pub(crate) fn run_features(features: &str, conf: &Path, options: &[&str]) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let results = directory.path().join("r.json");
    let output = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(["run", "--features", features])
        .args(options)
        .arg("--conf")
        .arg(conf)
        .arg("--report")
        .arg(format!("results={}", results.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let text = std::fs::read_to_string(&results).unwrap_or_else(|error| panic!("{error}: {said}"));
    Ran { code: output.status.code(), said, report: serde_json::from_str(&text).unwrap() }
}

impl Ran {
    pub(crate) fn broken(&self) -> Vec<&str> {
        let records = self.report.targets.iter().flat_map(|target| &target.records);
        records.filter(|record| record.fails()).map(|record: &Record| record.name.as_str()).collect()
    }
}

/// The engines at hand.
pub(crate) fn engines() -> Vec<String> {
    let mut engines = vec!["reference".to_owned()];
    match InstalledNginx::locate() {
        Some(program) => engines.push(format!("nginx={}", program.display())),
        None => eprintln!("no nginx is installed here, so only half of this was tested"),
    }
    engines
}
