//! Log files: opened by the master, shared with the workers, reopened on USR1.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::syslog::SyslogSender;
use nginx_conf::model::{Config, LogTarget, User};

/// Open log files. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogFiles {
    sinks: Vec<(LogTarget, Sink)>,
}

/// What takes the lines of a log.
#[derive(Debug, Clone)]
pub(super) enum Sink {
    File(Arc<File>),
    Syslog(Arc<SyslogSender>),
}

/// A log file could not be opened; the message is nginx's.
#[derive(Debug, thiserror::Error)]
#[error("open() \"{}\" failed ({})", path.display(), super::describe(source))]
pub(crate) struct OpenError {
    path: PathBuf,
    source: io::Error,
}

impl LogFiles {
    /// Opens every log of the configuration, creating files with mode 0644.
    ///
    /// # Errors
    ///
    /// The first file that cannot be opened.
    pub(crate) fn open(config: &Config) -> Result<LogFiles, OpenError> {
        let mut files = LogFiles::default();
        for log in &config.error_log {
            files.add(&log.target)?;
        }
        for location in config.http.iter().flat_map(|http| &http.locations) {
            for log in &location.settings.error_log {
                files.add(&log.target)?;
            }
            for log in &location.settings.access_log {
                files.add(&log.target)?;
            }
        }
        Ok(files)
    }

    /// Reopens the same logs by name, after a rotation. If that fails, the old file stays in use and the error is
    /// returned as well. As in nginx, the workers' user becomes the owner of the files.
    pub(crate) fn reopen(&self, user: Option<&User>) -> (LogFiles, Vec<OpenError>) {
        let mut errors = Vec::new();
        let mut again = |(target, old): &(LogTarget, Sink)| {
            let Sink::File(old) = old else { return (target.clone(), old.clone()) };
            let new = open(target).and_then(|file| match (target, user) {
                (LogTarget::File(path), Some(user)) => chown_to(file, path, user),
                _ => Ok(file),
            });
            let file = new.map(Arc::new).unwrap_or_else(|error| {
                errors.push(error);
                Arc::clone(old)
            });
            (target.clone(), Sink::File(file))
        };
        let sinks = self.sinks.iter().map(&mut again).collect();
        (LogFiles { sinks }, errors)
    }

    /// What takes the lines of a log.
    pub(super) fn get(&self, target: &LogTarget) -> Option<&Sink> {
        self.sinks.iter().find(|(named, _)| is_same_target(named, target)).map(|(_, sink)| sink)
    }

    fn add(&mut self, target: &LogTarget) -> Result<(), OpenError> {
        if self.get(target).is_none() {
            let sink = match target {
                LogTarget::Syslog(syslog) => Sink::Syslog(Arc::new(SyslogSender::new(syslog))),
                LogTarget::File(_) | LogTarget::Stderr => Sink::File(Arc::new(open(target)?)),
            };
            self.sinks.push((target.clone(), sink));
        }
        Ok(())
    }
}

/// Whether two targets are the same. Comparing paths by bytes is cheaper than by component, and happens on every
/// request.
pub(super) fn is_same_target(one: &LogTarget, other: &LogTarget) -> bool {
    match (one, other) {
        (LogTarget::File(one), LogTarget::File(other)) => {
            one.as_os_str().as_bytes() == other.as_os_str().as_bytes()
        }
        (LogTarget::Stderr, LogTarget::Stderr) => true,
        (LogTarget::Syslog(one), LogTarget::Syslog(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn open(target: &LogTarget) -> Result<File, OpenError> {
    match target {
        LogTarget::File(path) => OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o644)
            .open(path)
            .map_err(|source| OpenError { path: path.clone(), source }),
        // Nothing is to be opened for syslog.
        LogTarget::Stderr | LogTarget::Syslog(_) => io::stderr()
            .as_fd()
            .try_clone_to_owned()
            .map(File::from)
            .map_err(|source| OpenError { path: "stderr".into(), source }),
    }
}

fn chown_to(file: File, path: &Path, user: &User) -> Result<File, OpenError> {
    let change = || {
        let metadata = file.metadata()?;
        // Devices and pipes (`/dev/stdout`) keep their owner, and so do the targets of links: otherwise anyone who can
        // write to the directory, such as the workers' user, could become the owner of any file.
        let named = std::fs::symlink_metadata(path)?;
        let is_no_link =
            (named.dev(), named.ino()) == (metadata.dev(), metadata.ino()) && metadata.nlink() == 1;
        if !metadata.is_file() || !is_no_link {
            return Ok(());
        }
        if metadata.uid() != user.uid {
            fchown(&file, Some(user.uid), None)?;
        }
        let mode = metadata.mode();
        if mode & 0o600 != 0o600 {
            file.set_permissions(std::fs::Permissions::from_mode(mode | 0o600))?;
        }
        Ok(())
    };
    change().map_err(|source| OpenError { path: path.to_owned(), source })?;
    Ok(file)
}
