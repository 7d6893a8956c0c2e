//! The run: the request is sent to the proxy, which tells what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use hopcheck_clients::{ClientError, Connection, Response, Route, Tls};
use hopcheck_targets::conf::has_own_variable;
use hopcheck_targets::scene::{Scene, SceneError, VirtualServer};
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{ProxyState, START_TIMEOUT, Signal};
use mock_upstreams::Fault;
use reference_proxy::trace::{Field, Step, TracedStep};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

use crate::door::{self, Door};
use crate::explanation::{Arrived, AskedRequest, Explanation};
use crate::headers;
use crate::question::Question;
use crate::written::Written;

/// How long an answer may take; nobody waits for anything here but for `limit_req`.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// What a reader should know where files are looked for.
const FILES_NOTE: &str = "no file of the real site is read; `--file PATH` says that one is there, by its path in the configuration";

/// Why nothing can be told.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// The engine refuses the configuration.
    #[error("{name} does not run:\n{said}")]
    Refused {
        /// The configuration.
        name: String,
        /// What the engine said.
        said: String,
    },
    /// It has no servers.
    #[error("{0} has no server")]
    NoServer(String),
    /// It could not be run.
    #[error("{0}")]
    Scene(#[from] SceneError),
    /// A file that is to be there cannot be made.
    #[error("cannot make {0}: {1}")]
    File(String, std::io::Error),
    /// The trace is none.
    #[error("cannot read what the proxy told: {0}")]
    Trace(#[from] serde_json::Error),
}

/// What client and app servers see of a request.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The `listen` address that it came to; `None` if nobody listens there.
    pub(crate) listen: Option<String>,
    /// Why there is no answer.
    pub(crate) unanswered: Option<String>,
    pub(crate) status: Option<u16>,
    /// The header fields of the answer.
    pub(crate) received: Vec<Field>,
    /// What reached the app servers.
    pub(crate) arrived: Vec<Arrived>,
    /// What the engine wrote to standard error.
    pub(crate) said: String,
}

/// Runs the configuration of `stage`, whose target is a [traced](hopcheck_targets::target::Reference::traced) reference proxy,
/// asks it, and tells what became of the request.
///
/// # Errors
/// When the configuration cannot be run. That nobody answers is an answer.
pub async fn explain(stage: &Arc<Stage>, question: &Question) -> Result<Explanation, ExplainError> {
    if let Some(refusal) = Scene::refusal(stage).await? {
        let said = refusal.said.trim_end().to_owned();
        return Err(ExplainError::Refused { name: stage.source.name.clone(), said });
    }
    let mut scene = Scene::set(Arc::clone(stage)).await?;
    let told = ask(&mut scene, question).await;
    scene.tear_down().await;
    told
}

/// Whether no line of the configuration is behind it.
fn is_of_the_run(step: &Step) -> bool {
    matches!(step, Step::Variable { directive: Some(directive), .. } if has_own_variable(&directive.text))
}

async fn ask(scene: &mut Scene, question: &Question) -> Result<Explanation, ExplainError> {
    let Seen { listen, unanswered, status, received, arrived, said: _ } = see(scene, question).await?;
    let written = Written::of(scene);
    let trace = match listen {
        Some(_) => scene.trace().map_err(SceneError::Io)?,
        None => String::new(),
    };
    let mut steps = trace.lines().map(|line| written.step(line)).collect::<Result<Vec<TracedStep>, _>>()?;
    steps.retain(|step| !is_of_the_run(&step.step));
    let (headers, lost) = headers::of(&steps);
    let is_missing = |step: &TracedStep| {
        matches!(
            step.step,
            Step::Try { found: false, .. }
                | Step::File { status: 404 | 403, .. }
                | Step::Password { status: Some(403), .. }
        )
    };
    let has_note = question.files.is_empty() && steps.iter().any(is_missing);
    let fields = question.request().headers.into_iter().map(|(name, value)| Field { name, value });
    Ok(Explanation {
        configuration: scene.stage().source.name.clone(),
        request: AskedRequest {
            method: question.method.clone(),
            url: format!("{}://{}{}", question.url.scheme(), question.url.authority(), question.url.target),
            listen,
            headers: fields.collect(),
        },
        unanswered,
        status,
        headers,
        lost,
        steps,
        arrived,
        notes: if has_note { vec![FILES_NOTE.to_owned()] } else { Vec::new() },
        beside: None,
        received,
    })
}

