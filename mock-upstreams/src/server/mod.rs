//! The handle to an instance: start, stop, faults, journal.

mod accept;
mod authorization;
mod fault;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::app::{App, Items, Origins};
use crate::fault::{Fault, Faults, Injection};
use crate::instance::{Gate, Instance};
use crate::journal::{Journal, Recorder};
use crate::port::ReservedPort;
use crate::sockjs::Sessions;
use crate::stomp::Broker;
use crate::transport::{Connection, Registry, StopMode};

/// How long a graceful shutdown waits for requests in progress.
const QUIT_TIMEOUT: Duration = Duration::from_secs(10);

/// One running instance of the app. A handle: clones are the same instance, which is stopped when the last is dropped.
#[derive(Clone, Debug)]
pub struct AppServer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    instance: Arc<Instance>,
    app: App,
    port: ReservedPort,
    runtime: Handle,
    listening: Mutex<Listening>,
}

#[derive(Debug, Default)]
struct Listening {
    /// Whether the server should be up, whatever the faults say.
    up: bool,
    listener: Option<(Arc<TcpListener>, AbortHandle)>,
}

/// Settings of an instance to be started.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: String,
    items: Items,
    origins: Origins,
    login: Option<(String, String)>,
}

impl Builder {
    /// Sets the store of `/api/items`, which instances of one app share like a database.
    pub fn items(mut self, items: &Items) -> Self {
        self.items = items.clone();
        self
    }

    /// Sets the origins that the app's own CORS rules allow.
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Requires this login and passcode of STOMP clients; by default any client may connect.
    pub fn login(mut self, login: &str, passcode: &str) -> Self {
        self.login = Some((login.to_owned(), passcode.to_owned()));
        self
    }

    /// Starts the instance; port 0 takes any free port.
    ///
    /// # Errors
    /// When it cannot listen on `address`.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(self, address: SocketAddr) -> io::Result<AppServer> {
        self.start_on(ReservedPort::bind(address)?)
    }

    /// Starts the instance on a port that is reserved for it.
    ///
    /// # Errors
    /// When it cannot listen there.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start_on(self, port: ReservedPort) -> io::Result<AppServer> {
        let instance = Arc::new(Instance {
            journal: Arc::new(Recorder::new(&self.name)),
            connections: Registry::default(),
            faults: Faults::default(),
            gate: Gate::new(),
            items: self.items,
            origins: self.origins,
            login: self.login,
            broker: Broker::default(),
            sockjs: Sessions::default(),
            any_path: AtomicBool::new(false),
            authorized_at: RwLock::default(),
            cors_disabled: AtomicBool::new(false),
            front_end: OnceLock::new(),
            tls: RwLock::default(),
            quitting: watch::Sender::default(),
            name: self.name,
        });
        let inner = Inner {
            app: App::new(Arc::clone(&instance)),
            instance,
            port,
            runtime: Handle::current(),
            listening: Mutex::default(),
        };
        inner.set_up(true)?;
        Ok(AppServer { inner: Arc::new(inner) })
    }
}

impl AppServer {
    /// Starts an instance with a store of its own; port 0 takes any free port, which stays reserved while the handle lives.
    ///
    /// # Errors
    /// When it cannot listen on `address`.
    pub async fn start(name: &str, address: SocketAddr) -> io::Result<Self> {
        Self::builder(name).start(address).await
    }

