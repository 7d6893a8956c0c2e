//! Clients that talk over a WebSocket whatever happens, and what cut them off.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hopcheck_clients::{Connection, Handshake, Route, WebSocket};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::site::DEADLINE;

/// Between two messages of one client.
const PAUSE: Duration = Duration::from_millis(5);

/// Clients that talk, each on one session after another.
#[derive(Debug)]
pub(crate) struct Sessions {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    talk: Mutex<Talk>,
    /// How often each app server has begun to die or is dead, by its name: odd while it is dying.
    deaths: Mutex<BTreeMap<String, usize>>,
    messages: AtomicUsize,
}

/// What became of the sessions.
#[derive(Debug, Default, Clone)]
pub(crate) struct Talk {
    /// Messages that came back.
    pub(crate) messages: usize,
    /// Sessions that ended with their app server.
    pub(crate) died: usize,
    /// What should not have happened: a session that ended while its app server lived, a handshake without a 101, a
    /// message that came back changed.
    pub(crate) wrong: Vec<String>,
}

impl Sessions {
    /// So many clients.
    pub(crate) fn start(route: &Route, count: usize) -> Sessions {
        let (mut clients, shared) = (JoinSet::new(), Arc::new(Shared::default()));
        for _ in 0..count {
            clients.spawn(client(route.clone(), Arc::clone(&shared)));
        }
        Sessions { clients, shared }
    }

    /// Says that an app server begins to die, or is dead now.
    pub(crate) fn dies(&self, name: &str) {
        *lock(&self.shared.deaths).entry(name.to_owned()).or_default() += 1;
    }

    /// Waits until so many more messages have come back.
    pub(crate) async fn go_on(&self, count: usize) {
        let enough = self.shared.messages.load(Ordering::Relaxed) + count;
        let deadline = Instant::now() + DEADLINE;
        while self.shared.messages.load(Ordering::Relaxed) < enough {
            let wrong = || lock(&self.shared.talk).wrong.last().cloned().unwrap_or_default();
            assert!(Instant::now() < deadline, "no message comes back any more: {}", wrong());
            sleep(PAUSE).await;
        }
    }

    /// Ends all sessions.
    pub(crate) async fn stop(mut self) -> Talk {
        self.shared.stopping.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client that does not panic");
        }
        let messages = self.shared.messages.load(Ordering::Relaxed);
        Talk { messages, ..lock(&self.shared.talk).clone() }
    }
}

async fn client(route: Route, shared: Arc<Shared>) {
    while !shared.stopping.load(Ordering::Relaxed) {
        let before = lock(&shared.deaths).clone();
        match open(&route).await {
            Ok((name, mut socket)) => {
                if let Err(reason) = talk(&mut socket, &shared).await {
                    // An app server that has died, or was dying when it was asked, takes its sessions with it.
                    let times =
                        |deaths: &BTreeMap<String, usize>| deaths.get(&name).copied().unwrap_or_default();
                    let alive = times(&before) % 2 == 0 && times(&lock(&shared.deaths)) == times(&before);
                    let mut talk = lock(&shared.talk);
                    if alive {
                        talk.wrong.push(format!("a session with {name} ended: {reason}"));
                    } else {
                        talk.died += 1;
                    }
                }
            }
            Err(reason) => lock(&shared.talk).wrong.push(format!("a handshake: {reason}")),
        }
        sleep(PAUSE).await;
    }
}

/// A session, and the app server's name.
async fn open(route: &Route) -> Result<(String, WebSocket), String> {
    let connection = Connection::open(route).await.map_err(|error| error.to_string())?;
    let handshake = Handshake::new("/stomp/echo", &[]);
    let (response, socket) = handshake.open(connection, None).await.map_err(|error| error.to_string())?;
    let name = response.value("x-instance").unwrap_or_default().to_owned();
    socket.map(|socket| (name, socket)).ok_or(format!("it was answered with {}", response.status))
}

/// Talks until the session ends, or the load does.
async fn talk(socket: &mut WebSocket, shared: &Shared) -> Result<(), String> {
    for number in 0_u64.. {
        if shared.stopping.load(Ordering::Relaxed) {
            break;
        }
        let message = Message::text(number.to_string());
        socket.send(message.clone()).await.map_err(|error| error.to_string())?;
        let answer = socket.next().await.map_err(|error| error.to_string())?;
        if answer != message {
            // That an app server died is no excuse.
            lock(&shared.talk).wrong.push(format!("{message:?} was answered with {answer:?}"));
        }
        shared.messages.fetch_add(1, Ordering::Relaxed);
        sleep(PAUSE).await;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
