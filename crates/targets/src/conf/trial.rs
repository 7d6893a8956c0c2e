//! A configuration that is to be run: found, read, and rewritten once on trial.

use std::net::SocketAddr;
use std::path::Path;

use hopcheck_templates::Overrides;

use super::paths::Scratch;
use super::rewrite::Rewriter;
use super::source::{ConfError, Source, common_conf};

impl Source {
    /// The configuration that a user in the directory `start` means: one of
    /// [`COMMON_CONF_NAMES`](super::COMMON_CONF_NAMES) or a template there, `nginx/nginx.conf` of
    /// the checkout around it, or the built-in one.
    ///
    /// # Errors
    /// When that file exists and cannot be read.
    pub fn find(start: &Path) -> Result<Source, ConfError> {
        Source::find_with(start, &Overrides::default())
    }

    /// The same, for a template with these values.
    ///
    /// # Errors
    /// As [`Source::find`].
    pub fn find_with(start: &Path, overrides: &Overrides) -> Result<Source, ConfError> {
        if let Some(file) = common_conf(start) {
            return Source::read_with(file.strip_prefix(start).unwrap_or(&file), overrides);
        }
        match start.ancestors().map(|dir| dir.join("nginx/nginx.conf")).find(|file| file.is_file()) {
            Some(file) => Source::read_with(file.strip_prefix(start).unwrap_or(&file), overrides),
            None => Ok(Source::built_in()),
        }
    }

    /// Reads `path`, and `hopcheck.toml` beside it.
    ///
    /// # Errors
    /// When the file cannot be read, could reach beyond this run, or has an invalid profile beside it.
    pub fn read(path: &Path) -> Result<Source, ConfError> {
        Source::read_with(path, &Overrides::default())
    }

    /// The same, for a template with these values.
    ///
    /// # Errors
    /// As [`Source::read`], and when it cannot be filled in.
    pub fn read_with(path: &Path, overrides: &Overrides) -> Result<Source, ConfError> {
        let source = Source::open(path, overrides)?;
        match source.check() {
            Ok(()) => Ok(source),
            Err(error) => Err(ConfError::NotRun { name: source.name, error }),
        }
    }

    /// Rewrites it as a trial, to find out before a run whether that is possible.
    fn check(&self) -> std::io::Result<()> {
        let scratch = Scratch::new(&std::env::temp_dir())?;
        let app_servers = [10_000_u16, u16::MAX].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let rewriter = Rewriter { source: self, scratch: &scratch, app_servers: &app_servers, user: None };
        // Five digits, like reserved ports.
        let mut ports = 10_001..u16::MAX;
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
