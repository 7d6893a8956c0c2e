//! A site of a test's own, on each engine: the document's configuration with changes, two app servers, a front end and logs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hopcheck_clients::{Connection, Request, Response, Route};
use hopcheck_container::{Nginx, NginxOptions};
use hopcheck_targets::conf::{Overlay, Source};
use hopcheck_targets::target::{Reference, Signal, Target};
use hopcheck_targets::{scene::Scene, stage::Stage};
use tokio::time::{Instant, sleep};

use crate::processes::Processes;

/// How long anything may take before it counts as never.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A running proxy and what belongs to it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) scene: Scene,
    /// `reference` or `nginx`.
    pub(crate) engine: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) processes: Processes,
}

/// Puts the same test to the reference proxy and, where it can be had, to nginx. `changes` are blocks of the
/// configuration with the directives to put there; there is one worker unless they say otherwise.
pub(crate) async fn on_each(changes: &[(&str, &str)], test: impl AsyncFn(&mut Site)) {
    let reference = Reference::new(PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"))).expect("a directory");
    let reference = Some(staged(Box::new(reference)));
    let nginx = nginx().await;
    let on = async |engine, stage: Option<Arc<Stage>>| {
        let Some(stage) = stage else { return };
        let mut site = Site::open(engine, stage, changes).await;
        test(&mut site).await;
        site.scene.tear_down().await;
    };
    tokio::join!(on("reference", reference), on("nginx", nginx));
}

fn staged(target: Box<dyn Target>) -> Arc<Stage> {
    Arc::new(Stage { target, source: Source::built_in() })
}

async fn nginx() -> Option<Arc<Stage>> {
    match Nginx::start(&NginxOptions::from_env()).await {
        Ok(nginx) => Some(staged(Box::new(nginx))),
        Err(error) => {
            let required = std::env::var_os("HOPCHECK_REQUIRE_NGINX")
                .is_some_and(|value| !value.is_empty() && value != "0");
            assert!(!required, "nginx is required: {error}");
            println!("not put to nginx: {}", error.to_string().lines().next().unwrap_or_default());
            None
        }
    }
}

impl Site {
    async fn open(engine: &'static str, stage: Arc<Stage>, changes: &[(&str, &str)]) -> Site {
        let mut scene = Scene::set(stage).await.expect("a scene");
        let usual = [("main", "worker_processes 1;"), ("main", "error_log /var/log/nginx/error.log info;")];
        for (context, text) in usual.iter().chain(changes) {
            scene.overlay(match *context {
                "upstream servers" => Overlay::UpstreamParameter((*text).to_owned()),
                context => Overlay::Directives { context: context.to_owned(), text: (*text).to_owned() },
            });
        }
        let address = scene.proxy().await.unwrap_or_else(|error| panic!("{engine}: {error}"));
        let log = scene.rewritten().logs.get("error_log").expect("an error log").clone();
        let root = log.ancestors().find(|path| path.ends_with("root")).expect("a scratch directory");
        let site = Site { engine, address, processes: Processes::in_directory(root), scene };
        // Whatever is set up at the first request is there from now on.
        for path in ["/index.html", "/api/items"] {
            assert_eq!(site.get(path).await.status, 200, "{engine}");
        }
        site
    }

    /// The way to the proxy.
    pub(crate) fn route(&self) -> Route {
        Route::local(self.address, None)
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(&self.route()).await.unwrap_or_else(|error| panic!("{}: {error}", self.engine))
    }

    /// A connection on which these bytes have been sent.
    pub(crate) async fn saying(&self, bytes: &str) -> Connection {
        let mut connection = self.connect().await;
        connection.send(bytes.as_bytes()).await.expect("a proxy that reads");
        connection
    }

    /// The answer to a GET on a connection of its own. A client that has not had the processor for a whole timeout finds its
    /// connection closed, and asks again.
    pub(crate) async fn get(&self, target: &str) -> Response {
        let request = Request::new("GET", target).header("Connection", "close");
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.connect().await.ask(&request).await {
                Ok(response) => return response,
                Err(error) if Instant::now() > deadline => panic!("{}: GET {target}: {error}", self.engine),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Other clients get their answers, from the front end and from an app server.
    pub(crate) async fn serves_others(&self) {
        for path in ["/index.html", "/api/items"] {
            let response = self.get(path).await;
            assert!(response.status == 200 && response.complete, "{}: {path}: {response:?}", self.engine);
        }
    }

    /// Waits until other clients get their answers again: a proxy need not have noticed yet that others have left.
    pub(crate) async fn serves_others_again(&self) {
        let deadline = Instant::now() + DEADLINE;
        while self.get("/api/items").await.status != 200 {
            assert!(Instant::now() < deadline, "{}: nobody is served any more", self.engine);
            sleep(Duration::from_millis(20)).await;
        }
        self.serves_others().await;
    }

    /// Waits until the access log or the error log has a line that contains this.
    pub(crate) async fn logs(&self, text: &str) {
        self.eventually(text, || self.access().contains(text) || self.errors().contains(text)).await;
    }

    /// The access log.
    pub(crate) fn access(&self) -> String {
        self.scene.log("access_log")
    }

    /// The error log.
    pub(crate) fn errors(&self) -> String {
        self.scene.log("error_log")
    }

    /// Waits for a condition.
    pub(crate) async fn eventually(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition() {
            let said = || format!("{}\n{}", tail(&self.access()), tail(&self.errors()));
            assert!(Instant::now() < deadline, "{}: never: {what}\n{}", self.engine, said());
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends the master process a signal.
    pub(crate) async fn signal(&mut self, signal: Signal) {
        let proxy = self.scene.running().await.expect("a proxy");
        proxy.signal(signal).await.expect("a signal");
    }

    /// Says a figure, for the table in `docs/trust/endurance.md`.
    pub(crate) fn note(&self, what: &str, figure: impl std::fmt::Display) {
        println!("figure: {}: {what}: {figure}", self.engine);
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// Memory has at no time been more than `most` bytes above what it was `before`.
pub(crate) fn bounded(site: &Site, what: &str, before: u64, most: u64) {
    let grown = site.processes.peak().saturating_sub(before);
    site.note(&format!("{what}, KiB more"), grown / 1024);
    assert!(grown <= most, "{}: {what} take {} KiB", site.engine, grown / 1024);
}
