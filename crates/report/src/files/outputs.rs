//! Where reports are written to.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tempfile::NamedTempFile;
use thiserror::Error;

use super::super::html;
use super::super::model::Report;
use super::{cucumber, github, junit};

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page for a browser.
    Html,
    /// JUnit's XML, which CI servers show.
    Junit,
    /// Cucumber's JSON, which other tools read.
    Json,
    /// All results, for `hopcheck merge`.
    Results,
    /// GitHub's workflow commands, on standard output.
    Github,
}

/// A value of `--report`, such as `html=report.html` or `github`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportOption {
    /// Which kind.
    pub format: Format,
    /// Where to; `None`: to standard output.
    pub file: Option<PathBuf>,
}

/// Why a report cannot be written.
#[derive(Debug, Error)]
#[error("cannot write {}: {error}\n  help: name a file in a directory that can be written to", path.display())]
pub struct ReportError {
    /// The report.
    path: PathBuf,
    /// Why.
    error: std::io::Error,
}

/// The reports to write, each with its file already open.
#[derive(Debug, Default)]
pub struct Outputs(Vec<(Format, Option<ReportFile>)>);

/// Where a report goes.
#[derive(Debug)]
struct ReportFile {
    path: PathBuf,
    /// A temporary file, moved to `path` when complete. `None` if `path` is not a regular file.
    draft: Option<NamedTempFile>,
}

// === impl ReportOption ===

impl FromStr for ReportOption {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportOption, String> {
        let (format, file) = text.split_once('=').map_or((text, None), |(format, file)| (format, Some(file)));
        let format = match format {
            "html" => Format::Html,
            "junit" => Format::Junit,
            "json" => Format::Json,
            "results" => Format::Results,
            "github" => Format::Github,
            _ => {
                return Err("a report is html=FILE, junit=FILE, json=FILE, results=FILE or github".to_owned());
            }
        };
        match (format, file) {
            (Format::Github, Some(_)) => Err("github is printed, and takes no file".to_owned()),
            (Format::Github, None) => Ok(ReportOption { format, file: None }),
            (_, Some(file)) if !file.is_empty() => Ok(ReportOption { format, file: Some(file.into()) }),
            _ => Err(format!("{text} needs a file, as in {text}=FILE")),
        }
    }
}

// === impl Outputs ===

impl Outputs {
    /// Makes sure that each report can be written, and makes the directories it lies in.
    ///
    /// # Errors
    /// When one cannot.
    pub fn open(wanted: &[ReportOption]) -> Result<Outputs, ReportError> {
        let place = |wanted: &ReportOption| {
            let place = wanted.file.as_deref().map(ReportFile::open).transpose()?;
            Ok((wanted.format, place))
        };
        wanted.iter().map(place).collect::<Result<_, _>>().map(Outputs)
    }

    /// Writes them.
    ///
    /// # Errors
    /// When one cannot be written after all.
    pub fn write(self, report: &Report) -> Result<(), ReportError> {
        for (format, place) in self.0 {
            let text = text(format, report);
            match place {
                Some(place) => place.write(&text)?,
                None => out!("{text}"),
            }
        }
        Ok(())
    }
}

/// A report as text.
fn text(format: Format, report: &Report) -> String {
    match format {
        Format::Html => html::report(report),
        Format::Junit => junit::xml(report),
        Format::Json => cucumber::json(report),
        Format::Results => json(report),
        Format::Github => github::commands(report),
    }
}

/// Our own model has only what JSON can say.
fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap_or_default() + "\n"
}

// === impl ReportFile ===

impl ReportFile {
    fn open(path: &Path) -> Result<ReportFile, ReportError> {
        let place = |draft| ReportFile { path: path.to_owned(), draft };
        let error = |error| ReportError { path: path.to_owned(), error };
        match std::fs::metadata(path) {
            Ok(is) if is.is_dir() => Err(error(std::io::ErrorKind::IsADirectory.into())),
            Ok(is) if !is.is_file() => Ok(place(None)),
            _ => {
                let directory = match path.parent() {
                    Some(parent) if !parent.as_os_str().is_empty() => parent,
                    _ => Path::new("."),
                };
                std::fs::create_dir_all(directory).map_err(error)?;
                // As any new file: the umask takes from it what it takes.
                let mode = std::fs::Permissions::from_mode(0o666);
                let draft =
                    tempfile::Builder::new().permissions(mode).prefix(".hopcheck-").tempfile_in(directory);
                Ok(place(Some(draft.map_err(error)?)))
            }
        }
    }

    fn write(self, text: &str) -> Result<(), ReportError> {
        let ReportFile { path, draft } = self;
        let written = match draft {
            None => std::fs::write(&path, text),
            Some(mut draft) => draft
                .write_all(text.as_bytes())
                .and_then(|()| draft.persist(&path).map(drop).map_err(|error| error.error)),
        };
        written.map_err(|error| ReportError { path, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_report_is_named_with_its_file() {
        let parsed = |text: &str| text.parse::<ReportOption>();
        assert_eq!(parsed("html=a/b=c.html").map(|wanted| wanted.file), Ok(Some("a/b=c.html".into())));
        assert_eq!(parsed("github"), Ok(ReportOption { format: Format::Github, file: None }));
        assert_eq!(parsed("html"), Err("html needs a file, as in html=FILE".into()));
        assert_eq!(parsed("github=x"), Err("github is printed, and takes no file".into()));
        assert!(parsed("pdf=x").is_err());
    }

    #[test]
    fn directories_are_made_and_nothing_but_the_report_is_left_in_them() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a/b/results.json");
        let wanted = [ReportOption { format: Format::Results, file: Some(file.clone()) }];
        let report = sample::report(Vec::new());
        drop(Outputs::open(&wanted).unwrap());
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 0);
        Outputs::open(&wanted).unwrap().write(&report).unwrap();
        let read: Report = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(read, report);
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_told_at_once() {
        let wanted = ReportOption { format: Format::Html, file: Some("/proc/report.html".into()) };
        let error = Outputs::open(&[wanted]).unwrap_err().to_string();
        assert!(error.starts_with("cannot write /proc/report.html: "), "{error}");
    }
}
