use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::StopMode;
use super::request::{Seen, Watcher};
use crate::journal::{Arrival, BodyTally, ConnectionEnd, Recorder};

/// An accepted connection: its socket, and what the journal has to know while bytes pass.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    socket: TcpStream,
    journal: Arc<Recorder>,
    registry: Registry,
    /// hyper's side of the connection, until it becomes a tunnel.
    task: OnceLock<AbortHandle>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    watcher: Watcher,
    /// Requests whose heads have come and that hyper has not yet handed to the app.
    waiting: VecDeque<Arc<Arrival>>,
    /// The request whose body is arriving.
    arriving: Option<(u64, BodyTally)>,
    /// Requests that have come and are not yet answered.
    open: usize,
    /// WebSocket target, once the connection is one.
    tunnel: Option<String>,
    end: Option<ConnectionEnd>,
}

impl Connection {
    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// The next request that hyper hands over, as it was on the wire.
    pub(crate) fn next_arrival(&self) -> Option<Arc<Arrival>> {
        self.lock().waiting.pop_front()
    }

    /// The request is answered with this status.
    pub(crate) fn answered(&self, arrival: &Arrival, status: u16) {
        self.journal.amend(arrival.sequence, |exchange| exchange.status = Some(status));
        let mut state = self.lock();
        state.open = state.open.saturating_sub(1);
        let switched = status == 101;
        if switched {
            state.tunnel = Some(arrival.head.target.clone());
        }
        self.watched(&mut state, |watcher, report| watcher.decide(switched, report));
    }

    /// Whether no request is on its way, and it is no tunnel either.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.open == 0 && state.tunnel.is_none()
    }

    /// The target of the handshake, when the connection is a WebSocket by now.
    pub(crate) fn tunnel(&self) -> Option<String> {
        self.lock().tunnel.clone()
    }

    /// Writes these bytes past hyper. Only while hyper waits for an answer of ours.
    pub(crate) async fn write_raw(&self, mut bytes: &[u8]) -> io::Result<()> {
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

    /// Whether what is written waits to be sent together with what follows it. A wish: the kernel holds nothing back for
    /// longer than 200 ms.
    pub(crate) fn hold_back(&self, hold: bool) {
        let _ = rustix::net::sockopt::set_tcp_cork(&self.socket, hold);
    }

    /// Closes the connection in the ordinary way, after what has been written.
    pub(crate) fn close(&self) {
        self.lock().end.get_or_insert(ConnectionEnd::ClosedByServer);
        self.kill(StopMode::Close);
    }

    /// Ends the connection at once, whatever goes on in it.
    pub(crate) fn kill(&self, mode: StopMode) {
        self.lock().end.get_or_insert(ConnectionEnd::Killed);
        // Either fails only when the connection is gone already.
        let _ = match mode {
            // Disconnecting is the one way to have RST sent while other owners of the socket are alive.
            StopMode::Reset => rustix::net::connect_unspec(&self.socket).map_err(io::Error::from),
            StopMode::Close => SockRef::from(&self.socket).shutdown(Shutdown::Both),
        };
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    /// The task to end with the connection.
    pub(super) fn served_by(&self, task: AbortHandle) {
        // Set once, right after the connection was accepted.
        let _ = self.task.set(task);
    }

    /// Waits for the peer to close, too, and ignores what it still sends. Closing a socket with unread data in it would
    /// send RST, and take from the peer the response that is on its way to it (RFC 9112 §9.6).
    pub(super) async fn linger(&self) {
        const LIMIT: Duration = Duration::from_secs(2);
        if self.tunnel().is_some() || self.lock().end != Some(ConnectionEnd::ClosedByServer) {
            return;
        }
        let ignore = async {
            let mut scrap = vec![0; 64 * 1024];
            while self.socket.readable().await.is_ok() {
                match self.socket.try_read(&mut scrap) {
                    Ok(0) => return,
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
                    _ => {}
                }
            }
        };
        // Whoever goes on after that has had its chance.
        let _ = tokio::time::timeout(LIMIT, ignore).await;
    }

    pub(super) fn has_read(&self, data: &[u8], wanted: usize) {
        let mut state = self.lock();
        if data.is_empty() && wanted > 0 {
            state.end.get_or_insert(ConnectionEnd::ClosedByPeer);
        } else {
            self.watched(&mut state, |watcher, report| watcher.watch(data, report));
        }
    }

    pub(super) fn has_failed(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::Interrupted {
            self.lock().end.get_or_insert(ConnectionEnd::ResetByPeer);
        }
    }

    /// Nobody reads or writes any more. The peer gets its FIN now, whoever still holds the connection.
    pub(super) fn ended(&self) {
        let _ = SockRef::from(&self.socket).shutdown(Shutdown::Write);
        let end = *self.lock().end.get_or_insert(ConnectionEnd::ClosedByServer);
        self.journal.connection_ended(self.id, end);
        self.registry.remove(self.id);
    }

    /// Lets the watcher work, and enters what it sees.
    fn watched(&self, state: &mut State, work: impl FnOnce(&mut Watcher, &mut dyn FnMut(Seen<'_>))) {
        let State { watcher, waiting, arriving, open, .. } = state;
        work(watcher, &mut |seen| match seen {
            Seen::Head(head) => {
                let arrival = Arc::new(self.journal.arrived(self.id, head));
                *arriving = Some((arrival.sequence, BodyTally::new()));
                *open += 1;
                waiting.push_back(arrival);
            }
            Seen::Body(data) => {
                if let Some((sequence, tally)) = arriving {
                    self.journal.amend(*sequence, |exchange| tally.add(data, &mut exchange.body));
                }
            }
            Seen::End { trailers } => {
                if let Some((sequence, tally)) = arriving.take() {
                    self.journal.amend(sequence, |exchange| tally.finish(trailers, &mut exchange.body));
                }
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The open connections of one instance. It takes none until [`Registry::admit`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    open: Arc<Mutex<Option<Open>>>,
}

/// Connections by number.
type Open = BTreeMap<u64, Arc<Connection>>;

impl Registry {
    /// Takes connections from now on.
    pub(super) fn admit(&self) {
        self.lock().get_or_insert_default();
    }

    /// Enters a connection; `None` when the server has been stopped meanwhile.
    pub(super) fn enter(
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
            socket,
            journal: Arc::clone(journal),
            registry: self.clone(),
            task: OnceLock::new(),
            state: Mutex::default(),
        });
        connections.insert(id, Arc::clone(&connection));
        Ok(Some(connection))
    }

    /// Ends every connection that `which` picks.
    pub(crate) fn kill(&self, mode: StopMode, which: impl Fn(&Connection) -> bool) {
        let open: Vec<_> = self.lock().iter().flat_map(BTreeMap::values).cloned().collect();
        open.iter().filter(|connection| which(connection)).for_each(|connection| connection.kill(mode));
    }

    /// Ends every connection, and takes no more.
    pub(super) fn close(&self, mode: StopMode) {
        let open = self.lock().take().unwrap_or_default();
        open.values().for_each(|connection| connection.kill(mode));
    }

    fn remove(&self, id: u64) {
        let mut open = self.lock();
        if let Some(connections) = open.as_mut() {
            connections.remove(&id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
