//! Clients that keep asking whatever happens, and what became of each request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hopcheck_clients::{Body, ClientError, Connection, Request, Response, Route};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::site::DEADLINE;

/// Between two requests of one client, so that the machine has time for the proxy, too.
const PAUSE: Duration = Duration::from_millis(2);

/// A load under way.
#[derive(Debug)]
pub(crate) struct Load {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    answered: AtomicUsize,
    outcomes: Mutex<Vec<Outcome>>,
}

/// What became of one request.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) method: &'static str,
    /// Sent as `X-Request-Id`, and as `Referer`, which is in the access log.
    pub(crate) id: String,
    /// The status, or why there was none.
    pub(crate) result: Result<u16, String>,
    /// It was sent again on a new connection, since the first one had been closed.
    pub(crate) again: bool,
}

impl Load {
    /// Two clients for each method, one of which keeps its connection.
    pub(crate) fn start(route: &Route) -> Load {
        let (mut clients, shared) = (JoinSet::new(), Arc::new(Shared::default()));
        for method in ["GET", "POST"] {
            for keeps in [false, true] {
                clients.spawn(client(route.clone(), method, keeps, Arc::clone(&shared)));
            }
        }
        Load { clients, shared }
    }

    /// Waits until so many more requests are over.
    pub(crate) async fn go_on(&self, count: usize) {
        let enough = self.shared.answered.load(Ordering::Relaxed) + count;
        let deadline = Instant::now() + DEADLINE;
        while self.shared.answered.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < deadline, "no request comes to its end any more");
            sleep(PAUSE).await;
        }
    }

    /// Lets every client finish what it is doing; all that became of the requests.
    pub(crate) async fn stop(mut self) -> Vec<Outcome> {
        self.shared.stopping.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client that does not panic");
        }
        std::mem::take(&mut *self.shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn client(route: Route, method: &'static str, keeps: bool, shared: Arc<Shared>) {
    let mut kept = None;
    for number in 0_u64.. {
        if shared.stopping.load(Ordering::Relaxed) {
            return;
        }
        let id = format!("{method}-{keeps}-{number}");
        // Answers short enough to be there at once: one that has begun can be begun anew by no proxy.
        let target = if method == "GET" { "/api/echo" } else { "/api/items" };
        let mut request = Request::new(method, target).header("X-Request-Id", &id).header("Referer", &id);
        if method == "POST" {
            request = request.header("Content-Type", "application/json").body(Body::Sized(b"{}".to_vec()));
        }
        if !keeps {
            request = request.header("Connection", "close");
        }
        // As every client that keeps connections does.
        if kept.as_mut().is_some_and(Connection::looks_closed) {
            kept = None;
        }
        let reused = kept.is_some();
        let mut answer = ask(&route, kept.take(), &request).await;
        // A proxy may close a connection that waits at any time. What is idempotent every client sends again then
        // (RFC 9112 §9.3.1); what is not, none.
        let again = method == "GET" && reused && answer.is_err();
        if again {
            answer = ask(&route, None, &request).await;
        }
        let result = match answer {
            Ok((_, response)) if !response.complete => Err("it was cut short".to_owned()),
            Ok((connection, response)) => {
                let stays = response.value("connection").is_none_or(|value| value != "close");
                kept = (keeps && stays).then_some(connection);
                Ok(response.status)
            }
            Err(error) => Err(error.to_string()),
        };
        let outcome = Outcome { method, id, result, again };
        shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
        shared.answered.fetch_add(1, Ordering::Relaxed);
        sleep(PAUSE).await;
    }
}

async fn ask(
    route: &Route,
    kept: Option<Connection>,
    request: &Request,
) -> Result<(Connection, Response), ClientError> {
    let mut connection = match kept {
        Some(connection) => connection,
        None => Connection::open(route).await?,
    };
    let response = connection.ask(request).await?;
    Ok((connection, response))
}
