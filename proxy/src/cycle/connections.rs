//! `worker_connections`: how many connections a worker may hold, and which are closed to make room.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use rustix::io::Errno;
use tokio::sync::Notify;

use super::counts::Counts;
pub(crate) use super::idle::IdleConnection;
use super::idle::IdleList;

/// A worker's connections, to clients and to app servers alike, as nginx counts them.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    used: Cell<usize>,
    clients: Cell<usize>,
    no_clients: Notify,
    /// Connections that wait for a request.
    idle: Rc<IdleList>,
    /// Holders of idle connections to app servers.
    reusable: RefCell<Vec<Weak<dyn ReusableConnections>>>,
    /// The second of the last warning about reused connections.
    warned: Cell<u64>,
    /// What all workers count.
    counts: Arc<Counts>,
}

/// Holds idle connections that may be closed to make room.
pub(crate) trait ReusableConnections: std::fmt::Debug {
    /// Closes one of them; false if there are none.
    fn close_one(&self) -> bool;
}

/// A place for one connection, freed when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    connections: Connections,
    client: bool,
}

/// The result of [`Connections::accept`].
#[derive(Debug)]
pub(crate) enum Admission {
    /// There is room.
    Free(ConnectionSlot),
    /// Idle connections were told to close to make room. nginx warns about that; see [`Connections::should_warn`].
    Reused(ConnectionSlot),
    /// There is no room: the new connection is closed.
    Full,
}

impl Connections {
    /// Room for `limit` connections, of which `taken` are in use from the start.
    pub(crate) fn new(limit: usize, taken: usize, counts: Arc<Counts>) -> Connections {
        Connections(Rc::new(Shared {
            limit,
            used: Cell::new(taken),
            clients: Cell::new(0),
            no_clients: Notify::new(),
            idle: Rc::new(IdleList::new(Arc::clone(&counts))),
            reusable: RefCell::default(),
            warned: Cell::new(0),
            counts,
        }))
    }

    /// `worker_connections`.
    pub(crate) fn limit(&self) -> usize {
        self.0.limit
    }

    /// What all workers count.
    pub(crate) fn counts(&self) -> &Arc<Counts> {
        &self.0.counts
    }

    /// A slot for a client's connection.
    pub(crate) fn accept(&self) -> Admission {
        let reused = self.make_room();
        match self.slot(true) {
            Some(slot) if reused => Admission::Reused(slot),
            Some(slot) => Admission::Free(slot),
            None => Admission::Full,
        }
    }

    /// A slot for a connection to an app server; `None` if all are in use, which is a 500.
    pub(crate) fn connect(&self) -> Option<ConnectionSlot> {
        self.make_room();
        self.slot(false)
    }

    /// Registers a holder of idle connections, to be closed when there is no room.
    pub(crate) fn add_reusable(&self, reusable: Weak<dyn ReusableConnections>) {
        self.0.reusable.borrow_mut().push(reusable);
    }

    /// Whether to warn in this second; true only once for each.
    pub(crate) fn should_warn(&self, second: u64) -> bool {
        self.0.warned.replace(second) != second
    }

    /// Marks a client connection as waiting for its `first` request, or for the next one.
    pub(crate) fn idle(&self, first: bool) -> IdleConnection {
        IdleList::add(&self.0.idle, first)
    }

    /// Closes idle connections, now and later, except those that wait for their first request.
    pub(crate) fn drain(&self) {
        self.0.idle.drain();
    }

    /// Waits until no client connection is open.
    pub(crate) async fn no_clients(&self) {
        while self.0.clients.get() > 0 {
            self.0.no_clients.notified().await;
        }
    }

    fn slot(&self, client: bool) -> Option<ConnectionSlot> {
        let shared = &self.0;
        if shared.used.get().saturating_sub(shared.idle.evicting()) >= shared.limit {
            return None;
        }
        shared.used.set(shared.used.get() + 1);
        if client {
            shared.clients.set(shared.clients.get() + 1);
            shared.counts.active.add();
        }
        Some(ConnectionSlot { connections: self.clone(), client })
    }

    /// When no more than a sixteenth is free, closes an idle connection to an app server, or else the longest idle
    /// eighth of the clients' (at least 1, at most 32), as nginx does. A connection that was told to close no longer
    /// counts, although it takes a turn of the event loop to close.
    fn make_room(&self) -> bool {
        let shared = &self.0;
        let free = (shared.limit + shared.idle.evicting()).saturating_sub(shared.used.get());
        if free > shared.limit / 16 {
            return false;
        }
        let reusable = shared.reusable.borrow();
        if reusable.iter().filter_map(Weak::upgrade).any(|reusable| reusable.close_one()) {
            return true;
        }
        shared.idle.evict((shared.idle.len() / 8).clamp(1, 32))
    }
}

