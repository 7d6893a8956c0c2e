//! The state of a scenario from step to step.

mod arrivals;
mod kept_out;
mod page;
mod room;

pub use page::Page;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use cucumber::World as _;
use cucumber::step::Collection;
use hopcheck_browser::{Read, SocketEnd, Visit};
use tokio_tungstenite::tungstenite::Message;

use crate::failure::Failure;
use crate::text;
use hopcheck_clients::transcript::{Transcript, first_of_each_kind};
use hopcheck_clients::{
    ClientError, Connection, Request, Response, Route, StompClient, Traffic, WebSocket, ask_over_http2,
};
use hopcheck_report::Evidence;
use hopcheck_site::profile::Transport;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::target::{Deployment, Verdict};

/// The world of one scenario.
#[derive(Debug, Default, cucumber::World)]
pub struct World {
    setting: Option<Setting>,
    scene: Option<Scene>,
    /// Whether requests are sent over HTTP/2.
    is_over_http2: bool,
    /// The latest request.
    pub request: Option<Request>,
    /// The client's connection.
    pub connection: Option<Connection>,
    /// The client's address, as the proxy sees it.
    pub client: Option<SocketAddr>,
    /// Every response so far, the latest last.
    pub responses: Vec<Response>,
    /// Where in `responses` those of the latest step begin.
    batch: usize,
    /// How long the latest response took.
    pub took: Duration,
    /// WebSockets by the name of the client; the one nobody named is `""`.
    pub websockets: BTreeMap<String, WebSocket>,
    /// Messages that came back over WebSockets, the latest last.
    pub messages: Vec<Message>,
    /// STOMP sessions by the name of the client.
    pub stomp: BTreeMap<String, StompClient>,
    /// Steady traffic in the background.
    pub traffic: Option<Traffic>,
    /// What the check of a configuration said.
    pub verdict: Option<Verdict>,
    /// The page that an app server serves.
    pub served_page: Option<Vec<u8>>,
    /// The paths that redirects led a browser to, in order.
    pub way: Vec<String>,
    /// An origin whose pages the proxy lets read an API.
    pub origin: Option<String>,
    /// What a browser has seen of the site's page.
    pub visit: Option<Arc<Visit>>,
    /// What came of a WebSocket that a page has opened.
    pub socket_end: Option<SocketEnd>,
    /// What came of an API that a page has read.
    pub read: Option<Read>,
    /// The answers to what was sent on sessions of SockJS.
    pub session_answers: Vec<u16>,
    /// What went over the wire, for the report of a failure.
    pub transcript: Transcript,
    /// The evidence for the report of a failure.
    pub evidence: Evidence,
}

/// The step definitions. Their expressions are compiled once.
pub fn collection() -> &'static Collection<World> {
    static COLLECTION: LazyLock<Collection<World>> = LazyLock::new(World::collection);
    &COLLECTION
}

impl World {
    /// Tells the world what it is to test, and whether over HTTP/2; the first thing that happens to it.
    pub fn enter(&mut self, setting: Setting, is_over_http2: bool) {
        self.setting = Some(setting);
        self.is_over_http2 = is_over_http2;
    }

    /// Whether requests are sent over HTTP/2.
    pub fn is_over_http2(&self) -> bool {
        self.is_over_http2
    }

    /// The scene, set at the first call.
    ///
    /// # Errors
    /// As [`Scene::set`]; and on a live deployment, where there is none.
    pub async fn scene(&mut self) -> Result<&mut Scene, Failure> {
        if self.scene.is_none() {
            let Setting::Staged(stage) = self.setting()? else {
                return Err(Failure::new(
                    "this step needs app servers, files or logs of its own, so no scenario with it can be @deployment",
                ));
            };
            self.scene = Some(Scene::set(stage).await?);
        }
        self.scene.as_mut().ok_or_else(|| Failure::new("the scenario has no scene"))
    }

    /// How clients reach the proxy.
    ///
    /// # Errors
    /// As [`Scene::proxy`].
    pub async fn route(&mut self) -> Result<Route, Failure> {
        match self.setting()? {
            Setting::Staged(_) => self.scene().await?.route().await.map_err(Failure::from),
            Setting::Live(deployment) => Ok(deployment.route().clone()),
        }
    }

    /// What the run is about.
    ///
    /// # Errors
    /// When the world has not been entered.
    pub fn setting(&self) -> Result<Setting, Failure> {
        self.setting.clone().ok_or_else(|| Failure::new("the scenario has no target"))
    }

