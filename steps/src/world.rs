//! What a scenario remembers from step to step.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use mock_upstreams::Exchange;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Connection, Request, Response, StompClient, Traffic, WebSocket};
use crate::failure::Failure;
use crate::scene::{Scene, Setting};
use crate::target::Verdict;
use crate::transcript::Transcript;

/// The world of one scenario.
#[derive(Debug, Default, cucumber::World)]
pub struct World {
    setting: Option<Arc<Setting>>,
    scene: Option<Scene>,
    /// The request that the scenario is putting together.
    pub request: Option<Request>,
    /// The connection that is kept from request to request, where the scenario says so.
    pub connection: Option<Connection>,
    /// Every response so far, the latest last.
    pub responses: Vec<Response>,
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
    /// Values a scenario notes for a later step, by name.
    pub notes: HashMap<String, String>,
    /// What went over the wire, for the report of a failure.
    pub transcript: Transcript,
}

impl World {
    /// Tells the world what it is to test; the first thing that happens to it.
    pub fn enter(&mut self, setting: Arc<Setting>) {
        self.setting = Some(setting);
    }

    /// The scene, set at the first call.
    ///
    /// # Errors
    /// As [`Scene::set`].
    pub async fn scene(&mut self) -> Result<&mut Scene, Failure> {
        if self.scene.is_none() {
            let setting = self.setting.clone().ok_or_else(|| Failure::new("the scenario has no target"))?;
            self.scene = Some(Scene::set(setting).await?);
        }
        self.scene.as_mut().ok_or_else(|| Failure::new("the scenario has no scene"))
    }

    /// Sends a request on a connection of its own and keeps its response.
    ///
    /// # Errors
    /// When no response comes.
    pub async fn ask(&mut self, request: &Request) -> Result<&Response, Failure> {
        let address = self.scene().await?.proxy().await?;
        let mut connection = Connection::open(address).await?;
        self.transcript.sent(&request.head(&connection.host()), &request.framed_body());
        let answer = connection.ask(request).await;
        self.keep(answer)
    }

    /// Sends a request on the connection that is kept from request to request, opened at the first call.
    ///
    /// # Errors
    /// When no response comes.
    pub async fn ask_on_kept_connection(&mut self, request: &Request) -> Result<&Response, Failure> {
        let address = self.scene().await?.proxy().await?;
        if self.connection.is_none() {
            self.connection = Some(Connection::open(address).await?);
        }
        let connection = self.connection.as_mut().ok_or_else(|| Failure::new("there is no connection"))?;
        self.transcript.sent(&request.head(&connection.host()), &request.framed_body());
        let answer = connection.ask(request).await;
        self.keep(answer)
    }

    /// Keeps what came back as the latest response.
    ///
    /// # Errors
    /// What `answer` says.
    pub fn keep(&mut self, answer: Result<Response, crate::client::ClientError>) -> Result<&Response, Failure> {
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

    /// Everything that reached an app server, in the order it arrived.
    pub fn arrived(&self) -> Vec<Exchange> {
        let Some(scene) = &self.scene else { return Vec::new() };
        let mut arrived: Vec<Exchange> =
            scene.app_servers().iter().flat_map(|server| server.journal().exchanges.clone()).collect();
        arrived.sort_by_key(|exchange| exchange.at);
        arrived
    }

    /// The last request that reached an app server.
    ///
    /// # Errors
    /// When none did.
    pub fn last_arrived(&self) -> Result<Exchange, Failure> {
        self.arrived().pop().ok_or_else(|| Failure::new("no request reached an app server"))
    }

    /// What a person needs to see when the scenario has failed.
    pub fn evidence(&self) -> String {
        let mut out = self.transcript.to_string();
        let Some(scene) = &self.scene else { return out };
        let arrived = self.arrived();
        if arrived.is_empty() {
            out += "the app servers saw nothing\n";
        }
        for exchange in arrived.iter().rev().take(3).rev() {
            out += &format!("the app server {} saw\n{}\n", exchange.instance, indented(&exchange.to_string()));
        }
        let log = scene.as_written(&scene.read("/var/log/nginx/error.log"));
        let errors: Vec<&str> = log.lines().filter(|line| is_error(line)).collect();
        if let Some(from) = errors.len().checked_sub(3).or(Some(0)).filter(|_| !errors.is_empty()) {
            out += &format!("the error log says\n{}\n", indented(&errors[from..].join("\n")));
        }
        out
    }

    /// Ends everything that the scenario started.
    pub async fn leave(&mut self) {
        self.websockets.clear();
        self.stomp.clear();
        self.connection = None;
        self.traffic = None;
        if let Some(mut scene) = self.scene.take() {
            scene.strike().await;
        }
    }
}

fn is_error(line: &str) -> bool {
    ["[emerg]", "[alert]", "[crit]", "[error]", "[warn]"].iter().any(|level| line.contains(level))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
