//! What the scenarios are run against. A target starts a proxy for a scenario; no step asks which one it is.

mod aside;
mod child;
mod deployment;
mod installed;
mod nginx;
mod reference;
mod wall;

use std::fmt::Debug;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

pub use deployment::{Deployment, Found, USER_AGENT};
pub use installed::{CHILD_SUBCOMMAND, Installed, become_child};
pub use nginx::{LOCAL_IMAGE, Nginx, NginxOptions, OFFICIAL_IMAGE};
pub use reference::{REFERENCE_SUBCOMMAND, Reference};
pub use wall::PORTS;
pub use wall::raise as raise_wall;

use crate::conf::{Scratch, give_back};

/// How long a proxy may take until it listens, or to end when told to. Generous: it is only ever waited out when
/// something is wrong.
pub const START_DEADLINE: Duration = Duration::from_secs(30);

/// The directory of a run, which scratch directories lie in. It goes with the run; where a run was killed, with the next one.
#[derive(Debug)]
struct RunDirectory {
    directory: tempfile::TempDir,
    /// Held locked for as long as the run lasts.
    _lock: std::fs::File,
}

/// How the directories of runs begin, and the file in each that its run holds locked.
const RUN_PREFIX: &str = "hopcheck-";
const RUN_LOCK: &str = "lock";

impl RunDirectory {
    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the directories below `parent` whose runs are gone.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    let is_of_a_run = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(RUN_PREFIX);
    for entry in entries.filter_map(Result::ok).filter(is_of_a_run) {
        // One without a lock is about to get it, or somebody else's.
        let Ok(lock) = std::fs::File::open(entry.path().join(RUN_LOCK)) else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            give_back(&entry.path());
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A new directory below `parent` for scratch directories, open to the account the workers drop to.
fn scratch_below(parent: &Path) -> io::Result<RunDirectory> {
    sweep(parent);
    let open = std::fs::Permissions::from_mode(0o755);
    let directory = tempfile::Builder::new().prefix(RUN_PREFIX).tempdir_in(parent)?;
    // Whatever the umask takes away.
    std::fs::set_permissions(directory.path(), open)?;
    // Never there without being locked, so that no other run takes it for one that is gone.
    let unlocked = directory.path().join("unlocked");
    let lock = std::fs::File::create_new(&unlocked)?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    std::fs::rename(unlocked, directory.path().join(RUN_LOCK))?;
    Ok(RunDirectory { directory, _lock: lock })
}

/// Something that runs a configuration.
#[async_trait]
pub trait Target: Debug + Send + Sync {
    /// The name given to `--target`.
    fn name(&self) -> &str;

    /// What it is, with its version, for the head of a report.
    fn describe(&self) -> String;

    /// Where scratch directories must lie so that this target can read them.
    fn scratch_parent(&self) -> &Path;

    /// Starts a proxy on the configuration in `scratch`. It may not listen yet when this returns.
    ///
    /// # Errors
    /// When it could not be started at all.
    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError>;

    /// Checks a configuration file without running it, as `nginx -t` does.
    ///
    /// # Errors
    /// When the check itself could not be made.
    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError>;
}

/// A running proxy.
#[async_trait]
pub trait Proxy: Debug + Send + Sync {
    /// What it wrote to its standard error so far, and whether it has ended.
    async fn state(&self) -> ProxyState;

    /// The process id of its master, as it sees it itself.
    async fn pid(&self) -> Option<u32>;

    /// Sends the master process a signal.
    ///
    /// # Errors
    /// When it is not running.
    async fn signal(&self, signal: Signal) -> Result<(), TargetError>;

    /// Ends it at once and waits until it is gone.
    async fn stop(&mut self);
}

/// A proxy's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyState {
    /// It runs, as far as can be told.
    Running,
    /// It ended, having said this.
    Ended(String),
}

/// What `-t` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the configuration would be run.
    pub accepted: bool,
    /// What was printed, with the scratch directory's paths in it.
    pub output: String,
}

/// Signals that nginx's master process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `-s stop`: end at once.
    Term,
    /// `-s quit`: finish what is open.
    Quit,
    /// `-s reload`.
    Hup,
    /// `-s reopen`.
    Usr1,
}

impl Signal {
    /// The name `kill -s` takes.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Term => "TERM",
            Signal::Quit => "QUIT",
            Signal::Hup => "HUP",
            Signal::Usr1 => "USR1",
        }
    }
}

/// The variable that tells a child who its parent is.
const PARENT: &str = "HOPCHECK_PARENT";

/// Sees to it that this process ends with its parent, which has started it and told it so in `HOPCHECK_PARENT`. False where the parent is gone
/// already.
pub fn end_with_parent(signal: rustix::process::Signal) -> bool {
    // Where that cannot be had, a run that ends as it should ends it.
    let _ = rustix::process::set_parent_process_death_signal(Some(signal));
    let expected = std::env::var(PARENT).ok().and_then(|parent| parent.parse::<i32>().ok());
    let parent =
        rustix::process::getppid().map(rustix::process::Pid::as_raw_nonzero).map(std::num::NonZero::get);
    expected.is_none() || expected == parent
}

/// A signal as the kernel knows it.
fn kernel_signal(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Term => rustix::process::Signal::TERM,
        Signal::Quit => rustix::process::Signal::QUIT,
        Signal::Hup => rustix::process::Signal::HUP,
        Signal::Usr1 => rustix::process::Signal::USR1,
    }
}

/// Why a target cannot be used.
#[derive(Debug, Error)]
pub enum TargetError {
    /// A program or file is not to be had.
    #[error("cannot run {}: {error}", program.display())]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No container can be had.
    #[error("{0}")]
    Container(String),
    /// A deployment cannot be asked; what to do.
    #[error("{0}")]
    Deployment(String),
    /// Talking to what runs failed.
    #[error("{0}")]
    Control(#[from] std::io::Error),
    /// It did not do what it was told in time.
    #[error("{what} did not happen within {} s", START_DEADLINE.as_secs())]
    Deadline {
        /// What was awaited.
        what: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_has_left_behind_goes_with_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let live = scratch_below(parent.path()).unwrap();
        let killed = parent.path().join("hopcheck-killed");
        std::fs::create_dir_all(killed.join("s1/root")).unwrap();
        std::fs::write(killed.join(RUN_LOCK), "").unwrap();
        let not_ours = parent.path().join("hopcheck-notes");
        std::fs::create_dir(&not_ours).unwrap();
        let next = scratch_below(parent.path()).unwrap();
        assert!(!killed.exists());
        assert!(live.path().exists() && next.path().exists() && not_ours.exists());
    }
}
