//! The Chrome DevTools Protocol over two pipes: JSON, each text ended by a NUL. Commands have a number, by which the answer is
//! known; events have the session of the page that they are about.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::{mpsc, oneshot};

use crate::BrowserError;

/// The longest message, in bytes; a longer one is passed over.
const MAX_MESSAGE: usize = 16 << 20;

/// So many bytes are read of a browser in all: a page may go on for ever.
const MAX_TOTAL: u64 = 512 << 20;

/// So many events of a page wait to be looked at; what comes on top is passed over.
const MAX_WAITING: usize = 4096;

/// How long a command may take that waits for nothing.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15);

/// Something that happened on a page, or in a worker or a frame of it.
#[derive(Debug)]
pub(crate) struct Event {
    /// The session.
    pub(crate) session: String,
    /// What happened: `Network.responseReceived`.
    pub(crate) method: String,
    /// What is said about it.
    pub(crate) params: Value,
}

/// A connection to the browser. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Inner>);

struct Inner {
    to: tokio::sync::Mutex<Box<dyn AsyncWrite + Send + Unpin>>,
    numbers: AtomicU64,
    shared: Arc<Mutex<Shared>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shared {
    unanswered: HashMap<u64, Unanswered>,
    sessions: HashMap<String, mpsc::Sender<Event>>,
    /// The sessions whose process has crashed.
    crashed: HashSet<String>,
    /// Why nothing more comes, if so.
    end: Option<BrowserError>,
}

/// A command that waits for its answer, and the session that it was sent to.
struct Unanswered {
    session: Option<String>,
    tell: oneshot::Sender<Result<Value, Failure>>,
}

/// Why a command has no answer.
enum Failure {
    /// It was refused, and why.
    Refused(String),
    /// The process of the page has crashed.
    Crashed,
}

impl Shared {
    /// Why nothing comes of a session any more, or of any; `None` where something may.
    fn failure(&self, session: Option<&str>) -> Option<BrowserError> {
        let has_crashed = session.is_some_and(|session| self.crashed.contains(session));
        self.end.clone().or(has_crashed.then_some(BrowserError::Crashed))
    }
}

impl Connection {
    /// Talks over these pipes; must be called in a runtime.
    pub(crate) fn over(
        to: impl AsyncWrite + Send + Unpin + 'static,
        from: impl AsyncRead + Send + Unpin + 'static,
    ) -> Connection {
        let shared = Arc::new(Mutex::new(Shared::default()));
        tokio::spawn(read(from, Arc::clone(&shared)));
        let to = tokio::sync::Mutex::new(Box::new(to) as Box<dyn AsyncWrite + Send + Unpin>);
        Connection(Arc::new(Inner { to, numbers: AtomicU64::new(1), shared }))
    }

    /// Sends a command, to a page or to the browser itself, and waits for its answer.
    pub(crate) async fn call(
        &self,
        session: Option<&str>,
        method: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        self.call_within(session, method, params, COMMAND_TIMEOUT).await
    }

