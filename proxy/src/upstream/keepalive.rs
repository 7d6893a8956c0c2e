//! Connections to app servers that wait for the next request: `keepalive` of an upstream, per worker.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::cycle::connections::{ConnectionSlot, ReusableConnections};
use crate::wire::peek;
use nginx_conf::model::Upstream;

/// How many idle connections are kept where the configuration does not say, as nginx does from 1.29.7 on. There may be more
/// until the next look at them: those that a burst of answers has set free, the next burst of requests needs again.
const DEFAULT_KEEPALIVE: usize = 32;

/// How often idle connections are looked at: one that was closed by its server is closed here within this time.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A connection to an app server.
#[derive(Debug)]
pub(crate) struct UpstreamConnection {
    /// The socket.
    pub(crate) stream: TcpStream,
    /// Where it leads.
    pub(crate) address: SocketAddr,
    /// Requests sent on it so far.
    pub(crate) requests: u64,
    /// The worker's leave to hold it.
    pub(crate) slot: ConnectionSlot,
}

/// The idle connections of an upstream, the most recently used last.
#[derive(Debug)]
pub(crate) struct KeepalivePool(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    idle: RefCell<Vec<(UpstreamConnection, Instant)>>,
    size: usize,
    /// The configuration asks for kept-alive connections, rather than leaving it to us.
    asked_for: bool,
    max_requests: u64,
    timeout: Duration,
    sweeping: Cell<bool>,
    /// The worker knows that it can have room from here.
    known: Cell<bool>,
}

impl ReusableConnections for Shared {
    fn close_one(&self) -> bool {
        let mut idle = self.idle.borrow_mut();
        let any = !idle.is_empty();
        idle.drain(..usize::from(any));
        any
    }
}

impl KeepalivePool {
    /// Nothing in it yet.
    pub(crate) fn new(upstream: &Upstream) -> KeepalivePool {
        KeepalivePool(Rc::new(Shared {
            idle: RefCell::default(),
            asked_for: upstream.keepalive.is_some(),
            size: upstream.keepalive.unwrap_or(DEFAULT_KEEPALIVE),
            max_requests: upstream.keepalive_requests,
            timeout: upstream.keepalive_timeout,
            sweeping: Cell::new(false),
            known: Cell::new(false),
        }))
    }

    /// A connection to `address` that was open a moment ago. `once`: for a request that cannot be sent a second time,
    /// should the server close just now. Where the configuration asks for kept-alive connections it is given one if the
    /// kernel, and not only the event loop, knows of no end; otherwise none, as nginx's default was for long.
    pub(crate) fn take(&self, address: SocketAddr, once: bool) -> Option<UpstreamConnection> {
        if once && !self.0.asked_for {
            return None;
        }
        let mut idle = self.0.idle.borrow_mut();
        while let Some(index) = idle.iter().rposition(|(link, _)| link.address == address) {
            let (link, _) = idle.remove(index);
            if is_open(&link.stream) && (!once || is_silent(&link.stream)) {
                return Some(link);
            }
        }
        None
    }

    /// Keeps a connection on which nothing is under way since `since`; the one that has waited longest goes if there are
    /// too many.
    pub(crate) fn put(&self, link: UpstreamConnection, since: Instant) {
        let shared = &self.0;
        if shared.size == 0 || link.requests >= shared.max_requests || shared.timeout.is_zero() {
            return;
        }
        if !shared.known.replace(true) {
            let reusable: Weak<Shared> = Rc::downgrade(shared);
            link.slot.connections().add_reusable(reusable);
        }
        let mut idle = shared.idle.borrow_mut();
        if shared.asked_for && idle.len() >= shared.size {
            idle.remove(0);
        }
        idle.push((link, since));
        if !shared.sweeping.replace(true) {
            tokio::task::spawn_local(sweep(Rc::downgrade(shared)));
        }
    }
}

/// Closes what has waited too long and what its server has closed, until nothing is left.
async fn sweep(pool: Weak<Shared>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let Some(shared) = pool.upgrade() else { return };
        let mut idle = shared.idle.borrow_mut();
        idle.retain(|(link, since)| since.elapsed() < shared.timeout && is_open(&link.stream));
        let too_many = idle.len().saturating_sub(shared.size);
        idle.drain(..too_many);
        if idle.is_empty() {
            shared.sweeping.set(false);
            return;
        }
    }
}

/// Whether neither an end nor a byte has come: an app server has nothing to say when it was not asked. Costs no system
/// call while the event loop has heard nothing of the socket.
fn is_open(stream: &TcpStream) -> bool {
    matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// The same, from the kernel.
fn is_silent(stream: &TcpStream) -> bool {
    matches!(peek(stream), Err(rustix::io::Errno::AGAIN))
}
