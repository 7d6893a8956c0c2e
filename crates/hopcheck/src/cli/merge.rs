//! `hopcheck merge`.

use std::path::PathBuf;

use clap::Args;

use super::exit::Error;
use super::session::{exit_code, print_results};
use hopcheck_report::{Outputs, Report, ReportOption, Style, merge, print_matrix, print_rows};

/// More than the results of any run are.
const MAX_RESULTS_SIZE: u64 = 256 << 20;

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Files written by `run --report results=FILE`, of every shard and machine
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write reports: html=FILE, junit=FILE, json=FILE (Cucumber's), results=FILE, github; may be repeated
    #[arg(long = "report", value_name = "REPORT", value_delimiter = ',')]
    reports: Vec<ReportOption>,
    /// Also print the reason of each known difference, and the slowest scenarios
    #[arg(short, long)]
    verbose: bool,
}

/// Merges results into one report. Returns the exit code of the equivalent single run.
pub(super) fn merge_command(arguments: &MergeArgs) -> Result<u8, Error> {
    let outputs = Outputs::open(&arguments.reports)?;
    let mut parts = Vec::new();
    for file in &arguments.files {
        let name = file.display().to_string();
        let text = nginx_conf::read_regular_file(file, MAX_RESULTS_SIZE)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|error| format!("cannot read {name}: {error}"))?;
        let report: Report = serde_json::from_str(&text).map_err(|error| {
            format!("{name} was not written by `hopcheck run --report results=FILE`: {error}")
        })?;
        parts.push((name, report));
    }
    let report = merge(parts)?;
    let style = Style::detect();
    for target in &report.targets {
        let with_warnings = !report.has_several_configurations() || arguments.verbose;
        print_results(style, target, with_warnings, arguments.verbose);
    }
    if report.has_several_configurations() {
        print_rows(style, &report);
    } else if report.targets.len() > 1 {
        print_matrix(style, &report);
    }
    outputs.write(&report)?;
    Ok(exit_code(&report))
}
