//! The resources that a run needs of its machine. Limits are raised where possible; anything else is reported before the run,
//! as it is not a fault of the configuration.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

use crate::scene::worker_account;

/// The open files that a run of sixteen scenarios needs.
const MIN_OPEN_FILES: u64 = 2048;

/// More than any run needs. A limit in the millions slows down programs that iterate over all possible descriptors.
const MAX_OPEN_FILES: u64 = 65_536;

/// The disk space of all scratch directories of a run.
const MIN_DISK_SPACE: u64 = 64 * 1024 * 1024;

/// The original umask of this process.
static UMASK: OnceLock<Mode> = OnceLock::new();

/// Raises the limit of open files as far as allowed.
pub fn raise_open_files_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(MAX_OPEN_FILES).min(MAX_OPEN_FILES);
    if current.is_some_and(|current| current < wanted) {
        // If it cannot be raised, `check` reports that.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Restores the user's umask, for files such as reports.
pub fn restore_umask() {
    if let Some(taken) = UMASK.get() {
        umask(*taken);
    }
}

/// Checks that scenarios can run in directories below `scratch`. Until [`restore_umask`], new files are readable by the
/// workers' account.
///
/// # Errors
/// What this machine lacks, and what to do.
pub fn check(scratch: &Path) -> Result<(), String> {
    if let Some(files) = getrlimit(Resource::Nofile).current.filter(|files| *files < MIN_OPEN_FILES) {
        return Err(format!(
            "the limit of open files is {files}, and a run needs {MIN_OPEN_FILES}\n  help: `ulimit -n {MIN_OPEN_FILES}`, or raise \
             the hard limit"
        ));
    }
    let free = rustix::fs::statvfs(scratch).map(|at| at.f_bavail.saturating_mul(at.f_frsize));
    if let Ok(free) = free
        && free < MIN_DISK_SPACE
    {
        return Err(format!(
            "{} has {} MiB left, and a run needs {}\n  help: free some space, or set TMPDIR to another directory",
            scratch.display(),
            free >> 20,
            MIN_DISK_SPACE >> 20
        ));
    }
    let is_closed = |directory: &&Path| directory.metadata().is_ok_and(|found| found.mode() & 0o001 == 0);
    let taken = umask(Mode::from_raw_mode(0o022));
    UMASK.get_or_init(|| taken);
    match scratch.ancestors().find(is_closed).filter(|_| worker_account().is_some()) {
        None => Ok(()),
        Some(closed) => Err(format!(
            "{} is only accessible to its owner, and workers run as {}\n  help: set TMPDIR to another directory, or do not \
             run this as root",
            closed.display(),
            worker_account().unwrap_or_default()
        )),
    }
}

/// The resource that has run out, judging by the text of a failure or by what the engine has logged.
pub fn exhausted_resource(said: &str) -> Option<&'static str> {
    let lacks = [
        ("(os error 28)", "no space left on this machine's disk"),
        ("(os error 24)", "too many open files (see `ulimit -n`)"),
        ("(os error 23)", "too many open files on this machine"),
        ("(os error 99)", "no local address or port left on this machine"),
        // So an engine logs it.
        ("connect() failed (99: ", "no local address or port left on this machine"),
        ("(os error 12)", "out of memory"),
    ];
    lacks.into_iter().find(|(words, _)| said.contains(words)).map(|(_, lack)| lack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exhausted_resources_are_recognized_by_their_error() {
        let error = std::io::Error::from_raw_os_error(28);
        assert_eq!(exhausted_resource(&error.to_string()), Some("no space left on this machine's disk"));
        let logged = "[error] 7#8: *2 connect() failed (99: Cannot assign requested address) while connecting to upstream";
        assert_eq!(exhausted_resource(logged), Some("no local address or port left on this machine"));
        assert_eq!(exhausted_resource("the response is 500, not 200"), None);
    }
}