impl ConnectionSlot {
    /// Where the slot belongs.
    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let shared = &self.connections.0;
        shared.used.set(shared.used.get().saturating_sub(1));
        if self.client {
            shared.clients.set(shared.clients.get().saturating_sub(1));
            shared.counts.active.subtract();
            if shared.clients.get() == 0 {
                shared.no_clients.notify_one();
            }
        }
    }
}

/// Whether the process or the system has run out of file descriptors.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    /// Room for so many, of which one is taken.
    fn connections(limit: usize) -> Connections {
        Connections::new(limit, 1, Arc::default())
    }

    fn take(connections: &Connections) -> Option<ConnectionSlot> {
        match connections.accept() {
            Admission::Free(slot) | Admission::Reused(slot) => Some(slot),
            Admission::Full => None,
        }
    }

    #[test]
    fn listening_sockets_and_upstream_connections_count() {
        let connections = connections(3);
        let (client, upstream) = (take(&connections), connections.connect());
        assert!(client.is_some() && upstream.is_some());
        assert!(matches!(connections.accept(), Admission::Full));
        drop(upstream);
        assert!(matches!(connections.accept(), Admission::Free(_)));
    }

    #[tokio::test]
    async fn the_longest_idle_connection_makes_room() {
        let connections = connections(3);
        let (slots, first, second) =
            ((take(&connections), take(&connections)), connections.idle(true), connections.idle(false));
        let reused = connections.accept();
        assert!(matches!(reused, Admission::Reused(_)));
        first.closing().await;
        drop((first, slots.0));
        assert!(matches!(connections.accept(), Admission::Reused(_)), "the second idle one goes next");
        second.closing().await;
    }

    #[test]
    fn an_eighth_of_the_idle_ones_goes_when_a_sixteenth_is_free() {
        let connections = connections(32);
        let mut taken: Vec<_> = (0..29).map(|_| take(&connections)).collect();
        assert!(matches!(connections.accept(), Admission::Free(_)), "nobody is idle");
        let idle: Vec<_> = (0..24).map(|_| connections.idle(false)).collect();
        let mut accepted = || match connections.accept() {
            Admission::Free(slot) => (taken.push(Some(slot)), false).1,
            Admission::Reused(slot) => (taken.push(Some(slot)), true).1,
            Admission::Full => panic!("there is room"),
        };
        // Three are told to go; before they have, two places count as free again, and then two more are not enough.
        assert_eq!([(); 4].map(|()| accepted()), [true, false, false, true]);
        assert_eq!(idle.len(), 24);
    }

    #[test]
    fn connections_that_nobody_needs_make_room_first() {
        #[derive(Debug)]
        struct Pool(RefCell<Vec<ConnectionSlot>>);
        impl ReusableConnections for Pool {
            fn close_one(&self) -> bool {
                self.0.borrow_mut().pop().is_some()
            }
        }
        let connections = connections(3);
        let pool: Rc<dyn ReusableConnections> =
            Rc::new(Pool(RefCell::new(connections.connect().into_iter().collect())));
        connections.add_reusable(Rc::downgrade(&pool));
        let (_slot, _idle) = (take(&connections), connections.idle(false));
        assert!(matches!(connections.accept(), Admission::Reused(_)));
        assert!(!pool.close_one(), "it went before the client that is idle");
        assert!(
            (connections.should_warn(7), connections.should_warn(7), connections.should_warn(8))
                == (true, false, true)
        );
    }

    #[tokio::test]
    async fn a_worker_that_drains_waits_for_first_requests_only() {
        let connections = connections(8);
        let (first, next) = (connections.idle(true), connections.idle(false));
        let told = async {
            next.closing().await;
            connections.idle(false).closing().await;
        };
        tokio::join!(told, async { connections.drain() });
        assert!(first.poll_closing(&Context::from_waker(Waker::noop())).is_pending());
    }

    #[tokio::test]
    async fn the_last_client_to_leave_is_noticed() {
        let connections = connections(8);
        let (first, second) = (take(&connections), take(&connections));
        let (waited, ()) = tokio::join!(connections.no_clients(), async { drop((first, second)) });
        assert_eq!((waited, connections.0.clients.get()), ((), 0));
    }
}
