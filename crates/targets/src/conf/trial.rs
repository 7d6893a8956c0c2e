//! A configuration that is to be run: found, read, and rewritten once on trial.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::directory::common_conf;
use super::paths::Scratch;
use super::rewrite::Rewriter;
use super::source::{ConfError, Source, SourceOptions};

impl Source {
    /// The configuration that a user in the directory `start` means: `nginx.conf` there or
    /// another usual name, a template, `nginx/nginx.conf` of the checkout around it, or the built-in one.
    ///
    /// # Errors
    /// When that file exists and cannot be read.
    pub fn find(start: &Path) -> Result<Source, ConfError> {
        Source::find_with(start, &SourceOptions::default())
    }

    /// The same with these options.
    ///
    /// # Errors
    /// As [`Source::find`], and when a profile that is named cannot be read, or a template cannot be filled in.
    pub fn find_with(start: &Path, options: &SourceOptions) -> Result<Source, ConfError> {
        match (Source::locate(start), &options.profile) {
            (Some(file), _) => Source::read_with(&file, options),
            (None, Some(profile)) => Source::built_in_with(profile),
            (None, None) => Ok(Source::built_in()),
        }
    }

    /// The file that [`Source::find`] reads; `None` for the built-in one.
    pub fn locate(start: &Path) -> Option<PathBuf> {
        let around = || start.ancestors().map(|dir| dir.join("nginx/nginx.conf")).find(|file| file.is_file());
        let file = common_conf(start).or_else(around)?;
        Some(file.strip_prefix(start).unwrap_or(&file).to_owned())
    }

    /// Reads `path`, and `hopcheck.toml` beside it.
    ///
    /// # Errors
    /// When the file cannot be read, could reach beyond this run, or has an invalid profile beside it.
    pub fn read(path: &Path) -> Result<Source, ConfError> {
        Source::read_with(path, &SourceOptions::default())
    }

    /// The same with these options.
    ///
    /// # Errors
    /// As [`Source::read`], and when a profile that is named cannot be read, or a template cannot be filled in.
    pub fn read_with(path: &Path, options: &SourceOptions) -> Result<Source, ConfError> {
        let source = Source::open(path, options)?;
        match source.not_run() {
            None => Ok(source),
            Some(error) => Err(error),
        }
    }

    /// Why it is not run, if so.
    pub fn not_run(&self) -> Option<ConfError> {
        self.check().err().map(|error| ConfError::NotRun { name: self.name.clone(), error })
    }

    /// Rewrites it as a trial, to find out before a run whether that is possible.
    fn check(&self) -> std::io::Result<()> {
        let scratch = Scratch::new(&std::env::temp_dir())?;
        let rewriter =
            Rewriter { source: self, scratch: &scratch, app_servers: &[], user: None, allowed_clients: None };
        // Five digits, like reserved ports.
        let mut ports = 10_000..u16::MAX;
        let reserve = |_: &str| {
            let port = ports.next().ok_or_else(|| std::io::Error::other("too many addresses"))?;
            Ok(SocketAddr::from(([127, 0, 0, 1], port)))
        };
        match rewriter.rewrite(&self.text, reserve)?.missing.first() {
            None => Ok(()),
            Some(missing) => Err(self.missing_include_error(missing)),
        }
    }
}
