//! What a run needs of the machine it is on. What can be put right is; the rest is told before anything is run, since a
//! machine's lack is no fault of the configuration.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

use crate::scene::worker_account;

/// Files that are open at once in a run of sixteen scenarios, and in the largest of them.
const OPEN_FILES: u64 = 2048;

/// More than any run asks for: a limit in the millions is a burden to programs that walk through all they might have open.
const MAX_OPEN_FILES: u64 = 65_536;

/// What all scratch directories of a run take at once.
const ROOM: u64 = 64 * 1024 * 1024;

/// Which permissions this process was started to take away from new files.
static UMASK: OnceLock<Mode> = OnceLock::new();

/// Has as many files open at once as this process may.
pub fn prepare() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(MAX_OPEN_FILES).min(MAX_OPEN_FILES);
    if current.is_some_and(|current| current < wanted) {
        // Where it may not be raised, `check` will say so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Files from now on are for the user, such as reports, with the permissions that the user wants.
pub fn done() {
    if let Some(taken) = UMASK.get() {
        umask(*taken);
    }
}

/// Whether scenarios can be run in directories below `scratch`, whose files workers of another account may read from now on,
/// until [`done`].
///
/// # Errors
/// Says what this machine lacks, and what to do.
pub fn check(scratch: &Path) -> Result<(), String> {
    if let Some(files) = getrlimit(Resource::Nofile).current.filter(|files| *files < OPEN_FILES) {
        return Err(format!(
            "only {files} files may be open at once here, and a run needs {OPEN_FILES}\n  help: `ulimit -n {OPEN_FILES}`, or have \
             the hard limit raised"
        ));
    }
    let free = rustix::fs::statvfs(scratch).map(|at| at.f_bavail.saturating_mul(at.f_frsize));
    if let Ok(free) = free
        && free < ROOM
    {
        return Err(format!(
            "{} has {} MiB left, and a run needs {}\n  help: make room, or name another directory in TMPDIR",
            scratch.display(),
            free >> 20,
            ROOM >> 20
        ));
    }
    let is_closed = |directory: &&Path| directory.metadata().is_ok_and(|found| found.mode() & 0o001 == 0);
    let taken = umask(Mode::from_raw_mode(0o022));
    UMASK.get_or_init(|| taken);
    match scratch.ancestors().find(is_closed).filter(|_| worker_account().is_some()) {
        None => Ok(()),
        Some(closed) => Err(format!(
            "{} may be entered by its owner alone, and workers run as {}\n  help: name another directory in TMPDIR, or do not \
             run this as root",
            closed.display(),
            worker_account().unwrap_or_default()
        )),
    }
}

/// What of this machine has run out, going by the words of a failure.
pub fn lack(said: &str) -> Option<&'static str> {
    let lacks = [
        ("(os error 28)", "no space is left on this machine's disk"),
        ("(os error 24)", "too many files are open at once (see `ulimit -n`)"),
        ("(os error 23)", "too many files are open on this machine"),
        ("(os error 99)", "this machine has no local address or port left"),
        ("(os error 12)", "this machine has no memory left"),
    ];
    lacks.into_iter().find(|(words, _)| said.contains(words)).map(|(_, lack)| lack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_s_lack_is_known_by_the_words_of_the_system() {
        let error = std::io::Error::from_raw_os_error(28);
        assert_eq!(lack(&error.to_string()), Some("no space is left on this machine's disk"));
        assert_eq!(lack("the response is 500, not 200"), None);
    }
}
