use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::{
    Body, Connection, ConnectionEnd, Exchange, Fields, Framing, Journal, Message, MessageKind, Session,
};

/// A body or message up to this size is kept as text, in bytes.
const MAX_TEXT_LENGTH: usize = 16 * 1024;

/// Writes the journal of one instance, and notifies of every change.
#[derive(Debug)]
pub(crate) struct Recorder {
    started: Instant,
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    journal: Journal,
    sequence: u64,
    connection: u64,
}

/// The head of a request, with its numbers in the journal.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) sequence: u64,
    pub(crate) connection: u64,
    pub(crate) request: u32,
    pub(crate) head: Head,
}

/// The first line and the fields of a request, as they were on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) headers: Fields,
    pub(crate) framing: Framing,
}

impl Recorder {
    pub(crate) fn new(instance: &str) -> Self {
        let journal = Journal { instance: instance.to_owned(), ..Journal::default() };
        Self {
            started: Instant::now(),
            state: Mutex::new(State { journal, ..State::default() }),
            changes: watch::Sender::new(()),
        }
    }

    /// Looks at the journal without copying it.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Journal) -> R) -> R {
        look(&self.lock().journal)
    }

    /// Wakes its receiver after every change.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Removes what is over. What is in progress stays, so that its end can be seen.
    pub(crate) fn clear(&self) {
        self.write(|state| {
            state.journal.connections.retain(|connection| connection.end.is_none());
            let connections = &state.journal.connections;
            let lives = |id| connections.binary_search_by_key(&id, |connection| connection.id).is_ok();
            state.journal.exchanges.retain(|exchange| !exchange.is_over() && lives(exchange.connection));
            for session in state.journal.exchanges.iter_mut().filter_map(|each| each.session.as_mut()) {
                session.received.clear();
            }
        });
    }

    pub(crate) fn connection_opened(&self, peer: SocketAddr) -> u64 {
        self.write(|state| {
            state.connection += 1;
            let (id, opened) = (state.connection, Instant::now());
            state.journal.connections.push(Connection { id, peer, opened, requests: 0, end: None });
            id
        })
    }

    pub(crate) fn connection_ended(&self, id: u64, end: ConnectionEnd) {
        self.write(|state| {
            if let Some(connection) = state.connection(id) {
                connection.end = Some(end);
            }
        });
    }

    /// Enters a request, and returns its number and its position on the connection.
    pub(crate) fn request(&self, connection: u64, head: Head) -> Arrival {
        self.write(|state| {
            state.sequence += 1;
            let request = state.connection(connection).map_or(0, |connection| {
                connection.requests += 1;
                connection.requests
            });
            let at = Instant::now();
            let exchange = Exchange {
                sequence: state.sequence,
                instance: state.journal.instance.clone(),
                at,
                after: at.duration_since(self.started),
                connection,
                request,
                method: head.method.clone(),
                target: head.target.clone(),
                version: head.version.clone(),
                headers: head.headers.clone(),
                body: Body { framing: head.framing, ..Body::default() },
                status: None,
                fault: None,
                session: None,
            };
            state.journal.exchanges.push(exchange);
            Arrival { sequence: state.sequence, connection, request, head }
        })
    }

    /// Changes the entry of a request, unless it was cleared.
    pub(crate) fn update(&self, sequence: u64, change: impl FnOnce(&mut Exchange)) {
        self.write(|state| {
            let exchanges = &mut state.journal.exchanges;
            if let Ok(index) = exchanges.binary_search_by_key(&sequence, |exchange| exchange.sequence)
                && let Some(exchange) = exchanges.get_mut(index)
            {
                change(exchange);
            }
        });
    }

    pub(crate) fn session_opened(&self, sequence: u64, subprotocol: Option<String>) {
        self.update(sequence, |exchange| {
            exchange.session = Some(Session { subprotocol, ..Session::default() });
        });
    }

    /// Changes the entry of a session, unless it was cleared.
    pub(crate) fn update_session(&self, sequence: u64, change: impl FnOnce(&mut Session)) {
        self.update(sequence, |exchange| {
            if let Some(session) = exchange.session.as_mut() {
                change(session);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.lock());
        self.changes.send_replace(());
        result
    }
}

impl State {
    fn connection(&mut self, id: u64) -> Option<&mut Connection> {
        let connections = &mut self.journal.connections;
        let index = connections.binary_search_by_key(&id, |connection| connection.id).ok()?;
        connections.get_mut(index)
    }
}

impl Message {
    pub(crate) fn new(kind: MessageKind, payload: &[u8]) -> Self {
        let short = kind == MessageKind::Text && payload.len() <= MAX_TEXT_LENGTH;
        Self {
            kind,
            length: payload.len(),
            digest: crate::digest::hex_digest(payload),
            text: short.then(|| String::from_utf8_lossy(payload).into_owned()),
            at: Instant::now(),
        }
    }
}

/// Records a body while it arrives.
#[derive(Debug, Default)]
pub(crate) struct BodyRecorder {
    length: u64,
    hash: Sha256,
    short: Option<Vec<u8>>,
}

impl BodyRecorder {
    pub(crate) fn new() -> Self {
        Self { short: Some(Vec::new()), ..Self::default() }
    }

    /// Adds data to the body of the journal's entry.
    pub(crate) fn add(&mut self, data: &[u8], body: &mut Body) {
        self.length += data.len() as u64;
        self.hash.update(data);
        if let Some(mut short) = self.short.take_if(|short| short.len() + data.len() <= MAX_TEXT_LENGTH) {
            short.extend_from_slice(data);
            body.text = String::from_utf8(short.clone()).ok();
            self.short = Some(short);
        } else {
            self.short = None;
            body.text = None;
        }
        body.length = self.length;
    }

    /// Completes the journal's entry.
    pub(crate) fn finish(self, trailers: Fields, body: &mut Body) {
        body.complete = true;
        body.digest = crate::digest::hex(&self.hash.finalize());
        if self.length == 0 {
            body.text = Some(String::new());
        }
        body.trailers = trailers;
    }
}
