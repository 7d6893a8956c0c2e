//! Why a template cannot be filled in.

use std::fmt::Write as _;
use std::path::PathBuf;

use thiserror::Error;

use crate::fill::Missing;

/// Why a template or a ConfigMap cannot be used.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}{}", path.display(), file_help(error))]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It needs values that are not there.
    #[error("{}", without_values(.0))]
    NoValue(Vec<NoValue>),
    /// It is none of the files that hold an nginx.conf.
    #[error("{0}")]
    NotOne(String),
    /// A value was given in a way that is not understood.
    #[error("{0}")]
    Overrides(String),
}

/// What to do about a file that cannot be read, as a line of its own: another may have been meant.
pub fn file_help(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => "\n  help: name the file to test with --conf FILE",
        _ => "",
    }
}

/// A name that needs a value and has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoValue {
    /// The name.
    pub name: String,
    /// `default.conf.template:3`.
    pub place: String,
    /// That line.
    pub line: String,
}

impl From<Missing> for NoValue {
    fn from(Missing { name, place, line }: Missing) -> NoValue {
        NoValue { name, place, line }
    }
}

fn without_values(missing: &[NoValue]) -> String {
    let mut text = String::new();
    let mut names: Vec<&str> = Vec::new();
    for NoValue { name, place, line } in missing {
        if !names.contains(&name.as_str()) {
            names.push(name);
            let _ = writeln!(text, "{place}: {name} has no value\n    {line}");
        }
    }
    let flags: Vec<String> = names.iter().map(|name| format!("--env {name}={}", example(name))).collect();
    let _ = write!(
        text,
        "  help: set what it is where the site runs: {}; or under [environment] in hopcheck.toml",
        flags.join(" ")
    );
    text
}

/// A value that a name of that kind may have.
fn example(name: &str) -> &'static str {
    if name.contains("PORT") { "8080" } else { "VALUE" }
}