    /// Starts `blue` and `green` on free ports of 127.0.0.1, over one store.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start_pair() -> io::Result<(Self, Self)> {
        let (items, any) = (Items::default(), SocketAddr::from(([127, 0, 0, 1], 0)));
        let blue = Self::builder("blue").items(&items).start(any).await?;
        let green = Self::builder("green").items(&items).start(any).await?;
        Ok((blue, green))
    }

    /// Settings for an instance of that name.
    pub fn builder(name: &str) -> Builder {
        Builder { name: name.to_owned(), ..Builder::default() }
    }

    /// The name of the instance, which every response carries in `X-Instance`.
    pub fn name(&self) -> &str {
        &self.inner.instance.name
    }

    /// Where it listens, or did before it was stopped.
    pub fn address(&self) -> SocketAddr {
        self.inner.port.address()
    }

    /// What has arrived since the start, or since [`AppServer::clear`]. Stopping does not clear it.
    pub fn journal(&self) -> Journal {
        self.read(Journal::clone)
    }

    /// Looks at the journal without copying it. It blocks the server.
    pub fn read<R>(&self, look: impl FnOnce(&Journal) -> R) -> R {
        self.inner.instance.journal.read(look)
    }

    /// Removes what is over from the journal; requests, connections and sessions in progress stay, the sessions without their
    /// messages so far.
    pub fn clear(&self) {
        self.inner.instance.journal.clear();
    }

    /// Waits until the journal meets `condition`, and returns it.
    ///
    /// # Errors
    /// When it does not `within` that time.
    pub async fn wait_for(
        &self,
        within: Duration,
        mut condition: impl FnMut(&Journal) -> bool,
    ) -> Result<Journal, WaitTimeout> {
        let mut changes = self.inner.instance.journal.changes();
        let fulfilled = async {
            loop {
                changes.mark_unchanged();
                if let Some(journal) = self.read(|journal| condition(journal).then(|| journal.clone())) {
                    return Some(journal);
                }
                changes.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(within, fulfilled).await {
            Ok(Some(journal)) => Ok(journal),
            _ => Err(WaitTimeout { within, journal: Box::new(self.journal()) }),
        }
    }

    /// A receiver that wakes after every change of the journal from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.inner.instance.journal.changes()
    }

    /// Injects a [`Fault`], or an [`Injection`] to limit it to some requests.
    ///
    /// Several can be active; a request runs into the first that applies to it.
    pub fn inject(&self, fault: impl Into<Injection>) {
        let injection = fault.into();
        match injection.fault() {
            Fault::RefuseConnections => self.inner.lock().close(),
            Fault::DropSockets => self.inner.instance.connections.kill(StopMode::Close, |connection| {
                connection.tunnel().is_some_and(|target| injection.applies_to(&target))
            }),
            _ => {}
        }
        self.inner.instance.faults.add(injection);
    }

    /// From now on serves an echo at any path that is not one of its own, over HTTP and WebSocket, for proxies that rewrite
    /// paths.
    pub fn answer_any_path(&self) {
        self.inner.instance.any_path.store(true, Ordering::Relaxed);
    }

    /// From now on says at this path who may come, as services that nginx asks by `auth_request` do: 200 for everybody but a preflight
    /// without credentials, which gets 401. No fault applies there.
    pub fn authorize_at(&self, path: &str) {
        let mut paths = self.inner.instance.authorized_at.write().unwrap_or_else(PoisonError::into_inner);
        paths.insert(path.to_owned());
    }

    /// From now on serves the front end in this directory: its files, and `index.html` for every other path that is read. Told once.
    pub fn serve_front_end(&self, build: PathBuf) {
        let _ = self.inner.instance.front_end.set(build);
    }

    /// From now on adds no `Access-Control-Allow-Origin`, as behind a proxy that does.
    pub fn disable_cors(&self) {
        self.inner.instance.cors_disabled.store(true, Ordering::Relaxed);
    }

    /// From now on a new connection may begin with a TLS handshake, on the same port. One that does not is served without TLS.
    pub fn speak_tls(&self, config: Arc<ServerConfig>) {
        *self.inner.instance.tls.write().unwrap_or_else(PoisonError::into_inner) = Some(config);
    }

    /// Removes every fault. A request that hangs keeps hanging until its connection ends.
    ///
    /// If the port cannot be listened on again after [`Fault::RefuseConnections`], connections are still refused;
    /// [`AppServer::restart`] then says why.
    pub fn heal(&self) {
        self.inner.instance.faults.clear();
        if self.inner.lock().up {
            let _ = self.inner.set_up(true);
        }
    }

    /// Releases one step of whatever waits for it: `/api/stream`, `/api/slow`, `/stomp/echo?push=…`, [`Fault::SlowBody`].
    pub fn release(&self) {
        self.release_many(1);
    }

    /// [`AppServer::release`], `steps` times.
    pub fn release_many(&self, steps: usize) {
        self.inner.instance.gate.release(steps);
    }

    /// Shuts down gracefully: connections are refused, requests in progress are answered, then their connections closed;
    /// STOMP sessions are closed with 1001 (RFC 6455 §7.4.1), other WebSockets with their connections. Returns when all have
    /// ended.
    pub async fn quit(&self) {
        self.inner.lock().close();
        let quitting = &self.inner.instance.quitting;
        quitting.send_replace(true);
        let requests_over = |journal: &Journal| journal.open_connections() == journal.open_sessions();
        let over = async {
            quitting.closed().await;
            self.wait_for(QUIT_TIMEOUT, requests_over).await
        };
        // The rest is stopped.
        let _ = tokio::time::timeout(QUIT_TIMEOUT, over).await;
        self.stop().await;
    }

    /// Stops as by `kill -9`: connections are refused, and open ones, WebSockets included, are closed.
    pub async fn stop(&self) {
        self.stop_with(StopMode::Close).await;
    }

    /// Stops, and ends open connections in that mode. Returns when they have ended.
    pub async fn stop_with(&self, mode: StopMode) {
        // Long enough for any machine: connections only wait to be scheduled.
        const STOP_TIMEOUT: Duration = Duration::from_secs(10);
        self.inner.shut_down(mode);
        let _ = self.wait_for(STOP_TIMEOUT, |journal| journal.open_connections() == 0).await;
        self.inner.instance.sockjs.clear();
        self.inner.instance.broker.clear();
    }

    /// Starts again on the same port. Faults stay; subscriptions and queued messages are gone. No effect on a running server.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn restart(&self) -> io::Result<()> {
        self.inner.set_up(true)
    }

    /// Closes the connections that carry no request, as a server does after its keep-alive timeout.
    pub fn close_idle(&self, mode: StopMode) {
        self.inner.instance.connections.kill(mode, Connection::is_idle);
    }

    /// How many TCP connections are open.
    pub fn open_connections(&self) -> usize {
        self.read(Journal::open_connections)
    }

    /// How many WebSocket sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.read(Journal::open_sessions)
    }
}

