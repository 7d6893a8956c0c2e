use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::http2;
use super::tls::TlsSession;
use super::watcher::{Part, RequestWatcher};
use crate::journal::{Arrival, BodyRecorder, ConnectionEnd, Recorder};

/// How the connections of a stopped server end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopMode {
    /// FIN after what has been written, as the kernel closes the sockets of a process that was killed.
    #[default]
    Close,
    /// RST at once, as when the machine itself has lost the connection.
    Reset,
}

/// An accepted connection: its socket, and the state that the journal is written from.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    socket: Arc<TcpStream>,
    /// The session, once the peer has begun one.
    tls: OnceLock<TlsSession>,
    journal: Arc<Recorder>,
    registry: Registry,
    /// hyper's side of the connection, until it becomes a tunnel.
    task: OnceLock<AbortHandle>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    watcher: RequestWatcher,
    is_http2: bool,
    /// Requests whose heads have arrived and that hyper has not yet passed to the app.
    waiting: VecDeque<Arc<Arrival>>,
    /// The request whose body is arriving.
    arriving: Option<(u64, BodyRecorder)>,
    /// Requests that have arrived and are not yet answered.
    open: usize,
    /// WebSocket target, once the connection is one.
    tunnel: Option<String>,
    end: Option<ConnectionEnd>,
}

impl Connection {
    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// The TLS session, if there is one.
    pub(super) fn tls(&self) -> Option<&TlsSession> {
        self.tls.get()
    }

    /// Does a TLS handshake if the peer begins with one.
    pub(crate) async fn accept_tls(&self, config: Arc<ServerConfig>) -> io::Result<()> {
        if let Some(session) = TlsSession::accept(&self.socket, config).await? {
            // Set once, right after the connection was accepted.
            let _ = self.tls.set(session);
        }
        Ok(())
    }

    /// Waits for the first bytes of messages, and tells whether the peer speaks HTTP/2.
    pub(crate) async fn accept_http2(&self) -> io::Result<bool> {
        let is_http2 = match self.tls() {
            Some(session) => session.has_agreed_on(b"h2"),
            None => http2::begins_with_preface(&self.socket).await?,
        };
        if is_http2 {
            let mut state = self.lock();
            state.is_http2 = true;
            state.watcher.stop();
        }
        Ok(is_http2)
    }

