//! An nginx installed on this machine, started for each scenario.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use async_trait::async_trait;
use tokio::process::Command;

use super::child::ChildProxy;
use super::{Proxy, RunDirectory, Target, TargetError, Verdict, create_run_directory};
use crate::conf::Scratch;

/// The hidden subcommand by which this program becomes another one that ends with its parent.
pub const CHILD_SUBCOMMAND: &str = "become-child";

/// The paths used by packages.
const PROGRAM_PATHS: [&str; 4] =
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx", "/opt/homebrew/bin/nginx"];

/// An nginx installed on this machine.
#[derive(Debug)]
pub struct InstalledNginx {
    program: PathBuf,
    version: String,
    scratch: RunDirectory,
    /// Whether it writes its debug log to standard error.
    debugs: bool,
    /// The program that becomes nginx, in a sandbox; `None` for this one.
    launcher: Option<PathBuf>,
}

impl InstalledNginx {
    /// Uses the nginx at `program`.
    ///
    /// # Errors
    /// When it is not nginx, or does not run.
    pub async fn find(program: &Path) -> Result<InstalledNginx, TargetError> {
        let unusable = |error| TargetError::Program { program: program.to_owned(), error };
        let output = Command::new(program).arg("-v").stdin(Stdio::null()).output().await.map_err(unusable)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let version = said.split_once("nginx/").and_then(|(_, version)| version.split_whitespace().next());
        let version =
            version.ok_or_else(|| unusable(io::Error::other("it does not identify itself as nginx")))?;
        let scratch = create_run_directory(&std::env::temp_dir())?;
        Ok(InstalledNginx {
            program: program.to_owned(),
            version: version.to_owned(),
            scratch,
            debugs: false,
            launcher: None,
        })
    }

    /// Started through `hopcheck`, in a program that is another one itself.
    #[must_use]
    pub fn launched_by(self, hopcheck: PathBuf) -> InstalledNginx {
        InstalledNginx { launcher: Some(hopcheck), ..self }
    }

    /// The same, with its debug log on standard error, if its build has one (`--with-debug`) and the configuration has no
    /// `error_log` of `http` or below.
    #[must_use]
    pub fn debugging(self) -> InstalledNginx {
        InstalledNginx { debugs: true, ..self }
    }

    /// The path of an installed nginx, if any.
    pub fn locate() -> Option<PathBuf> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let of_path = std::env::split_paths(&paths).map(|directory| directory.join("nginx"));
        PROGRAM_PATHS.iter().map(PathBuf::from).chain(of_path).find(|program| program.is_file())
    }

    fn command(&self, scratch: &Scratch, arguments: &[&str]) -> Result<Command, TargetError> {
        let launcher = match &self.launcher {
            Some(hopcheck) => hopcheck.clone(),
            None => std::env::current_exe()?,
        };
        let mut command = Command::new(launcher);
        command
            .process_group(super::OWN_GROUP)
            .env(super::PARENT_VARIABLE, std::process::id().to_string())
            .env(super::sandbox::SANDBOX_VARIABLE, scratch.path());
        command
            .arg(CHILD_SUBCOMMAND)
            .arg(&self.program)
            .arg("-c")
            .arg(scratch.conf())
            .arg("-p")
            .arg(scratch.prefix());
        command.args(["-e", "stderr"]).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }

    fn unusable(&self, error: io::Error) -> TargetError {
        TargetError::Program { program: self.program.clone(), error }
    }
}

/// Replaces this process by the program in `arguments`, which ends when its parent does.
pub fn become_child(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    if !super::end_with_parent(rustix::process::Signal::TERM) {
        return ExitCode::from(2);
    }
    super::enter_sandbox();
    let program = arguments.next().unwrap_or_default();
    let error = std::process::Command::new(&program).args(arguments).exec();
    eprintln!("cannot run {}: {error}", program.display());
    ExitCode::from(2)
}

#[async_trait]
impl Target for InstalledNginx {
    fn name(&self) -> &str {
        "nginx"
    }

    fn describe(&self) -> String {
        format!("nginx {} ({})", self.version, self.program.display())
    }

    fn scratch_parent(&self) -> &Path {
        self.scratch.path()
    }

    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError> {
        let globals = if self.debugs { "daemon off; error_log stderr debug;" } else { "daemon off;" };
        let mut command = self.command(scratch, &["-g", globals])?;
        let running =
            ChildProxy::start(&mut command, scratch.path()).map_err(|error| self.unusable(error))?;
        Ok(Box::new(running))
    }

    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError> {
        let mut command = self.command(scratch, &["-T"])?;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.output().await.map_err(|error| self.unusable(error))?;
        Ok(Verdict {
            accepted: output.status.success(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
            dump: Some(output.stdout),
        })
    }
}
