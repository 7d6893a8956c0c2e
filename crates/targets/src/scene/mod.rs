//! The scene of a scenario: its own proxy, app servers, front end and logs.

mod admission;
mod app_servers;
mod carets;
mod error;
mod selection;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mock_upstreams::ReservedPort;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::conf::{Overlay, Rewriter, RewrittenConf, Scratch};
use crate::stage::{Refusal, Stage};
use crate::target::{Proxy, ProxyState, START_TIMEOUT, TargetError, Verdict};
use admission::Admission;
pub use admission::other_users;
use app_servers::AppServers;
pub use error::SceneError;
use hopcheck_clients::{Route, Tls};

/// The addresses that clients of a scene come from.
const CLIENTS: &str = "127.0.0.0/8";

/// The most that is read of what the proxy told.
const MAX_TRACE_BYTES: u64 = 64 << 20;

/// The `User-Agent` of clients.
pub const BROWSER_USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The `Host` for a server without a name.
const DEFAULT_HOST: &str = "www.hopcheck.test";

/// By what balancers tell a proxy that they were asked over TLS.
pub const TLS_BALANCER_HEADERS: [(&str, &str); 3] =
    [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "on"), ("CloudFront-Forwarded-Proto", "https")];

/// One of the servers of a configuration, as clients address it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualServer {
    /// The `listen` address as written.
    pub listen: String,
    /// The name in `Host`; empty for any.
    pub name: String,
    /// Whether a balancer in front of it terminates TLS and sets `X-Forwarded-Proto`.
    pub behind_tls: bool,
}

/// The scene of one scenario, set up by the first step that needs it. The proxy is started by the first step that uses it.
#[derive(Debug)]
pub struct Scene {
    stage: Arc<Stage>,
    overlays: Vec<Overlay>,
    ports: BTreeMap<String, ReservedPort>,
    rewritten: RewrittenConf,
    /// Whether something was changed after the configuration was rewritten.
    is_outdated: bool,
    /// The server that clients address; `None`: the first.
    asked: Option<VirtualServer>,
    admission: Admission,
    /// What clients send with each request.
    sent: Vec<(String, String)>,
    proxy: Option<Box<dyn Proxy>>,
    app_servers: AppServers,
    /// The addresses of other app servers that take the place of the mocks.
    stand_ins: Option<[SocketAddr; 2]>,
    // Dropped last: the proxy runs in it.
    scratch: Scratch,
}

impl Scene {
    /// Starts the app servers and deploys the front end; the proxy is not started yet.
    ///
    /// # Errors
    /// When this machine has no more ports or disk space.
    pub async fn set(stage: Arc<Stage>) -> Result<Scene, SceneError> {
        let scratch = Scratch::new(stage.target.scratch_parent())?;
        let app_servers = AppServers::start(&stage.source).await?;
        let mut scene = Scene {
            stage,
            overlays: Vec::new(),
            ports: BTreeMap::new(),
            rewritten: RewrittenConf::default(),
            is_outdated: true,
            asked: None,
            admission: Admission::default(),
            sent: Vec::new(),
            proxy: None,
            app_servers,
            stand_ins: None,
            scratch,
        };
        scene.rewrite()?;
        if let Some(directory) = scene.front_end() {
            scene.stage.source.deploy(&directory)?;
        }
        for (directory, page) in scene.stage.source.pages().flat_map(hopcheck_site::Route::builds) {
            let deployed_to = scene.scratch.place(&directory);
            scene.stage.source.deploy(&deployed_to)?;
            // Also under the name of the fallback page.
            let called = scene.scratch.place(&format!("{directory}/{page}"));
            if !page.is_empty() && !called.exists() {
                std::fs::create_dir_all(called.parent().unwrap_or(&deployed_to))?;
                std::fs::copy(deployed_to.join("index.html"), called)?;
            }
        }
        Ok(scene)
    }

    /// Selects the server that clients address from now on.
    pub fn select_server(&mut self, server: VirtualServer) {
        self.asked = Some(server);
    }

    /// Whether a server was selected.
    pub fn has_selected_server(&self) -> bool {
        self.asked.is_some()
    }

    /// The server that was selected.
    pub fn selected_server(&self) -> Option<&VirtualServer> {
        self.asked.as_ref()
    }

    /// The name of the selected server.
    pub fn selected_host(&self) -> Option<&str> {
        self.asked
            .as_ref()
            .map(|server| server.name.as_str())
            .map(|name| if name.is_empty() { DEFAULT_HOST } else { name })
    }

