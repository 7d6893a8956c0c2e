//! What `hopcheck fix` mends: of every kind of fault a small site, whose mend must be found, proven and shown, and hold with nginx;
//! of a right site nothing; and what is left to a person.

mod applied;
mod fault;
mod faults;
mod mutants;
mod page;
mod refused;
mod templates;
mod unstartable;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hopcheck");

/// The scenarios of one feature.
fn feature(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(format!("features/{name}.feature")).display().to_string()
}

/// A directory with the files of a site.
struct Site(TempDir);

impl Site {
    fn of(files: &[(&str, &str)]) -> Site {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        Site(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a command of the program in the directory.
    fn hopcheck(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).current_dir(self.0.path()).args(arguments).output().unwrap()
    }

    /// What `hopcheck fix` finds, as JSON, and its exit code.
    fn fix(&self, options: &[&str]) -> (Option<i32>, Value) {
        let output = self.hopcheck(&[&["fix", "nginx.conf", "--report", "json"], options].concat());
        let told = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
        (output.status.code(), told)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The lines that patches take away and add, without their indentation.
fn changed_lines(told: &Value) -> Vec<String> {
    let mends = told["mends"].as_array().unwrap();
    let lines = mends.iter().flat_map(|mend| mend["patch"].as_str().unwrap().lines());
    let is_changed = |line: &&str| {
        (line.starts_with('-') || line.starts_with('+'))
            && !line.starts_with("---")
            && !line.starts_with("+++")
    };
    lines.filter(is_changed).map(|line| format!("{}{}", &line[..1], line[1..].trim())).collect()
}
