//! The reference proxy as a child process, started by this very program so that nothing else need be installed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use tokio::process::Command;

use super::child::Running;
use super::{Proxy, RunDirectory, Target, TargetError, Verdict, scratch_below};
use crate::conf::Scratch;

/// The hidden subcommand under which this program is the reference proxy.
pub const REFERENCE_SUBCOMMAND: &str = "reference-proxy";

/// A file system in memory, where Linux has one.
const MEMORY: &str = "/dev/shm";

/// What must be free there: scenarios that run side by side need some tens of megabytes, and a container has 64 as a rule.
const ENOUGH: u64 = 512 * 1024 * 1024;

/// The reference proxy.
#[derive(Debug)]
pub struct Reference {
    /// A program that is the reference proxy when called with [`REFERENCE_SUBCOMMAND`].
    program: PathBuf,
    scratch: RunDirectory,
}

impl Reference {
    /// Uses `program`, which must be `hopcheck` itself.
    ///
    /// # Errors
    /// When no scratch directory can be made.
    pub fn new(program: PathBuf) -> io::Result<Reference> {
        let scratch = match in_memory().map(|memory| scratch_below(&memory)) {
            Some(Ok(scratch)) => scratch,
            _ => scratch_below(&std::env::temp_dir())?,
        };
        Ok(Reference { program, scratch })
    }

    fn command(&self, scratch: &Scratch, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env(super::PARENT, std::process::id().to_string()).env(super::wall::WALL, scratch.path());
        command.arg(REFERENCE_SUBCOMMAND).arg("-c").arg(scratch.conf()).arg("-p").arg(scratch.prefix());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// A place in memory for scratch directories, unless `TMPDIR` names one. Each scenario makes some forty files and removes
/// them, on ext4 a third of all that a run takes.
fn in_memory() -> Option<PathBuf> {
    let free = rustix::fs::statvfs(MEMORY).map(|at| at.f_bavail.saturating_mul(at.f_frsize)).ok()?;
    (std::env::var_os("TMPDIR").is_none() && free >= ENOUGH).then(|| PathBuf::from(MEMORY))
}

#[async_trait]
impl Target for Reference {
    fn name(&self) -> &str {
        "reference"
    }

    fn describe(&self) -> String {
        format!("reference proxy {}", env!("CARGO_PKG_VERSION"))
    }

    fn scratch_parent(&self) -> &Path {
        self.scratch.path()
    }

    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError> {
        let running = Running::start(&mut self.command(scratch, &[]), scratch.path())
            .map_err(|error| TargetError::Program { program: self.program.clone(), error })?;
        Ok(Box::new(running))
    }

    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError> {
        let output = self
            .command(scratch, &["-t"])
            .stderr(Stdio::piped())
            .output()
            .await
            .map_err(|error| TargetError::Program { program: self.program.clone(), error })?;
        Ok(Verdict {
            accepted: output.status.success(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