    /// The stage.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The `listen` address of the selected server: as written, and its replacement.
    fn asked(&self) -> Option<&(String, SocketAddr)> {
        let listen = &self.rewritten.listen;
        match &self.asked {
            Some(server) => listen.iter().find(|(written, _)| *written == server.listen),
            None => listen.first(),
        }
    }

    /// Puts app servers of one's own in place of the mocks; takes effect when the proxy starts or reloads.
    pub fn stand_in(&mut self, app_servers: [SocketAddr; 2]) {
        self.stand_ins = Some(app_servers);
        self.is_outdated = true;
    }

    /// Changes the configuration; takes effect when the proxy starts or reloads.
    pub fn overlay(&mut self, overlay: Overlay) {
        self.overlays.push(overlay);
        self.is_outdated = true;
    }

    /// Why the stage's target refuses the configuration; `None` if it does not, or cannot be asked: then the scenarios fail.
    ///
    /// # Errors
    /// When no scene can be set up, or nginx reads a file that was not checked.
    pub async fn refusal(stage: &Arc<Stage>) -> Result<Option<Refusal>, SceneError> {
        let mut scene = Scene::set(Arc::clone(stage)).await?;
        let verdict = scene.test().await;
        scene.tear_down().await;
        if let Err(error @ SceneError::Unchecked { .. }) = verdict {
            return Err(error);
        }
        Ok(verdict.ok().filter(|verdict| !verdict.accepted).map(|verdict| Refusal { said: verdict.output }))
    }

    /// The directory the front end is deployed to.
    pub fn front_end(&self) -> Option<PathBuf> {
        self.rewritten.deployed_to(&self.stage.source).map(|directory| self.scratch.place(&directory))
    }