    /// The same, for at most `limit`.
    pub(crate) async fn call_within(
        &self,
        session: Option<&str>,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, BrowserError> {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        {
            let mut shared = lock(&self.0.shared);
            if let Some(failure) = shared.failure(session) {
                return Err(failure);
            }
            shared.unanswered.insert(number, Unanswered { session: session.map(str::to_owned), tell });
        }
        let mut message = json!({"id": number, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = Value::from(session);
        }
        let bytes = [message.to_string().as_bytes(), b"\0"].concat();
        let answer = async {
            let mut to = self.0.to.lock().await;
            let written = async {
                to.write_all(&bytes).await?;
                to.flush().await
            };
            written.await.map_err(|_| self.ended())?;
            drop(to);
            let answer = told.await.map_err(|_| self.ended())?;
            answer.map_err(|failure| match failure {
                Failure::Refused(why) => BrowserError::Refused { method, why },
                Failure::Crashed => BrowserError::Crashed,
            })
        };
        let answer = tokio::time::timeout(limit, answer).await;
        lock(&self.0.shared).unanswered.remove(&number);
        answer.unwrap_or(Err(BrowserError::Timeout { method, limit }))
    }

    /// Why nothing more comes, of this session or of any; `None` where something may.
    pub(crate) fn failure(&self, session: Option<&str>) -> Option<BrowserError> {
        lock(&self.0.shared).failure(session)
    }

    /// Why nothing more comes of any page, or of one whose process has crashed.
    pub(crate) fn any_failure(&self) -> Option<BrowserError> {
        let shared = lock(&self.0.shared);
        let has_crashed = !shared.crashed.is_empty();
        shared.end.clone().or(has_crashed.then_some(BrowserError::Crashed))
    }

    fn ended(&self) -> BrowserError {
        self.failure(None).unwrap_or(BrowserError::Ended)
    }

    /// The events of a session from here on, with those of its workers and frames.
    pub(crate) fn events_of(&self, session: &str) -> mpsc::Receiver<Event> {
        let (tell, told) = mpsc::channel(MAX_WAITING);
        lock(&self.0.shared).sessions.insert(session.to_owned(), tell);
        told
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads until the other end is closed, or has said more than anybody listens to.
async fn read(from: impl AsyncRead + Unpin, shared: Arc<Mutex<Shared>>) {
    let mut from = BufReader::new(from.take(MAX_TOTAL));
    while let Some(message) = next(&mut from).await {
        if let Ok(message) = serde_json::from_slice(&message) {
            deliver(&mut lock(&shared), message);
        }
    }
    let is_flooded = from.get_ref().limit() == 0;
    let mut shared = lock(&shared);
    let end = if is_flooded { BrowserError::Flooded(MAX_TOTAL) } else { BrowserError::Ended };
    let crashed = std::mem::take(&mut shared.crashed);
    *shared = Shared { end: Some(end), crashed, ..Shared::default() };
}

/// The next message; an empty one in place of one that is too long.
async fn next(from: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let read = (&mut *from).take(MAX_MESSAGE as u64).read_until(0, &mut message).await.ok()?;
        match message.pop() {
            None => return None,
            Some(0) if message.len() < MAX_MESSAGE => return Some(message),
            Some(0) => return Some(Vec::new()),
            Some(_) if read == 0 => return None,
            // Kept at a length that tells that it is too long.
            Some(_) => message.resize(MAX_MESSAGE, b' '),
        }
    }
}

fn deliver(shared: &mut Shared, mut message: Value) {
    if let Some(number) = message["id"].as_u64() {
        if let Some(Unanswered { tell, .. }) = shared.unanswered.remove(&number) {
            let answer = match message["error"]["message"].as_str() {
                Some(why) => Err(Failure::Refused(why.to_owned())),
                None => Ok(message["result"].take()),
            };
            let _ = tell.send(answer);
        }
        return;
    }
    let (Some(session), Some(method)) = (message["sessionId"].as_str(), message["method"].as_str()) else {
        return;
    };
    let (session, method) = (session.to_owned(), method.to_owned());
    let params = message["params"].take();
    if method == "Inspector.targetCrashed" {
        shared.crashed.insert(session.clone());
        let of_session = |_: &u64, waits: &mut Unanswered| waits.session.as_ref() == Some(&session);
        for (_, Unanswered { tell, .. }) in shared.unanswered.extract_if(of_session) {
            let _ = tell.send(Err(Failure::Crashed));
        }
    }
    let Some(tell) = shared.sessions.get(&session).cloned() else { return };
    if let ("Target.attachedToTarget", Some(child)) = (method.as_str(), params["sessionId"].as_str()) {
        shared.sessions.insert(child.to_owned(), tell.clone());
    }
    let _ = tell.try_send(Event { session, method, params });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection, and the browser's ends of its pipes.
    fn connection() -> (Connection, BufReader<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (to, reads) = tokio::io::duplex(1 << 16);
        let (writes, from) = tokio::io::duplex(1 << 16);
        (Connection::over(to, from), BufReader::new(reads), writes)
    }

    #[tokio::test]
    async fn answers_find_who_asked_in_any_order() {
        let (connection, mut reads, mut writes) = connection();
        let ask = async |method| connection.call(None, method, json!({})).await.unwrap();
        let answer = async {
            let mut numbers = Vec::new();
            for _ in 0..2 {
                let asked: Value = serde_json::from_slice(&next(&mut reads).await.unwrap()).unwrap();
                numbers.push((asked["id"].clone(), asked["method"].clone()));
            }
            for (id, method) in numbers.into_iter().rev() {
                let answer = json!({"id": id, "result": {"of": method}}).to_string() + "\0";
                writes.write_all(answer.as_bytes()).await.unwrap();
            }
        };
        let (one, other, ()) = tokio::join!(ask("A.a"), ask("B.b"), answer);
        assert_eq!((&one["of"], &other["of"]), (&json!("A.a"), &json!("B.b")));
    }

    #[tokio::test]
    async fn what_a_browser_refuses_and_its_end_are_told() {
        let (connection, mut reads, mut writes) = connection();
        let refuse = async {
            next(&mut reads).await.unwrap();
            writes.write_all(b"{\"id\":1,\"error\":{\"message\":\"no\"}}\0").await.unwrap();
        };
        let (asked, ()) = tokio::join!(connection.call(None, "A.a", json!({})), refuse);
        assert!(matches!(asked, Err(BrowserError::Refused { method: "A.a", why }) if why == "no"));
        drop(writes);
        assert!(matches!(connection.call(None, "B.b", json!({})).await, Err(BrowserError::Ended)));
    }

    #[tokio::test]
    async fn whoever_waits_for_a_page_is_told_of_its_crash() {
        let (connection, mut reads, mut writes) = connection();
        let crash = async {
            next(&mut reads).await.unwrap();
            let crashed = json!({"sessionId": "page", "method": "Inspector.targetCrashed", "params": {}});
            writes.write_all(format!("{crashed}\0").as_bytes()).await.unwrap();
        };
        let (asked, ()) = tokio::join!(connection.call(Some("page"), "A.a", json!({})), crash);
        assert_eq!(asked, Err(BrowserError::Crashed));
        assert_eq!(connection.call(Some("page"), "B.b", json!({})).await, Err(BrowserError::Crashed));
        assert_eq!(connection.any_failure(), Some(BrowserError::Crashed));
        assert_eq!((connection.failure(None), connection.failure(Some("other"))), (None, None));
    }

    #[tokio::test]
    async fn events_of_a_worker_come_to_its_page() {
        let (connection, _reads, mut writes) = connection();
        let mut events = connection.events_of("page");
        let attached = json!({"sessionId": "page", "method": "Target.attachedToTarget", "params": {"sessionId": "worker"}});
        let seen = json!({"sessionId": "worker", "method": "Network.loadingFinished", "params": {}});
        writes.write_all(format!("{attached}\0{seen}\0").as_bytes()).await.unwrap();
        assert_eq!(events.recv().await.unwrap().method, "Target.attachedToTarget");
        assert_eq!(events.recv().await.unwrap().session, "worker");
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_is_passed_over() {
        let long = [vec![b'x'; MAX_MESSAGE + 10], b"\0{}\0".to_vec()].concat();
        let mut from = BufReader::new(&long[..]);
        assert_eq!(next(&mut from).await, Some(Vec::new()));
        assert_eq!(next(&mut from).await, Some(b"{}".to_vec()));
        assert_eq!(next(&mut from).await, None);
    }
}
