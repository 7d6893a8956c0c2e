//! A proxy that is a child process.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustix::process::{Pid, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::{Proxy, ProxyState, START_TIMEOUT, Signal, TargetError, kernel_signal};

/// One that runs.
#[derive(Debug)]
pub(super) struct ChildProxy {
    child: Mutex<Child>,
    pid: Option<u32>,
    said: PathBuf,
}

impl ChildProxy {
    /// Starts `command`, with its standard error in a file in `scratch`.
    pub(super) fn start(command: &mut Command, scratch: &Path) -> io::Result<ChildProxy> {
        let said = scratch.join("stderr");
        let child = command.stderr(File::create(&said)?).spawn()?;
        Ok(ChildProxy { pid: child.id(), child: Mutex::new(child), said })
    }

    fn send(&self, signal: Signal) -> io::Result<()> {
        let pid = self.pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let pid = pid.ok_or_else(|| io::Error::other("the proxy is not running"))?;
        Ok(kill_process(pid, kernel_signal(signal))?)
    }
}

#[async_trait]
impl Proxy for ChildProxy {
    async fn state(&self) -> ProxyState {
        match self.child.lock().await.try_wait() {
            Ok(None) => ProxyState::Running,
            _ => ProxyState::Ended(std::fs::read_to_string(&self.said).unwrap_or_default()),
        }
    }

    async fn pid(&self) -> Option<u32> {
        self.pid
    }

    async fn signal(&self, signal: Signal) -> Result<(), TargetError> {
        Ok(self.send(signal)?)
    }

    async fn stop(&mut self) {
        // The master stops its workers; if it were killed, they would stay.
        if self.send(Signal::Term).is_ok() {
            let _ = tokio::time::timeout(START_TIMEOUT, self.child.get_mut().wait()).await;
        }
        self.pid = None;
    }
}

impl Drop for ChildProxy {
    /// Stops a proxy whose scenario was cancelled.
    fn drop(&mut self) {
        if matches!(self.child.get_mut().try_wait(), Ok(None)) {
            let _ = self.send(Signal::Term);
        }
    }
}
