//! Background traffic: clients that keep sending requests while a scenario stops or restarts app servers.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::{Body, Connection, Request, Route};

/// The pause between two requests of one client. Not shorter, as many scenarios run at once.
const PAUSE: Duration = Duration::from_millis(5);

/// Background traffic, until it is stopped or dropped.
#[derive(Debug)]
pub struct Traffic {
    route: Route,
    clients: JoinSet<()>,
    stopping: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
}

/// The outcome of one request.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `GET /api/items`.
    pub request: String,
    /// Its `X-Request-Id`, unique in the scenario.
    pub id: String,
    /// The status, or the error.
    pub result: Result<u16, String>,
    /// The instance that answered, by `X-Instance`.
    pub instance: Option<String>,
}

impl Traffic {
    /// No clients yet, for a proxy reached by `route`.
    pub fn idle(route: Route) -> Traffic {
        Traffic {
            route,
            clients: JoinSet::new(),
            stopping: Arc::default(),
            answered: Arc::default(),
            outcomes: Arc::default(),
        }
    }

    /// Adds clients that send `method target` again and again, each on a connection that it keeps.
    pub fn add(&mut self, clients: usize, method: &str, target: &str) {
        for client in 0..clients {
            let (route, method, target) = (self.route.clone(), method.to_owned(), target.to_owned());
            let (stopping, answered) = (Arc::clone(&self.stopping), Arc::clone(&self.answered));
            let outcomes = Arc::clone(&self.outcomes);
            self.clients.spawn(async move {
                let mut connection = None;
                for number in 0_usize.. {
                    if stopping.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = format!("{method}-{client}-{number}");
                    let outcome = ask(&mut connection, &route, &method, &target, id).await;
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push(outcome);
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    sleep(PAUSE).await;
                }
            });
        }
    }

    /// Waits until `count` more requests have been answered or have failed.
    pub async fn wait_for_responses(&self, count: usize) {
        let enough = self.answered.load(Ordering::Relaxed) + count;
        while self.answered.load(Ordering::Relaxed) < enough {
            sleep(PAUSE).await;
        }
    }

    /// Lets every client finish its request, and returns the outcomes.
    pub async fn stop(&mut self) -> Vec<Outcome> {
        self.stopping.store(true, Ordering::Relaxed);
        while self.clients.join_next().await.is_some() {}
        self.outcomes()
    }

    /// The outcomes so far.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.outcomes.lock().map(|outcomes| outcomes.clone()).unwrap_or_default()
    }
}

async fn ask(
    kept: &mut Option<Connection>,
    route: &Route,
    method: &str,
    target: &str,
    id: String,
) -> Outcome {
    let mut request = Request::new(method, target).header("X-Request-Id", &id);
    if !matches!(method, "GET" | "HEAD") {
        request = request
            .header("Content-Type", "application/json")
            .body(Body::Sized(b"{\"name\":\"milk\"}".to_vec()));
    }
    let connection = match kept.take() {
        Some(connection) => Ok(connection),
        None => Connection::open(route).await,
    };
    let answer = match connection {
        Ok(mut connection) => match connection.ask(&request).await {
            Ok(response) if response.complete => {
                let closes =
                    response.value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
                *kept = (!closes).then_some(connection);
                Ok(response)
            }
            Ok(_) => Err("the response was cut off".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Err(error) => Err(error.to_string()),
    };
    Outcome {
        request: format!("{method} {target}"),
        id,
        instance: answer.as_ref().ok().and_then(|r| r.value("x-instance").map(str::to_owned)),
        result: answer.map(|response| response.status),
    }
}