impl Inner {
    /// Listens, unless it does already or a fault refuses connections.
    fn set_up(&self, up: bool) -> io::Result<()> {
        let mut listening = self.lock();
        listening.up = up;
        if listening.listener.is_some() || self.instance.faults.refuse_connections() {
            return Ok(());
        }
        self.instance.connections.open();
        self.instance.quitting.send_replace(false);
        let _context = self.runtime.enter();
        let listener = Arc::new(TcpListener::from_std(self.port.listen()?)?);
        let accepting = accept::accept(Arc::clone(&listener), Arc::clone(&self.instance), self.app.clone());
        listening.listener = Some((listener, self.runtime.spawn(accepting).abort_handle()));
        Ok(())
    }

    fn shut_down(&self, mode: StopMode) {
        let mut listening = self.lock();
        listening.up = false;
        listening.close();
        self.instance.connections.close(mode);
    }

    fn lock(&self) -> MutexGuard<'_, Listening> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listening {
    /// Refuses connections from now on, including those that wait to be accepted.
    fn close(&mut self) {
        if let Some((listener, task)) = self.listener.take() {
            // Aborting alone would let the socket listen until the runtime gets to it.
            let _ = SockRef::from(&*listener).shutdown(std::net::Shutdown::Both);
            task.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shut_down(StopMode::Close);
    }
}

/// The condition of [`AppServer::wait_for`] was not met in time.
#[derive(Debug, thiserror::Error)]
#[error("it did not happen within {within:?}; by then:\n{journal}")]
pub struct WaitTimeout {
    /// How long was waited.
    pub within: Duration,
    /// What had arrived by then.
    pub journal: Box<Journal>,
}
