//! The program: command line, master, workers.
//!
//! There is one process. Its first thread is the master, which owns what outlives a configuration: listening sockets,
//! log files and the pid file. Each worker is a thread with its own event loop. A reload starts a new generation of
//! workers on the same sockets and lets the old one finish, so that no connection is refused or lost.

mod command_line;
mod master;
mod panic;
mod pid;
mod signals;
mod sockets;
mod startup;
mod worker;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

use command_line::{CommandLine, UsageError};
use master::Master;
use signals::Signals;
use startup::{ConfigLoader, StartupLog};

use crate::log::describe;
use crate::version::{PRODUCT, PRODUCT_WITH_VERSION};
use nginx_conf::model::Level;

/// Runs the program with the arguments after its name, in the foreground, until a signal stops it. It handles the
/// signals of the process, and with `user` changes the credentials of its worker threads.
///
/// The exit code is 0, or 1 if the command line or the configuration is invalid, or an address, log or pid file cannot
/// be opened.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match command_line::parse(arguments).and_then(with_environment) {
        Ok(line) if line.version => {
            print_version(&line);
            ExitCode::SUCCESS
        }
        Ok(line) => {
            let loader = ConfigLoader::new(&line);
            let mut log = StartupLog::new(&loader);
            let ended = run(&line, &loader, &mut log);
            if let Err(StartupError { level, message }) = &ended {
                log.log(*level, message);
            }
            if line.test && ended.is_err() {
                startup::print_failure(&loader);
            }
            if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{PRODUCT}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `HOPCHECK_NGINX_VERSION`, where the command line does not name a version.
fn with_environment(line: CommandLine) -> Result<CommandLine, UsageError> {
    let named = std::env::var("HOPCHECK_NGINX_VERSION").ok().filter(|name| !name.is_empty());
    match named {
        Some(name) if line.version_as.is_none() => {
            Ok(CommandLine { version_as: Some(command_line::version(&name)?), ..line })
        }
        _ => Ok(line),
    }
}

fn print_version(line: &CommandLine) {
    eprintln!("{PRODUCT} version: {PRODUCT_WITH_VERSION}");
    if line.help {
        eprint!("{}", command_line::HELP);
    }
    if line.build {
        let build = if cfg!(debug_assertions) { "development" } else { "release" };
        eprintln!("{build} build for {}-{}", std::env::consts::ARCH, std::env::consts::OS);
    }
}

/// Why the program failed to start.
#[derive(Debug)]
struct StartupError {
    level: Level,
    message: String,
}

impl From<String> for StartupError {
    fn from(message: String) -> StartupError {
        StartupError { level: Level::Emerg, message }
    }
}

fn run(line: &CommandLine, loader: &ConfigLoader, log: &mut StartupLog) -> Result<(), StartupError> {
    let config = loader.load().map_err(|error| error.to_string())?;
    for warning in &config.warnings {
        log.log(Level::Warn, warning);
    }
    if line.test {
        startup::test(&config, line)?;
        if line.dump {
            startup::dump(&config)?;
        }
        return Ok(());
    }
    if let Some(signal) = line.signal {
        return pid::signal(&config.pid, signal)
            .map_err(|message| StartupError { level: Level::Error, message });
    }
    let failed = |call: &str, error: &std::io::Error| format!("{call}() failed ({})", describe(error));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("epoll_create", &error))?;
    runtime.block_on(async {
        let signals = Signals::new().map_err(|error| failed("sigaction", &error))?;
        let master = Master::start(loader, config, log).await?;
        master.run(signals).await;
        Ok(())
    })
}
