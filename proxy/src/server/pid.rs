//! The pid file, and `-s`, which uses it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::process::{Pid, Signal as Number, kill_process};

use super::command_line::Signal;
use crate::log::describe;

/// Writes the process id.
///
/// # Errors
///
/// In nginx's words.
pub(crate) fn write(path: &Path) -> Result<(), String> {
    let failed = |call: &str, error: &io::Error| {
        format!("{call}() \"{}\" failed ({})", path.display(), describe(error))
    };
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .open(path)
        .map_err(|error| failed("open", &error))?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes()).map_err(|error| failed("write", &error))
}

/// Checks for `-t` that the pid file can be written, without changing that of a running master.
///
/// # Errors
///
/// In nginx's words.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let open = fs::OpenOptions::new().append(true).create(true).mode(0o644).open(path);
    open.map(drop).map_err(|error| format!("open() \"{}\" failed ({})", path.display(), describe(&error)))
}

/// Removes the pid file.
///
/// # Errors
///
/// In nginx's words.
pub(crate) fn remove(path: &Path) -> Result<(), String> {
    fs::remove_file(path)
        .map_err(|error| format!("unlink() \"{}\" failed ({})", path.display(), describe(&error)))
}

/// Sends a signal to the master of the pid file.
///
/// # Errors
///
/// In nginx's words.
pub(crate) fn signal(path: &Path, signal: Signal) -> Result<(), String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("open() \"{}\" failed ({})", path.display(), describe(&error)))?;
    let number = text.trim_end();
    let pid = number.parse().ok().filter(|pid: &i32| pid.is_positive()).and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| format!("invalid PID number \"{number}\" in \"{}\"", path.display()))?;
    let to_send = match signal {
        Signal::Stop => Number::TERM,
        Signal::Quit => Number::QUIT,
        Signal::Reopen => Number::USR1,
        Signal::Reload => Number::HUP,
    };
    let failed = |error: rustix::io::Errno| {
        format!("kill({number}, {}) failed ({})", to_send.as_raw(), describe(&error.into()))
    };
    kill_process(pid, to_send).map_err(failed)
}