    /// What the site calls its own: `{api.path}` and the like.
    pub fn word(&self, word: &str) -> Option<&str> {
        self.setting.as_ref().and_then(|setting| setting.words().get(word))
    }

    /// The live deployment.
    ///
    /// # Errors
    /// When a configuration is tested instead.
    pub fn deployment(&self) -> Result<Arc<Deployment>, Failure> {
        match self.setting()? {
            Setting::Live(deployment) => Ok(deployment),
            Setting::Staged(_) => Err(Failure::new("this step is about live sites alone")),
        }
    }

    /// Whether what reaches the app servers can be seen.
    pub fn sees_app_servers(&self) -> bool {
        matches!(self.setting, Some(Setting::Staged(_)))
    }

    /// The app's page, by which it is told from all else.
    ///
    /// # Errors
    /// When the front end has none, or it cannot be fetched.
    pub async fn page(&mut self) -> Result<Page, Failure> {
        match self.setting()? {
            Setting::Staged(_) => {
                let front_end = self.scene().await?.front_end().ok_or_else(no_front_end)?;
                Ok(Page::whole(&std::fs::read(front_end.join("index.html"))?))
            }
            Setting::Live(deployment) => {
                if let Some(text) = deployment.words().get("front-end.text") {
                    return Ok(Page::With(text.to_owned()));
                }
                let mut connection = Connection::open(deployment.route()).await?;
                Ok(Page::whole(&connection.ask(&Request::new("GET", "/")).await?.body))
            }
        }
    }

    /// The headers that the site wants in every CONNECT.
    ///
    /// # Errors
    /// When a secret among them is not to be had.
    pub fn stomp_headers(&self) -> Result<Vec<(String, String)>, Failure> {
        match self.setting()? {
            Setting::Staged(_) => Ok(Vec::new()),
            Setting::Live(deployment) => Ok(deployment.stomp_headers().to_vec()),
        }
    }

    /// What carries STOMP.
    pub fn transport(&self) -> Transport {
        match &self.setting {
            Some(Setting::Live(deployment)) => deployment.profile().stomp.transport,
            _ => Transport::default(),
        }
    }

    /// Whether a live site's profile says that SockJS is spoken there.
    pub fn has_sockjs(&self) -> bool {
        matches!(&self.setting, Some(Setting::Live(deployment)) if deployment.profile().sockjs().is_some())
    }

    /// Whether an instance of the app says that it sent this response.
    pub fn is_from_app_server(&self, response: &Response) -> bool {
        self.word("instances.header").is_some_and(|header| response.value(header).is_some())
    }

    /// Sends a request and keeps its response. The client has one connection, kept from request to request; it opens a
    /// new one when that was closed.
    ///
    /// # Errors
    /// When no response comes.
    pub async fn ask(&mut self, request: Request) -> Result<&Response, Failure> {
        if self.is_over_http2 {
            return self.ask_over_http2(request).await;
        }
        let begun = Instant::now();
        self.connect().await?;
        self.make_room();
        let connection = self.connection.as_mut().ok_or_else(|| Failure::new("there is no connection"))?;
        self.transcript.sent(&connection.head_of(&request), &request.framed_body());
        let answer = connection.ask(&request).await;
        self.took = begun.elapsed();
        // `return 444`: to a stranger the door is shut without a word.
        if let (Err(ClientError::Closed(_)), Some(scene)) = (&answer, &self.scene)
            && scene.has_selected_server()
            && scene.stage().source.site.refusals.contains(&444)
        {
            let asked = format!("{} {}", request.method, request.target);
            return Err(Failure::not_asked(format!("`{asked}` is not answered at all: not for everybody")));
        }
        self.request = Some(request);
        self.keep(answer)
    }

    /// Sends a request over HTTP/2 on a connection of its own, and keeps the response.
    ///
    /// # Errors
    /// When there is no response.
    pub async fn ask_over_http2(&mut self, request: Request) -> Result<&Response, Failure> {
        let begun = Instant::now();
        let route = self.route().await?;
        let head = Request { version: "HTTP/2", ..route.with_common_headers(&request) }.head(route.host());
        self.transcript.sent(&head, &request.framed_body());
        let answer = ask_over_http2(&route, &request).await;
        self.took = begun.elapsed();
        self.request = Some(request);
        self.keep(answer)
    }

