//! Idle connections to app servers: `keepalive` of an upstream, per worker.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::connection::{TlsPeer, UpstreamConnection};
use crate::cycle::connections::ReusableConnections;
use crate::turn::{self, Moment};
use nginx_conf::model::{ServerAddress, Upstream};

/// Idle connections that are kept when the configuration does not say, as in nginx from 1.29.7 on. Until the next sweep
/// there may be more, since connections freed by one burst are what the next burst needs.
const DEFAULT_KEEPALIVE: usize = 32;

/// How often idle connections are checked. One that its server closed is closed here within this time.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The idle connections of an upstream, the most recently used last.
#[derive(Debug, Clone)]
pub(crate) struct KeepalivePool(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    idle: RefCell<Vec<(Box<UpstreamConnection>, Moment)>>,
    size: usize,
    /// Whether the configuration sets `keepalive`, rather than leaving it to the default.
    explicit: bool,
    max_requests: u64,
    timeout: Duration,
    sweeping: Cell<bool>,
    /// Whether the worker knows that it may close idle connections of this pool.
    registered: Cell<bool>,
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
    /// An empty pool.
    pub(crate) fn new(upstream: &Upstream) -> KeepalivePool {
        KeepalivePool(Rc::new(Shared {
            idle: RefCell::default(),
            explicit: upstream.keepalive.is_some(),
            size: upstream.keepalive.unwrap_or(DEFAULT_KEEPALIVE),
            max_requests: upstream.keepalive_requests,
            timeout: upstream.keepalive_timeout,
            sweeping: Cell::new(false),
            registered: Cell::new(false),
        }))
    }

    /// An open connection to `address`, with this TLS or none, for this version of HTTP, if there is one. `once` is for a request that must not be sent twice, should
    /// the server close the connection just now: it gets a connection only if `keepalive` is set and the kernel, not
    /// just the event loop, has seen no end. By default it gets none, as in nginx before 1.29.7.
    pub(crate) fn take(
        &self,
        address: &ServerAddress,
        tls: Option<&TlsPeer>,
        http2: bool,
        once: bool,
    ) -> Option<Box<UpstreamConnection>> {
        if once && !self.0.explicit {
            return None;
        }
        let mut idle = self.0.idle.borrow_mut();
        let suits = |link: &UpstreamConnection| {
            link.address == *address && link.tls.as_ref() == tls && link.stream.is_http2() == http2
        };
        while let Some(index) = idle.iter().rposition(|(link, _)| suits(link)) {
            let (mut link, _) = idle.remove(index);
            if link.is_open() && (!once || link.is_silent()) {
                return Some(link);
            }
        }
        None
    }

    /// Keeps a connection that has been idle since `since`. If there are too many, the longest idle one is closed.
    pub(crate) fn put(&self, link: Box<UpstreamConnection>, since: Moment) {
        let shared = &self.0;
        if shared.size == 0 || link.requests >= shared.max_requests || shared.timeout.is_zero() {
            return;
        }
        if !shared.registered.replace(true) {
            let reusable: Weak<Shared> = Rc::downgrade(shared);
            link.slot.connections().add_reusable(reusable);
        }
        let mut idle = shared.idle.borrow_mut();
        if shared.explicit && idle.len() >= shared.size {
            idle.remove(0);
        }
        idle.push((link, since));
        if !shared.sweeping.replace(true) {
            tokio::task::spawn_local(sweep(Rc::downgrade(shared)));
        }
    }
}

/// Closes connections that timed out or that their server closed, until none is left.
async fn sweep(pool: Weak<Shared>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let Some(shared) = pool.upgrade() else { return };
        let mut idle = shared.idle.borrow_mut();
        idle.retain_mut(|(link, since)| turn::moment() - *since < shared.timeout && link.is_open());
        let too_many = idle.len().saturating_sub(shared.size);
        idle.drain(..too_many);
        if idle.is_empty() {
            shared.sweeping.set(false);
            return;
        }
    }
}