    /// Whether the peer speaks HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.lock().is_http2
    }

    /// The request that hyper hands over, as it was on the wire.
    pub(crate) fn arrival(&self, request: &Request<Incoming>) -> Option<Arc<Arrival>> {
        let mut state = self.lock();
        if !state.is_http2 {
            return state.waiting.pop_front();
        }
        state.open += 1;
        Some(Arc::new(self.journal.request(self.id, http2::head(request))))
    }

    /// The request is answered with this status.
    pub(crate) fn record_response(&self, arrival: &Arrival, status: u16) {
        self.journal.update(arrival.sequence, |exchange| exchange.status = Some(status));
        let mut state = self.lock();
        state.open = state.open.saturating_sub(1);
        let switched = status == 101;
        if switched {
            state.tunnel = Some(arrival.head.target.clone());
        }
        self.observe(&mut state, |watcher, report| watcher.decide(switched, report));
    }

    /// Whether it carries no request and is not a tunnel.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.open == 0 && state.tunnel.is_none()
    }

    /// The target of the handshake, if the connection has become a WebSocket.
    pub(crate) fn tunnel(&self) -> Option<String> {
        self.lock().tunnel.clone()
    }

    /// Writes bytes past hyper, which must be waiting for a response.
    pub(crate) async fn write_raw(&self, mut bytes: &[u8]) -> io::Result<()> {
        if let Some(tls) = self.tls() {
            while !bytes.is_empty() {
                let written = poll_fn(|cx| tls.poll_write(cx, &[IoSlice::new(bytes)])).await?;
                bytes = bytes.get(written..).unwrap_or_default();
            }
            return poll_fn(|cx| tls.poll_flush(cx)).await;
        }
        while !bytes.is_empty() {
            self.socket.writable().await?;
            match self.socket.try_write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sets `TCP_CORK`: what is written is sent together with what follows, after 200 ms at the latest.
    pub(crate) fn cork(&self, hold: bool) {
        let _ = rustix::net::sockopt::set_tcp_cork(self.socket(), hold);
    }

    /// Closes the connection normally, after what has been written.
    pub(crate) fn close(&self) {
        self.lock().end.get_or_insert(ConnectionEnd::ClosedByServer);
        if let Some(tls) = self.tls() {
            tls.close();
        }
        self.kill(StopMode::Close);
    }

    /// Ends the connection at once.
    pub(crate) fn kill(&self, mode: StopMode) {
        self.lock().end.get_or_insert(ConnectionEnd::Killed);
        // Either fails only if the connection is gone already.
        let _ = match mode {
            // Disconnecting is the only way to send RST while other owners of the socket are alive.
            StopMode::Reset => rustix::net::connect_unspec(self.socket()).map_err(io::Error::from),
            StopMode::Close => SockRef::from(self.socket()).shutdown(Shutdown::Both),
        };
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    /// The task to end with the connection.
    pub(crate) fn set_task(&self, task: AbortHandle) {
        // Set once, right after the connection was accepted.
        let _ = self.task.set(task);
    }

    /// Waits for the peer to close, too, and discards what it still sends. Closing a socket with unread data in it would
    /// send RST, and could destroy the response on its way to the peer (RFC 9112 §9.6).
    pub(crate) async fn linger(&self) {
        const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
        if self.tunnel().is_some() || self.lock().end != Some(ConnectionEnd::ClosedByServer) {
            return;
        }
        let ignore = async {
            let mut buffer = vec![0; 64 * 1024];
            while self.socket.readable().await.is_ok() {
                match self.socket.try_read(&mut buffer) {
                    Ok(0) => return,
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
                    _ => {}
                }
            }
        };
        // A peer that goes on after that is cut off.
        let _ = tokio::time::timeout(LINGER_TIMEOUT, ignore).await;
    }

    pub(crate) fn on_read(&self, data: &[u8], wanted: usize) {
        let mut state = self.lock();
        if data.is_empty() && wanted > 0 {
            state.end.get_or_insert(ConnectionEnd::ClosedByPeer);
        } else {
            self.observe(&mut state, |watcher, report| watcher.watch(data, report));
        }
    }

    pub(crate) fn on_error(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::Interrupted {
            self.lock().end.get_or_insert(ConnectionEnd::ResetByPeer);
        }
    }

    /// The connection is over. Sends FIN now, though others may still hold the socket.
    pub(crate) fn on_end(&self) {
        let _ = SockRef::from(self.socket()).shutdown(Shutdown::Write);
        let end = *self.lock().end.get_or_insert(ConnectionEnd::ClosedByServer);
        self.journal.connection_ended(self.id, end);
        self.registry.remove(self.id);
    }

    /// Runs the watcher, and enters what it reports.
    fn observe(&self, state: &mut State, work: impl FnOnce(&mut RequestWatcher, &mut dyn FnMut(Part<'_>))) {
        let State { watcher, waiting, arriving, open, .. } = state;
        work(watcher, &mut |seen| match seen {
            Part::Head(head) => {
                let arrival = Arc::new(self.journal.request(self.id, head));
                *arriving = Some((arrival.sequence, BodyRecorder::new()));
                *open += 1;
                waiting.push_back(arrival);
            }
            Part::Body(data) => {
                if let Some((sequence, recorder)) = arriving {
                    self.journal.update(*sequence, |exchange| recorder.add(data, &mut exchange.body));
                }
            }
            Part::End { trailers } => {
                if let Some((sequence, recorder)) = arriving.take() {
                    self.journal.update(sequence, |exchange| recorder.finish(trailers, &mut exchange.body));
                }
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The open connections of one instance. It accepts none until [`Registry::open`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    connections: Arc<Mutex<Option<Connections>>>,
}

/// Connections by number.
type Connections = BTreeMap<u64, Arc<Connection>>;

impl Registry {
    /// Accepts connections from now on.
    pub(crate) fn open(&self) {
        self.lock().get_or_insert_default();
    }

    /// Enters a connection; `None` if the server has been stopped.
    pub(crate) fn insert(
        &self,
        socket: TcpStream,
        journal: &Arc<Recorder>,
    ) -> io::Result<Option<Arc<Connection>>> {
        let peer = socket.peer_addr()?;
        let mut open = self.lock();
        let Some(connections) = open.as_mut() else { return Ok(None) };
        let id = journal.connection_opened(peer);
        let connection = Arc::new(Connection {
            id,
            socket: Arc::new(socket),
            tls: OnceLock::new(),
            journal: Arc::clone(journal),
            registry: self.clone(),
            task: OnceLock::new(),
            state: Mutex::default(),
        });
        connections.insert(id, Arc::clone(&connection));
        Ok(Some(connection))
    }

    /// Ends every connection that `which` selects.
    pub(crate) fn kill(&self, mode: StopMode, which: impl Fn(&Connection) -> bool) {
        let open: Vec<_> = self.lock().iter().flat_map(BTreeMap::values).cloned().collect();
        open.iter().filter(|connection| which(connection)).for_each(|connection| connection.kill(mode));
    }

    /// Ends every connection, and accepts no more.
    pub(crate) fn close(&self, mode: StopMode) {
        let open = self.lock().take().unwrap_or_default();
        open.values().for_each(|connection| connection.kill(mode));
    }

    fn remove(&self, id: u64) {
        let mut open = self.lock();
        if let Some(connections) = open.as_mut() {
            connections.remove(&id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connections>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
