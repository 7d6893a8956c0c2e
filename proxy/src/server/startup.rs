//! Before the master starts: loading and testing the configuration, and reporting errors.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::command_line::CommandLine;
use super::pid;
use super::sockets::Sockets;
use super::worker;
use crate::clock::Clock;
use crate::log::{LogFiles, Logs, describe};
use crate::version::PRODUCT;
use nginx_conf::model::{Config, Level, LogTarget};
use nginx_conf::{self, ConfigError, LoadOptions};

/// Loads the configuration, at the start and on every reload.
#[derive(Debug)]
pub(super) struct ConfigLoader {
    options: LoadOptions,
    error_log: Option<LogTarget>,
}

impl ConfigLoader {
    /// With the options of the command line. Relative paths start at `-p`, or else in the current directory.
    pub(super) fn new(line: &CommandLine) -> ConfigLoader {
        let current = std::env::current_dir().unwrap_or_default();
        let prefix = current.join(line.prefix.as_deref().unwrap_or(Path::new("")));
        let error_log = line.error_log.as_ref().map(|file| match file.as_os_str() == OsStr::new("stderr") {
            true => LogTarget::Stderr,
            false => LogTarget::File(prefix.join(file)),
        });
        let options = LoadOptions {
            prefix,
            file: line.file.clone().unwrap_or_else(|| "nginx.conf".into()),
            globals: line.directives.iter().cloned().collect(),
            as_root: worker::is_root(),
            version: line.version_as,
        };
        ConfigLoader { options, error_log }
    }

    /// The configuration file.
    pub(super) fn file(&self) -> PathBuf {
        self.options.prefix.join(&self.options.file)
    }

    /// Loads the configuration.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn load(&self) -> Result<Config, ConfigError> {
        let mut config = nginx_conf::load(&self.options)?;
        if let Some(target) = &self.error_log {
            let default = LogTarget::File(self.options.prefix.join("logs/error.log"));
            replace_default_log(&mut config, &default, target);
        }
        Ok(config)
    }
}

/// `-e` replaces the default error log.
fn replace_default_log(config: &mut Config, default: &LogTarget, target: &LogTarget) {
    let locations = config.http.iter_mut().flat_map(|http| &mut http.locations);
    for logs in locations.map(|location| &mut location.settings.error_log).chain([&mut config.error_log]) {
        if let [log] = &mut logs[..]
            && log.level == Level::Error
            && log.target == *default
        {
            log.target.clone_from(target);
        }
    }
}

/// `-t`: tests what can be tested without serving: logs, addresses and the pid file.
///
/// # Errors
///
/// In nginx's words.
pub(super) fn test(config: &Config, line: &CommandLine) -> Result<(), String> {
    if !line.quiet {
        eprintln!("{PRODUCT}: the configuration file {} syntax is ok", config.file.display());
    }
    LogFiles::open(config).map_err(|error| error.to_string())?;
    config.http.as_ref().map_or(Ok(()), Sockets::probe).map_err(|error| error.to_string())?;
    pid::check(&config.pid)?;
    if !line.quiet {
        eprintln!("{PRODUCT}: configuration file {} test is successful", config.file.display());
    }
    Ok(())
}

/// The last line of a failed `-t`.
pub(super) fn print_failure(loader: &ConfigLoader) {
    eprintln!("{PRODUCT}: configuration file {} test failed", loader.file().display());
}

/// `-T`: prints every file of the configuration, as nginx does.
///
/// # Errors
///
/// A file can no longer be read, or standard output is closed.
pub(super) fn dump(config: &Config) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    for file in &config.files {
        let name = file.display();
        let failed = |error| format!("read() \"{name}\" failed ({})", describe(&error));
        let text = std::fs::read(file).map_err(failed)?;
        let written = writeln!(output, "# configuration file {name}:")
            .and_then(|()| output.write_all(&text))
            .and_then(|()| writeln!(output));
        written.map_err(|error| format!("write() to stdout failed ({})", describe(&error)))?;
    }
    Ok(())
}

/// Logs messages before the master has logs: to standard error as `reference-proxy: [emerg] …`, and to the file of
/// `-e`, as nginx does.
#[derive(Debug)]
pub(super) struct StartupLog {
    stderr: bool,
    early_log: Option<PathBuf>,
    logs: Option<Rc<Logs>>,
}

impl StartupLog {
    /// To standard error, and to the file of `-e` if there is one.
    pub(super) fn new(loader: &ConfigLoader) -> StartupLog {
        let early_log = match &loader.error_log {
            Some(LogTarget::File(path)) => Some(path.clone()),
            _ => None,
        };
        StartupLog { stderr: true, early_log, logs: None }
    }

    /// To a log only.
    pub(super) fn to_log(logs: Rc<Logs>) -> StartupLog {
        StartupLog { stderr: false, early_log: None, logs: Some(logs) }
    }

    /// From now on also logs to the error log of the configuration.
    pub(super) fn also_log_to(&mut self, logs: Rc<Logs>) {
        self.early_log = None;
        self.logs = Some(logs);
    }

    /// Logs a message. Standard error gets all lines of warnings and worse, logs get the first line.
    pub(super) fn log(&mut self, level: Level, message: &str) {
        let logged_there = self.logs.as_ref().is_some_and(|logs| logs.main_is_on_stderr(level));
        if self.stderr && level <= Level::Warn && !logged_there {
            eprintln!("{PRODUCT}: [{}] {message}", crate::log::level_name(level));
        }
        let headline = message.lines().next().unwrap_or_default();
        if let Some(logs) = &self.logs {
            logs.main_error(level, format_args!("{headline}"));
        }
        if let Some(path) = &self.early_log {
            let line = crate::log::error_line(
                &Clock::new().now().error_log,
                level,
                std::process::id(),
                std::process::id(),
                format_args!("{headline}"),
            );
            let written = OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .and_then(|mut file| file.write_all(&line));
            if let Err(error) = written {
                let (path, error) = (path.display(), crate::log::describe(&error));
                eprintln!(
                    "{PRODUCT}: [alert] could not open error log file: open() \"{path}\" failed ({error})"
                );
                self.early_log = None;
            }
        }
    }
}
