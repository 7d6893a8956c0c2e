//! App servers that are real ones: processes of their own, on ports of loopback.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use mock_upstreams::ReservedPort;
use tempfile::TempDir;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::time::timeout;

use crate::list::Language;
use crate::packages::Packages;
use crate::script::read_line;

/// Only expires when something is wrong.
const DEADLINE: Duration = Duration::from_secs(180);

/// One process of an app server, that can be killed and started again on the same port.
#[derive(Debug)]
pub(crate) struct RealAppServer {
    pub(crate) name: &'static str,
    /// Where it listens; and what else it may listen on.
    ports: [ReservedPort; 3],
    /// Where it may write.
    scratch: TempDir,
    language: Language,
    file: &'static str,
    child: Child,
}

impl RealAppServer {
    /// Starts a server of `servers/` on any port, and waits until it listens.
    pub(crate) async fn start(
        packages: &Packages,
        name: &'static str,
        language: Language,
        file: &'static str,
    ) -> Result<RealAppServer, String> {
        let port = || ReservedPort::any().map_err(|error| error.to_string());
        let ports = [port()?, port()?, port()?];
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let child = spawn(packages, name, language, file, &ports, scratch.path()).await?;
        Ok(RealAppServer { name, ports, scratch, language, file, child })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.ports[0].address()
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) async fn kill(&mut self) -> Result<(), String> {
        self.child.kill().await.map_err(|error| error.to_string())
    }

    /// Starts it again where it was.
    pub(crate) async fn start_again(&mut self, packages: &Packages) -> Result<(), String> {
        self.child =
            spawn(packages, self.name, self.language, self.file, &self.ports, self.scratch.path()).await?;
        Ok(())
    }
}

async fn spawn(
    packages: &Packages,
    name: &str,
    language: Language,
    file: &str,
    ports: &[ReservedPort],
    scratch: &Path,
) -> Result<Child, String> {
    let mut command = packages.command(language, &format!("servers/{file}"));
    command.arg(name).args(ports.iter().map(|port| port.port().to_string())).arg(scratch);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let mut output = BufReader::new(child.stdout.take().ok_or("it has no standard output")?);
    let line = timeout(DEADLINE, read_line(&mut output)).await;
    let line = line.map_err(|_| format!("{file} did not start"))??.unwrap_or_default();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
    let listens = said["listening"].as_u64() == ports.first().map(|port| port.port().into());
    if listens { Ok(child) } else { Err(format!("{file} does not say that it listens, but {line:?}")) }
}
