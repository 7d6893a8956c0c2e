//! App servers that are real ones: processes of their own, on ports of loopback.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::timeout;

use crate::list::Language;
use crate::packages::Packages;
use crate::script::read_line;

/// Only expires when something is wrong.
const DEADLINE: Duration = Duration::from_secs(60);

/// One process of an app server, that can be killed and started again on the same port.
#[derive(Debug)]
pub(crate) struct RealAppServer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
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
        let (child, port) = spawn(packages, name, language, file, 0).await?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(RealAppServer { name, address, language, file, child })
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) -> Result<(), String> {
        self.child.kill().await.map_err(|error| error.to_string())
    }

    /// Starts it again where it was.
    pub(crate) async fn start_again(&mut self, packages: &Packages) -> Result<(), String> {
        let port = self.address.port();
        (self.child, _) = spawn(packages, self.name, self.language, self.file, port).await?;
        TcpStream::connect(self.address).await.map(drop).map_err(|error| error.to_string())
    }
}

async fn spawn(
    packages: &Packages,
    name: &str,
    language: Language,
    file: &str,
    port: u16,
) -> Result<(Child, u16), String> {
    let mut command = packages.command(language, &format!("servers/{file}"));
    command.arg(name).arg(port.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let mut output = BufReader::new(child.stdout.take().ok_or("it has no standard output")?);
    let line = timeout(DEADLINE, read_line(&mut output)).await;
    let line = line.map_err(|_| format!("{file} did not start"))??.unwrap_or_default();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
    let port = said["listening"].as_u64().and_then(|port| u16::try_from(port).ok());
    Ok((child, port.ok_or_else(|| format!("{file} does not say where it listens, but {line:?}"))?))
}