    /// Sees to it that the client has an open connection.
    ///
    /// # Errors
    /// When the proxy cannot be connected to.
    pub async fn connect(&mut self) -> Result<&mut Connection, Failure> {
        let route = self.route().await?;
        let kept = self.connection.take().and_then(|mut kept| (!kept.looks_closed()).then_some(kept));
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&route).await?,
        };
        self.client = Some(connection.local()?);
        Ok(self.connection.insert(connection))
    }

    /// Marks where the responses of a step begin.
    pub fn begin(&mut self) {
        self.batch = self.responses.len();
    }

    /// The responses of the latest step that asked.
    pub fn batch(&self) -> &[Response] {
        self.responses.get(self.batch..).unwrap_or_default()
    }

    /// Keeps what came back as the latest response.
    ///
    /// # Errors
    /// What `answer` says.
    pub fn keep(
        &mut self,
        answer: Result<Response, hopcheck_clients::ClientError>,
    ) -> Result<&Response, Failure> {
        match answer {
            Ok(response) => {
                self.transcript.received(&response);
                self.responses.push(response);
                self.response()
            }
            Err(error) => {
                self.transcript.note(&error.to_string());
                Err(error.into())
            }
        }
    }

    /// The latest response.
    ///
    /// # Errors
    /// When there is none yet.
    pub fn response(&self) -> Result<&Response, Failure> {
        self.responses.last().ok_or_else(|| Failure::new("there is no response yet"))
    }

    /// `text` with its escapes and braces made out, as bytes.
    pub fn bytes(&self, text: &str) -> Vec<u8> {
        text::bytes(text, &|word| self.lookup(word))
    }

    /// The same, as text.
    pub fn text(&self, text: &str) -> String {
        text::plain(text, &|word| self.lookup(word))
    }

    /// What a word in braces stands for.
    pub fn lookup(&self, word: &str) -> Option<String> {
        let scene = self.scene.as_ref();
        if let Some(Setting::Live(deployment)) = &self.setting
            && let "proxy" | "host" = word
        {
            return Some(deployment.route().host().to_owned());
        }
        let proxy = || scene.and_then(|scene| scene.rewritten().listen.first()).map(|(_, address)| *address);
        match word {
            "scheme" => {
                let tls =
                    |scene: &Scene| proxy().is_some_and(|address| scene.rewritten().tls.contains(&address));
                Some(if scene.is_some_and(tls) { "https" } else { "http" }.to_owned())
            }
            "proxy" => proxy().map(|address| address.to_string()),
            "host" => proxy().map(|address| address.ip().to_string()),
            "site" => {
                let scheme = self.lookup("scheme")?;
                let name = scene
                    .and_then(Scene::selected_host)
                    .map(str::to_owned)
                    .or_else(|| self.lookup("proxy"))?;
                Some(format!("{scheme}://{name}"))
            }
            "client" => self.client.map(|address| address.ip().to_string()),
            "blue" | "green" => {
                scene.and_then(|scene| scene.app_server(word).ok()).map(|server| server.address().to_string())
            }
            header => self.responses.last().and_then(|response| response.value(header)).map(str::to_owned),
        }
    }

    fn gather_evidence(&self) -> Evidence {
        let mut evidence = Evidence { exchange: self.transcript.to_string(), ..Evidence::default() };
        let Some(scene) = &self.scene else { return evidence };
        let arrived = self.arrived_anywhere();
        let latest = arrived.iter().skip(arrived.len().saturating_sub(2));
        evidence.app_servers = match arrived.len() {
            0 => "the app servers saw nothing\n".to_owned(),
            _ => latest.map(ToString::to_string).collect(),
        };
        let log = scene.as_written(&scene.log("error_log"));
        evidence.error_log = first_of_each_kind(log.lines().filter(|line| is_error(line)));
        evidence
    }

    /// Ends everything that the scenario started, but keeps what a report of its failure needs.
    pub async fn leave(&mut self, failed: bool) {
        if failed {
            self.evidence = self.gather_evidence();
            self.evidence.kept_out = self.kept_out();
        }
        self.websockets.clear();
        self.stomp.clear();
        self.connection = None;
        self.traffic = None;
        if let Some(mut scene) = self.scene.take() {
            scene.tear_down().await;
        }
    }
}

/// The failure if there is no front end.
pub fn no_front_end() -> Failure {
    Failure::new("the configuration names no `root`, so there is no front end")
}

fn is_error(line: &str) -> bool {
    ["[emerg]", "[alert]", "[crit]", "[error]", "[warn]"].iter().any(|level| line.contains(level))
}