    /// The address of the proxy, which is started if necessary.
    ///
    /// # Errors
    /// When the configuration is refused, or the proxy does not start to listen.
    pub async fn proxy(&mut self) -> Result<SocketAddr, SceneError> {
        let address = match (&self.proxy, self.asked()) {
            (Some(_), Some((_, address))) => return Ok(*address),
            _ => self.write()?,
        };
        if let Some(why) = &self.rewritten.unreadable {
            return Err(self.refused(&unreadable(why)));
        }
        let proxy = self.stage.target.start(&self.scratch).await?;
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(address).await.is_err() {
            if let ProxyState::Ended(said) = proxy.state().await {
                // Before it has a group of its own, Ctrl-C may have reached it: then the run ends meanwhile.
                if said.is_empty() {
                    sleep(Duration::from_millis(200)).await;
                }
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

    /// The route to the proxy, which is started if necessary.
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
        // Some sites only admit browsers.
        let mut headers = vec![("User-Agent".to_owned(), BROWSER_USER_AGENT.to_owned())];
        headers.extend(self.sent.iter().cloned());
        if server.behind_tls {
            headers.extend(TLS_BALANCER_HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        let host = if server.name.is_empty() { DEFAULT_HOST } else { &server.name };
        let route = Route::to_site(address, tls, host, headers);
        Ok(match self.admission.authorization() {
            Some(authorization) => route.with_authorization(authorization),
            None => route,
        })
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
        if self.is_outdated {
            self.rewrite()?;
        }
        self.rewritten.write(&self.scratch)?;
        // A configuration from the scenario need not have the clients' port.
        let own = self.overlays.iter().any(|overlay| matches!(overlay, Overlay::Whole(_)));
        match (self.asked(), self.stage.source.port.filter(|_| !own)) {
            (Some((written, _)), Some(port)) if !self.stage.source.is_asked_at(written) => {
                Err(SceneError::OtherPort { port, written: written.to_owned() })
            }
            (Some((_, address)), _) => Ok(*address),
            // Nothing was rewritten, and the engine will report why. Until then any address will do.
            (None, _) => Ok(reserve(&mut self.ports, "80")?),
        }
    }

    /// Writes the configuration and tests it, as `nginx -t` does. The output has the original paths.
    ///
    /// # Errors
    /// When the test could not be run.
    pub async fn test(&mut self) -> Result<Verdict, SceneError> {
        self.write()?;
        let verdict = match &self.rewritten.unreadable {
            // nginx would already have acted on what comes before the mistake.
            Some(why) => Verdict { accepted: false, output: unreadable(why), dump: None },
            None => self.stage.target.test(&self.scratch).await?,
        };
        let dump = verdict.dump.as_deref().unwrap_or_default();
        if let Some(file) = self.rewritten.first_unchecked(&self.scratch, dump) {
            return Err(SceneError::Unchecked { file: self.as_written(&file) });
        }
        Ok(Verdict { output: self.as_written(&verdict.output), ..verdict })
    }

    /// Ends the proxy and the app servers.
    pub async fn tear_down(&mut self) {
        if let Some(mut proxy) = self.proxy.take() {
            proxy.stop().await;
        }
        for server in self.app_servers.all() {
            server.stop().await;
        }
    }

    /// The configuration as it is run.
    pub fn rewritten(&self) -> &RewrittenConf {
        &self.rewritten
    }

    /// The content of the file of the directive `name` (`access_log`, `error_log`, `pid`); empty if it does not exist.
    pub fn log(&self, name: &str) -> String {
        let path = self.rewritten.logs.get(name);
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    }

    /// What the proxy told of its requests, if it was to. Complete once it has ended.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than any request is.
    pub fn trace(&self) -> io::Result<String> {
        let text = nginx_conf::read_regular_file(&self.scratch.trace(), MAX_TRACE_BYTES)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The text `run` with the original paths, `listen` addresses and app servers in place of this scene's. Where one stands in for
    /// several app servers it stays.
    pub fn as_written(&self, run: &str) -> String {
        let conf = self.scratch.conf().display().to_string();
        let root = self.scratch.path().join("root").display().to_string();
        let text = run.replace(&conf, &self.stage.source.name);
        let by_name = |text: String, (path, name): (String, String)| text.replace(&path, &name);
        let text = self.included_names().into_iter().fold(text, by_name).replace(&root, "");
        let text = self.stage.source.origin.with_origins(&text);
        let listen = self.rewritten.listen.iter().map(|(written, address)| (written.as_str(), *address));
        let app_servers =
            self.app_servers.all().filter_map(|server| match self.stood_in_for(server).as_slice() {
                [one] => Some((*one, server.address())),
                _ => None,
            });
        let put = |text: String, (written, address): (&str, SocketAddr)| {
            text.replace(&address.to_string(), written)
        };
        let known: Vec<(&str, SocketAddr)> = listen.chain(app_servers).collect();
        let written = known.into_iter().fold(text, put);
        carets::realigned(run, &written)
    }

    /// What the configuration calls each included file, by its path in this run.
    pub fn included_names(&self) -> BTreeMap<String, String> {
        let placed = |name: &String| (self.scratch.place_included(name).display().to_string(), name.clone());
        self.rewritten.included.keys().map(placed).collect()
    }

    /// Maps `path` of the configuration to this scene's scratch directory.
    pub fn place(&self, path: &str) -> PathBuf {
        self.scratch.place(path)
    }

    fn rewrite(&mut self) -> Result<(), SceneError> {
        let mut text = self.stage.source.text.clone();
        for overlay in &self.overlays {
            text = overlay.apply(&text)?;
        }
        let stage = Arc::clone(&self.stage);
        let addresses = self.stand_ins.map_or_else(|| self.app_servers.pair(), Vec::from);
        let mut ports = std::mem::take(&mut self.ports);
        let rewriter = Rewriter {
            source: &stage.source,
            scratch: &self.scratch,
            app_servers: &addresses,
            user: worker_account(),
            allowed_clients: self.admission.is_allowed.then(|| CLIENTS.to_owned()),
        };
        let rewritten = rewriter.rewrite(&text, |address| reserve(&mut ports, address));
        self.ports = ports;
        self.rewritten = rewritten?;
        self.app_servers.start_for(&self.rewritten)?;
        self.app_servers.speak_tls(&self.rewritten)?;
        self.is_outdated = false;
        Ok(())
    }

    fn refused(&self, said: &str) -> SceneError {
        let said = self.as_written(said);
        SceneError::Refused { engine: self.stage.target.name().to_owned(), said: said.trim_end().to_owned() }
    }
}

/// What any engine reports for a text that cannot be parsed. The messages are the same, so none has to be asked.
fn unreadable(why: &str) -> String {
    format!("[emerg] {why}")
}

/// The port that replaces a `listen` address, reserved for the duration of the scene.
fn reserve(ports: &mut BTreeMap<String, ReservedPort>, address: &str) -> io::Result<SocketAddr> {
    if let Some(port) = ports.get(address) {
        return Ok(port.address());
    }
    let port = ReservedPort::any()?;
    let stand_in = port.address();
    ports.insert(address.to_owned(), port);
    Ok(stand_in)
}

/// The workers' account if this program runs as root: `nobody`, which every system and image has. The name of its group
/// varies.
pub fn worker_account() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let group = if groups.lines().any(|line| line.starts_with("nogroup:")) { "nogroup" } else { "nobody" };
    Some(format!("nobody {group}"))
}
