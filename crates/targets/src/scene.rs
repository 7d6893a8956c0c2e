//! Where a scenario takes place: a proxy of its own, two app servers of its own, a front end and logs of its own.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mock_upstreams::{AppServer, ReservedPort};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::conf::{Overlay, OverlayError, Rewriter, Rewritten, Scratch};
use crate::stage::{Refusal, Stage};
use crate::target::{Proxy, ProxyState, START_DEADLINE, TargetError, Verdict};
use hopcheck_clients::{Route, Tls};

/// What clients of a site say they are.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// What clients call a server that goes by any name.
const ANY_NAME: &str = "www.hopcheck.test";

/// One of the servers of a configuration, as clients ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedServer {
    /// The `listen` address as written.
    pub listen: String,
    /// The name in `Host`; empty where any will do.
    pub name: String,
    /// Whether somebody in front of it says, in `X-Forwarded-Proto`, that clients speak TLS.
    pub behind_tls: bool,
}

/// Why a scene is not as a scenario needs it.
#[derive(Debug, Error)]
pub enum SceneError {
    /// This machine has no more ports, or no more room.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The target failed.
    #[error("{0}")]
    Target(#[from] TargetError),
    /// A change does not fit the configuration.
    #[error("{0}")]
    Overlay(#[from] OverlayError),
    /// The client's side of TLS could not be set up.
    #[error("{0}")]
    Tls(String),
    /// A scenario names an app server that there is not.
    #[error("there is no app server {0:?}; they are blue and green")]
    NoSuchAppServer(String),
    /// The proxy ended, or was never started.
    #[error("the proxy is not running")]
    NotRunning,
    /// The port that clients are said to ask is not the one that the configuration listens on.
    #[error("clients ask port {port}, and the configuration has `listen {written};`, not `listen {port};`")]
    OtherPort {
        /// What clients ask.
        port: u16,
        /// The `listen` address as written.
        written: String,
    },
    /// The engine did not take the configuration.
    #[error("{engine} did not start:\n{said}")]
    Refused {
        /// The target's name.
        engine: String,
        /// What it said, with paths as the configuration's author wrote them.
        said: String,
    },
}

/// The scene of one scenario. Built at the first step that needs it; the proxy is started at the first that asks it.
#[derive(Debug)]
pub struct Scene {
    stage: Arc<Stage>,
    overlays: Vec<Overlay>,
    ports: BTreeMap<String, ReservedPort>,
    rewritten: Rewritten,
    /// Which of several servers clients ask; `None`: the first.
    asked: Option<AskedServer>,
    proxy: Option<Box<dyn Proxy>>,
    /// The app server that stands for the first server of an upstream.
    pub blue: AppServer,
    /// The app server that stands for the second.
    pub green: AppServer,
    // Dropped last: the proxy runs in it.
    scratch: Scratch,
}

impl Scene {
    /// Starts the app servers and deploys the front end; the proxy is not started yet.
    ///
    /// # Errors
    /// When this machine has no more ports or room.
    pub async fn set(stage: Arc<Stage>) -> Result<Scene, SceneError> {
        let scratch = Scratch::new(stage.target.scratch_parent())?;
        let (blue, green) = AppServer::start_pair().await?;
        let mut scene = Scene {
            stage,
            overlays: Vec::new(),
            ports: BTreeMap::new(),
            rewritten: Rewritten::default(),
            asked: None,
            proxy: None,
            blue,
            green,
            scratch,
        };
        scene.rewrite()?;
        if let Some(directory) = scene.front_end() {
            scene.stage.source.deploy(&directory)?;
        }
        for page in scene.stage.source.pages() {
            let directory = scene.scratch.place(&page.to);
            scene.stage.source.deploy(&directory)?;
            // Whatever it is called by, it is the page.
            let name = page.fallback.as_deref().unwrap_or_default().split('?').next().unwrap_or_default();
            let called = scene.scratch.place(&format!("{}/{name}", page.to));
            if name.ends_with(".html") && !name.contains('$') && !called.exists() {
                std::fs::copy(directory.join("index.html"), called)?;
            }
        }
        Ok(scene)
    }

    /// Has clients ask this server from now on.
    pub fn ask_server(&mut self, server: AskedServer) {
        self.asked = Some(server);
    }

    /// Whether a server is asked by its name.
    pub fn is_asked_by_name(&self) -> bool {
        self.asked.is_some()
    }

    /// The name of the server that clients ask.
    pub fn asked_name(&self) -> Option<&str> {
        self.asked
            .as_ref()
            .map(|server| server.name.as_str())
            .map(|name| if name.is_empty() { ANY_NAME } else { name })
    }

    /// What clients ask for.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Where the server that clients ask listens: as written, and the address that stands for it.
    fn asked(&self) -> Option<&(String, SocketAddr)> {
        let listen = &self.rewritten.listen;
        match &self.asked {
            Some(server) => listen.iter().find(|(written, _)| *written == server.listen),
            None => listen.first(),
        }
    }

    /// Changes the configuration; takes effect when the proxy starts or reloads.
    pub fn overlay(&mut self, overlay: Overlay) {
        self.overlays.push(overlay);
    }

    /// Why the stage's target does not take the configuration; `None` if it does, and where it cannot be asked for: that is
    /// for the scenarios to find.
    ///
    /// # Errors
    /// When no scene can be set.
    pub async fn refusal(stage: &Arc<Stage>) -> Result<Option<Refusal>, SceneError> {
        let mut scene = Scene::set(Arc::clone(stage)).await?;
        let verdict = scene.test().await.ok();
        scene.strike().await;
        Ok(verdict.filter(|verdict| !verdict.accepted).map(|verdict| Refusal { said: verdict.output }))
    }

    /// Both app servers.
    pub fn app_servers(&self) -> [&AppServer; 2] {
        [&self.blue, &self.green]
    }

    /// The app server of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn app_server(&self, name: &str) -> Result<&AppServer, SceneError> {
        self.app_servers()
            .into_iter()
            .find(|server| server.name() == name)
            .ok_or_else(|| SceneError::NoSuchAppServer(name.to_owned()))
    }

    /// The directory the front end is deployed to.
    pub fn front_end(&self) -> Option<PathBuf> {
        self.rewritten.deployed_to(&self.stage.source).map(|directory| self.scratch.place(&directory))
    }

    /// Where the proxy listens; started, if it has not been.
    ///
    /// # Errors
    /// When the configuration is refused, or the proxy does not come to listen.
    pub async fn proxy(&mut self) -> Result<SocketAddr, SceneError> {
        let address = match (&self.proxy, self.asked()) {
            (Some(_), Some((_, address))) => return Ok(*address),
            _ => self.write()?,
        };
        if let Some(why) = &self.rewritten.unreadable {
            return Err(self.refused(&unreadable(why)));
        }
        let proxy = self.stage.target.start(&self.scratch).await?;
        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(address).await.is_err() {
            if let ProxyState::Ended(said) = proxy.state().await {
                return Err(self.refused(&said));
            }
            if Instant::now() > deadline {
                return Err(TargetError::Deadline { what: format!("listening on {address}") }.into());
            }
            sleep(Duration::from_millis(2)).await;
        }
        self.proxy = Some(proxy);
        Ok(address)
    }

    /// How clients reach the proxy; started, if it has not been.
    ///
    /// # Errors
    /// As [`Scene::proxy`].
    pub async fn route(&mut self) -> Result<Route, SceneError> {
        let address = self.proxy().await?;
        let tls = match self.rewritten.tls.contains(&address) {
            true => Some(Tls::accepting_any_certificate().map_err(SceneError::Tls)?),
            false => None,
        };
        let Some(server) = &self.asked else { return Ok(Route::local(address, tls)) };
        // Some sites keep out whoever does not look like a browser.
        let mut headers = vec![("User-Agent".to_owned(), BROWSER.to_owned())];
        if server.behind_tls {
            headers.push(("X-Forwarded-Proto".to_owned(), "https".to_owned()));
        }
        let host = if server.name.is_empty() { ANY_NAME } else { &server.name };
        Ok(Route::to_site(address, tls, host, headers))
    }

    /// The running proxy.
    ///
    /// # Errors
    /// As [`Scene::proxy`].
    pub async fn running(&mut self) -> Result<&mut Box<dyn Proxy>, SceneError> {
        self.proxy().await?;
        self.proxy.as_mut().ok_or(SceneError::NotRunning)
    }

    /// Writes the configuration with all changes made since, for a reload or a check.
    ///
    /// # Errors
    /// When a change does not fit the configuration.
    pub fn write(&mut self) -> Result<SocketAddr, SceneError> {
        self.rewrite()?;
        self.rewritten.write(&self.scratch)?;
        // One that a scenario brings along is not the one that clients ask.
        let own = self.overlays.iter().any(|overlay| matches!(overlay, Overlay::Whole(_)));
        match (self.asked(), self.stage.source.port.filter(|_| !own)) {
            (Some((written, _)), Some(port)) if !self.stage.source.is_asked_at(written) => {
                Err(SceneError::OtherPort { port, written: written.to_owned() })
            }
            (Some((_, address)), _) => Ok(*address),
            // Nothing was rewritten: the engine will say why. Any address will do until it has.
            (None, _) => Ok(self.reserve("80")?),
        }
    }

    /// Writes the configuration and has it checked as `nginx -t` does; paths are as its author wrote them.
    ///
    /// # Errors
    /// When the check could not be made.
    pub async fn test(&mut self) -> Result<Verdict, SceneError> {
        self.write()?;
        let verdict = match &self.rewritten.unreadable {
            // nginx would have acted on what comes before the mistake by the time that it finds it.
            Some(why) => Verdict { accepted: false, output: unreadable(why) },
            None => self.stage.target.test(&self.scratch).await?,
        };
        Ok(Verdict { output: self.as_written(&verdict.output), ..verdict })
    }

    /// Ends the proxy and the app servers.
    pub async fn strike(&mut self) {
        if let Some(mut proxy) = self.proxy.take() {
            proxy.stop().await;
        }
        for server in [&self.blue, &self.green] {
            server.stop().await;
        }
    }

    /// The configuration as it is run.
    pub fn rewritten(&self) -> &Rewritten {
        &self.rewritten
    }

    /// What stands in the file that the directive `name` (`access_log`, `error_log`, `pid`) has written; empty when it is
    /// not there.
    pub fn log(&self, name: &str) -> String {
        let path = self.rewritten.logs.get(name);
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    }

    /// `text` with this scene's paths and addresses as the configuration has them.
    pub fn as_written(&self, text: &str) -> String {
        let conf = self.scratch.conf().display().to_string();
        let root = self.scratch.path().join("root").display().to_string();
        text.replace(&conf, &self.stage.source.name).replace(&root, "")
    }

    /// Where `path` of the configuration lies for the time of the scenario.
    pub fn place(&self, path: &str) -> PathBuf {
        self.scratch.place(path)
    }

    fn rewrite(&mut self) -> Result<(), SceneError> {
        let mut text = self.stage.source.text.clone();
        for overlay in &self.overlays {
            text = overlay.apply(&text)?;
        }
        let stage = Arc::clone(&self.stage);
        let addresses = [self.blue.address(), self.green.address()];
        let mut ports = std::mem::take(&mut self.ports);
        let rewriter = Rewriter {
            source: &stage.source,
            scratch: &self.scratch,
            app_servers: &addresses,
            user: worker_account(),
        };
        let rewritten = rewriter.rewrite(&text, |address| reserve(&mut ports, address));
        self.ports = ports;
        self.rewritten = rewritten?;
        Ok(())
    }

    fn reserve(&mut self, address: &str) -> io::Result<SocketAddr> {
        reserve(&mut self.ports, address)
    }

    fn refused(&self, said: &str) -> SceneError {
        let said = self.as_written(said);
        SceneError::Refused { engine: self.stage.target.name().to_owned(), said: said.trim_end().to_owned() }
    }
}

/// What any engine says of a text that cannot be taken apart. Their words and places are the same: so nobody need be asked.
fn unreadable(why: &str) -> String {
    format!("[emerg] {why}")
}

/// The port that stands for a `listen` address, held until the scene is over.
fn reserve(ports: &mut BTreeMap<String, ReservedPort>, address: &str) -> io::Result<SocketAddr> {
    if let Some(port) = ports.get(address) {
        return Ok(port.address());
    }
    let port = ReservedPort::any()?;
    let stand_in = port.address();
    ports.insert(address.to_owned(), port);
    Ok(stand_in)
}

/// The account that workers drop to where this program is root: `nobody`, which every system and image has. Its group
/// goes by different names.
pub fn worker_account() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let group = if groups.lines().any(|line| line.starts_with("nogroup:")) { "nogroup" } else { "nobody" };
    Some(format!("nobody {group}"))
}
