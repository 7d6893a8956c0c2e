//! Chromium as a process that leaves nothing behind.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::BrowserError;

/// Hands the program its pipes where `--remote-debugging-pipe` has it look for them. Unlike a port, nobody else on this machine can
/// talk to them, and when this end is closed, however this program came to its end, Chromium ends, too.
const WITH_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// How it is started: without a window, without what it does for its user's comfort, and without asking anybody but the page's
/// hosts for anything.
const OPTIONS: [&str; 23] = [
    "--headless",
    "--remote-debugging-pipe",
    "--window-size=1280,800",
    "--hide-scrollbars",
    "--mute-audio",
    "--block-new-web-contents",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-proxy-server",
    "--password-store=basic",
    // Whether a public page may ask a private address is for its user to say, whom nobody can ask here; and what is asked for by http
    // is asked for by http.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,BlockInsecurePrivateNetworkRequests,\
     PrivateNetworkAccessSendPreflights,HttpsUpgrades,HttpsFirstBalancedMode,\
     HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate",
];

/// How long it may take to end by itself.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// So much of what it said last is looked at when it does not start.
const MAX_SAID: u64 = 16 << 10;

/// What a site needs of the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    /// The host that is connected to elsewhere, and where.
    pub(crate) host: Option<(String, SocketAddr)>,
    /// The digest of a public key whose certificate has been verified already.
    pub(crate) verified_key: Option<String>,
}

/// The running program.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Option<Pid>,
    said: PathBuf,
}

impl Process {
    /// Starts `program`, with all that it writes below `directory`. Returns it with the pipes to talk over.
    pub(crate) fn start(
        program: &Path,
        directory: &Path,
        mapping: &Mapping,
    ) -> Result<(Process, ChildStdin, ChildStdout), BrowserError> {
        let failed = |error: std::io::Error| BrowserError::Start {
            program: program.to_owned(),
            why: error.to_string(),
        };
        let said = directory.join("stderr");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WITH_PIPES]).arg(program).args(OPTIONS);
        command.arg(format!("--user-data-dir={}", directory.join("profile").display()));
        if let Some((host, address)) = &mapping.host {
            command.arg(format!("--host-resolver-rules=MAP {host} {address}"));
        }
        if let Some(key) = &mapping.verified_key {
            command.arg(format!("--ignore-certificate-errors-spki-list={key}"));
        }
        // Its sandbox refuses to run as root, as CI often does.
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        command.arg("about:blank");
        for variable in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, directory);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(&said).map_err(failed)?).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (to, from) = pipes.ok_or_else(|| failed(std::io::Error::other("it has no pipes")))?;
        Ok((Process { child, group, said }, to, from))
    }

    /// The last thing it said that is not about its own affairs, for a message of one line.
    pub(crate) fn last_words(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.said)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(MAX_SAID)))?;
            let mut bytes = Vec::new();
            file.take(MAX_SAID).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let telling = lines().rfind(|line| line.contains("FATAL") || line.contains("rror"));
        let line = telling.or_else(|| lines().next_back()).unwrap_or("it said nothing");
        // `[1234:1234:1130/160000.000000:FATAL:file.cc(1)] …`
        line.rsplit_once(")] ").map_or(line, |(_, words)| words).chars().take(300).collect()
    }

    /// How it has ended; `None` where it does not within some time.
    pub(crate) async fn status(&mut self) -> Option<ExitStatus> {
        tokio::time::timeout(END_TIMEOUT, self.child.wait()).await.ok()?.ok()
    }

    /// Waits until it has ended by itself, or ends it.
    pub(crate) async fn end(&mut self) {
        if tokio::time::timeout(END_TIMEOUT, self.child.wait()).await.is_err() {
            self.kill();
            let _ = self.child.wait().await;
        }
        self.group = None;
    }

    /// Ends it, with the processes that it has started.
    fn kill(&self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