/// Sends the request to the proxy of a scene, which ends then.
pub(crate) async fn see(scene: &mut Scene, question: &Question) -> Result<Seen, ExplainError> {
    if scene.rewritten().listen.is_empty() {
        return Err(ExplainError::NoServer(scene.stage().source.name.clone()));
    }
    let Door { listen, address } = match door::find(scene.rewritten(), &question.url) {
        Ok(door) => door,
        Err(why) => return Ok(Seen { unanswered: Some(why), ..Seen::default() }),
    };
    let server = VirtualServer { listen: listen.clone(), name: question.url.host.clone(), behind_tls: false };
    scene.select_server(server);
    for path in &question.files {
        make(scene, path).map_err(|error| ExplainError::File(path.clone(), error))?;
    }
    for server in scene.app_servers() {
        server.answer_any_path();
        if let Some(status) = question.app_status {
            server.inject(Fault::status(status));
        }
    }
    for address in &question.down {
        scene.app_server(address)?.inject(Fault::RefuseConnections);
    }
    scene.proxy().await?;
    let tls = match question.url.tls {
        true => Some(Tls::accepting_any_certificate().map_err(SceneError::Tls)?),
        false => None,
    };
    let route = Route::to_site(address, tls, &question.url.host, Vec::new());
    let answer = timeout(ANSWER_TIMEOUT, exchange(&route, &question.request())).await;
    let said = end(scene).await?;
    let written = Written::of(scene);
    let mut seen = Seen { listen: Some(listen), arrived: arrived(scene, &written), said, ..Seen::default() };
    match answer {
        Ok(Ok(response)) => {
            seen.status = Some(response.status);
            let fields = response.headers.iter();
            seen.received = fields.map(|(name, value)| written.field(name, value)).collect();
        }
        Ok(Err(ClientError::Tls(why))) => seen.unanswered = Some(format!("the TLS handshake fails: {why}")),
        Ok(Err(_)) => seen.unanswered = Some("the connection is closed without an answer".to_owned()),
        Err(_) => seen.unanswered = Some(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())),
    }
    Ok(seen)
}

/// Sends the request on a connection of its own, and reads the answer; of a tunnel only its head.
async fn exchange(route: &Route, request: &hopcheck_clients::Request) -> Result<Response, ClientError> {
    let mut connection = Connection::open(route).await?;
    connection.ask(request).await
}

/// Makes an empty file, or a directory if its name ends with a slash.
fn make(scene: &Scene, path: &str) -> std::io::Result<()> {
    let place = scene.place(path);
    if path.ends_with('/') {
        return std::fs::create_dir_all(place);
    }
    if let Some(directory) = place.parent() {
        std::fs::create_dir_all(directory)?;
    }
    if place.exists() { Ok(()) } else { std::fs::write(place, "") }
}

/// Has the proxy finish what it does, and waits for that: then everything was told. Returns what it wrote to standard error.
async fn end(scene: &mut Scene) -> Result<String, SceneError> {
    let proxy = scene.running().await?;
    proxy.signal(Signal::Quit).await?;
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match proxy.state().await {
            ProxyState::Ended(said) => return Ok(said),
            ProxyState::Running if Instant::now() > deadline => return Ok(String::new()),
            ProxyState::Running => sleep(Duration::from_millis(2)).await,
        }
    }
}

/// What reached the app servers, in order.
fn arrived(scene: &Scene, written: &Written) -> Vec<Arrived> {
    let mut exchanges: Vec<(String, mock_upstreams::Exchange)> = Vec::new();
    for server in scene.app_servers() {
        let address = written.text(&server.address().to_string());
        let seen = server.read(|journal| journal.exchanges.clone());
        exchanges.extend(seen.into_iter().map(|exchange| (address.clone(), exchange)));
    }
    exchanges.sort_by_key(|(_, exchange)| exchange.at);
    let arrived = exchanges.into_iter().map(|(address, exchange)| Arrived {
        address,
        line: format!("{} {} {}", exchange.method, written.text(&exchange.target), exchange.version),
        headers: exchange.headers.iter().map(|(name, value)| written.field(name, value)).collect(),
    });
    arrived.collect()
}
