//! The reference proxy as a child process: this very program, so that nothing else has to be installed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use tokio::process::Command;

use super::child::ChildProxy;
use super::{Proxy, RunDirectory, Target, TargetError, Verdict, create_run_directory};
use crate::conf::Scratch;

/// The hidden subcommand by which this program is the reference proxy.
pub const REFERENCE_SUBCOMMAND: &str = "reference-proxy";

/// The environment variable that names the file where the reference proxy tells what becomes of requests.
pub const TRACE_VARIABLE: &str = "REFERENCE_PROXY_TRACE";

/// The environment variable that names the version of nginx to stand for.
const VERSION_VARIABLE: &str = "HOPCHECK_NGINX_VERSION";

/// A file system in memory, on Linux.
const MEMORY_DIRECTORY: &str = "/dev/shm";

/// The free space needed there: concurrent scenarios need some tens of megabytes, and a container usually has 64.
const MIN_FREE_MEMORY: u64 = 512 * 1024 * 1024;

/// The reference proxy.
#[derive(Debug)]
pub struct Reference {
    /// The program, which is the reference proxy when started with [`REFERENCE_SUBCOMMAND`].
    program: PathBuf,
    scratch: RunDirectory,
    /// Whether it tells what becomes of requests.
    is_traced: bool,
    /// The version of nginx that it stands for, unless the environment says so.
    version: Option<String>,
}

impl Reference {
    /// Uses `program`, which must be `hopcheck` itself.
    ///
    /// # Errors
    /// When no scratch directory can be created.
    pub fn new(program: PathBuf) -> io::Result<Reference> {
        let scratch = match in_memory().map(|memory| create_run_directory(&memory)) {
            Some(Ok(scratch)) => scratch,
            _ => create_run_directory(&std::env::temp_dir())?,
        };
        Ok(Reference { program, scratch, is_traced: false, version: None })
    }

    /// The same, telling what becomes of requests: see [`Scene::trace`](crate::scene::Scene::trace).
    #[must_use]
    pub fn traced(self) -> Reference {
        Reference { is_traced: true, ..self }
    }

    /// The same, standing for a version of nginx: `1.22`, `1.26` or `1.30`.
    #[must_use]
    pub fn standing_for(self, version: &str) -> Reference {
        Reference { version: Some(version.to_owned()), ..self }
    }

    fn command(&self, scratch: &Scratch, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .process_group(super::OWN_GROUP)
            .env(super::PARENT_VARIABLE, std::process::id().to_string())
            .env(super::sandbox::SANDBOX_VARIABLE, scratch.path());
        if let Some(version) = &self.version {
            command.env(VERSION_VARIABLE, version);
        }
        if self.is_traced {
            command.env(TRACE_VARIABLE, scratch.trace());
        }
        command.arg(REFERENCE_SUBCOMMAND).arg("-c").arg(scratch.conf()).arg("-p").arg(scratch.prefix());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// A directory in memory for scratch directories, unless `TMPDIR` is set. Each scenario creates and removes some forty files,
/// which on ext4 takes a third of the time of a run.
fn in_memory() -> Option<PathBuf> {
    let free =
        rustix::fs::statvfs(MEMORY_DIRECTORY).map(|at| at.f_bavail.saturating_mul(at.f_frsize)).ok()?;
    (std::env::var_os("TMPDIR").is_none() && free >= MIN_FREE_MEMORY).then(|| PathBuf::from(MEMORY_DIRECTORY))
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
        let running = ChildProxy::start(&mut self.command(scratch, &[]), scratch.path())
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
            // It reads as the check before it did.
            dump: None,
        })
    }
}
