//! The targets. Each starts a proxy for a scenario; steps do not know which one it is.

mod child;
mod deployment;
mod in_browser;
mod installed;
mod reference;
mod sandbox;

use std::fmt::Debug;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

pub use deployment::{Deployment, DeploymentInfo, USER_AGENT};
pub use in_browser::find_browser;
pub use installed::{CHILD_SUBCOMMAND, InstalledNginx, become_child};
pub use reference::{REFERENCE_SUBCOMMAND, Reference, TRACE_VARIABLE};
pub use sandbox::PORTS_FILE;
pub use sandbox::enter as enter_sandbox;

use crate::conf::{Scratch, restore_permissions};

/// How long a proxy may take to start listening or to stop. Generous, as it only expires when something is wrong.
pub const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The directory of a run, which contains its scratch directories. It is removed at the end of the run or, if the run was
/// killed, by the next one.
#[derive(Debug)]
pub struct RunDirectory {
    directory: tempfile::TempDir,
    /// Locked for the duration of the run.
    _lock: std::fs::File,
}

/// The prefix of run directories, and the name of their lock file.
const RUN_PREFIX: &str = "hopcheck-";
const RUN_LOCK: &str = "lock";

impl RunDirectory {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the directories of dead runs below `parent`.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    let is_of_a_run = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(RUN_PREFIX);
    for entry in entries.filter_map(Result::ok).filter(is_of_a_run) {
        // Without a lock it is either being created, or not ours.
        let Ok(lock) = std::fs::File::open(entry.path().join(RUN_LOCK)) else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            restore_permissions(&entry.path());
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Creates the directory of a run below `parent`, accessible to the workers' account, and removes those of runs that were
/// killed.
///
/// # Errors
/// When it cannot be created there.
pub fn create_run_directory(parent: &Path) -> io::Result<RunDirectory> {
    sweep(parent);
    let open = std::fs::Permissions::from_mode(0o755);
    let directory = tempfile::Builder::new().prefix(RUN_PREFIX).tempdir_in(parent)?;
    // Regardless of the umask.
    std::fs::set_permissions(directory.path(), open)?;
    // Locked before it gets its name, so that no other run takes it for a dead one.
    let unlocked = directory.path().join("unlocked");
    let lock = std::fs::File::create_new(&unlocked)?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    std::fs::rename(unlocked, directory.path().join(RUN_LOCK))?;
    Ok(RunDirectory { directory, _lock: lock })
}

/// An engine that runs configurations.
#[async_trait]
pub trait Target: Debug + Send + Sync {
    /// The name given to `--target`.
    fn name(&self) -> &str;

    /// Describes it, with its version, for the head of a report.
    fn describe(&self) -> String;

    /// The parent of scratch directories that this target can read.
    fn scratch_parent(&self) -> &Path;

    /// Starts a proxy on the configuration in `scratch`. It may not listen yet when this returns.
    ///
    /// # Errors
    /// When it could not be started.
    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError>;

    /// Tests a configuration without running it, as `nginx -t` does.
    ///
    /// # Errors
    /// When the test could not be run.
    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError>;
}

/// A running proxy.
#[async_trait]
pub trait Proxy: Debug + Send + Sync {
    /// Whether it is running.
    async fn state(&self) -> ProxyState;

    /// The process id of its master, in its own namespace.
    async fn pid(&self) -> Option<u32>;

    /// Sends the master process a signal.
    ///
    /// # Errors
    /// When it is not running.
    async fn signal(&self, signal: Signal) -> Result<(), TargetError>;

    /// Stops it at once, and waits for that.
    async fn stop(&mut self);
}

/// The state of a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyState {
    /// It is running, as far as known.
    Running,
    /// It has ended, with this output.
    Ended(String),
}

/// The result of `-t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the configuration is valid.
    pub accepted: bool,
    /// The output, with paths in the scratch directory.
    pub output: String,
    /// The files that it read, as `nginx -T` prints them; empty if it was refused.
    pub dump: Option<Vec<u8>>,
}

/// Signals to nginx's master process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `-s stop`: fast shutdown.
    Term,
    /// `-s quit`: graceful shutdown.
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

/// The process group of a proxy: its own. A terminal's Ctrl-C is for hopcheck, which ends what it has started; a proxy that ended
/// first would seem to break a promise.
const OWN_GROUP: i32 = 0;

/// The environment variable with the process id of the parent.
const PARENT_VARIABLE: &str = "HOPCHECK_PARENT";

/// Makes this process end with its parent, whose id is in `HOPCHECK_PARENT`. Returns false if the parent has already ended.
pub fn end_with_parent(signal: rustix::process::Signal) -> bool {
    // Without this, only a run that ends properly stops it.
    let _ = rustix::process::set_parent_process_death_signal(Some(signal));
    let expected = std::env::var(PARENT_VARIABLE).ok().and_then(|parent| parent.parse::<i32>().ok());
    let parent =
        rustix::process::getppid().map(rustix::process::Pid::as_raw_nonzero).map(std::num::NonZero::get);
    expected.is_none() || expected == parent
}

/// The kernel's signal.
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
    /// A program cannot be run.
    #[error("cannot run {}: {error}", program.display())]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No container could be started.
    #[error("{0}")]
    Container(String),
    /// A deployment is not reachable; what to do.
    #[error("{0}")]
    Deployment(String),
    /// Controlling the engine failed.
    #[error("{0}")]
    Control(#[from] std::io::Error),
    /// Something did not happen in time.
    #[error("{what} did not happen within {} s", START_TIMEOUT.as_secs())]
    Deadline {
        /// What was awaited.
        what: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_of_a_killed_run_is_removed_by_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let live = create_run_directory(parent.path()).unwrap();
        let killed = parent.path().join("hopcheck-killed");
        std::fs::create_dir_all(killed.join("s1/root")).unwrap();
        std::fs::write(killed.join(RUN_LOCK), "").unwrap();
        let not_ours = parent.path().join("hopcheck-notes");
        std::fs::create_dir(&not_ours).unwrap();
        let next = create_run_directory(parent.path()).unwrap();
        assert!(!killed.exists());
        assert!(live.path().exists() && next.path().exists() && not_ours.exists());
    }
}
