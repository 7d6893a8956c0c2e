//! The `git` program: what it prints, and blobs one after another.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::GitError;

/// Larger than any listing that is read.
const MAX_LISTING: u64 = 64 << 20;

/// The longest error of git's that is told.
const MAX_ERROR: u64 = 2_000;

/// A file of a commit.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) id: String,
    pub(super) size: u64,
    /// Whether it is where a symbolic link leads.
    pub(super) is_link: bool,
}

fn git(here: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(here).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Nothing is fetched of a partial clone, asked of a person, or written.
    command.envs([
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("LC_ALL", "C"),
    ]);
    command
}

/// The output of git; what it says if it fails.
pub(super) fn run(here: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let mut child = git(here).args(arguments).spawn().map_err(GitError::NoGit)?;
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_LISTING).read_to_end(&mut output)?;
    }
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(MAX_ERROR).read_to_end(&mut said)?;
    }
    let status = child.wait()?;
    match status.success() {
        true => Ok(output),
        false => {
            let said = String::from_utf8_lossy(&said);
            let line = said.lines().next().unwrap_or_default();
            Err(GitError::Git(line.trim_start_matches("fatal: ").to_owned()))
        }
    }
}

/// `git cat-file --batch`.
#[derive(Debug)]
pub(super) struct BlobReader {
    child: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
}

impl BlobReader {
    pub(super) fn start(here: &Path) -> Result<BlobReader, GitError> {
        let mut command = git(here);
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(GitError::NoGit)?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
        Ok(BlobReader { child, output: BufReader::new(output) })
    }

    pub(super) fn read(&mut self, blob: &Blob) -> Result<Vec<u8>, GitError> {
        let input = self.child.stdin.as_mut().ok_or_else(|| io::Error::other("git has no input"))?;
        writeln!(input, "{}", blob.id)?;
        input.flush()?;
        let mut head = String::new();
        self.output.by_ref().take(MAX_ERROR).read_line(&mut head)?;
        let size = head.split_whitespace().nth(2).and_then(|size| size.parse::<u64>().ok());
        let size =
            size.filter(|size| *size == blob.size).ok_or_else(|| GitError::Git(head.trim().to_owned()))?;
        let mut bytes = Vec::new();
        self.output.by_ref().take(size + 1).read_to_end(&mut bytes)?;
        bytes.pop();
        Ok(bytes)
    }

    pub(super) fn stop(mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Drop for BlobReader {
    fn drop(&mut self) {
        // Also where reading failed: no process is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
