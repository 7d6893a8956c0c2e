//! Accepts connections, each of which gets its own task.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::connection;
use crate::cycle::Cycle;
use crate::cycle::connections::{Admission, is_out_of_descriptors};
use crate::log::describe;
use crate::server::panic;
use crate::server::sockets::ListeningSocket;
use crate::turn;
use nginx_conf::model::Level;

/// How long a worker waits after a failed `accept`, for want of file descriptors for example, as in nginx.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(500);

/// Whether an acceptor is to stop, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AcceptState {
    /// It goes on.
    Accepting,
    /// It stops at once: another worker accepts from the same socket.
    HandOver,
    /// It stops once the queue is empty, since no other worker will serve what is in it.
    Drain,
}

/// Accepts from one socket until told to stop.
pub(super) async fn accept(
    listening: ListeningSocket,
    mut state: watch::Receiver<AcceptState>,
    cycle: Rc<Cycle>,
) {
    let failed = |error: &io::Error| {
        let level = if is_out_of_descriptors(error) { Level::Crit } else { Level::Alert };
        cycle.logs.main_error(level, format_args!("accept4() failed ({})", describe(error)));
    };
    let listener = match listening.socket.try_clone().and_then(TcpListener::from_std) {
        Ok(listener) => listener,
        Err(error) => return failed(&error),
    };
    // Unless it accepts on all addresses, it is that of each connection.
    let local = listener.local_addr().ok().filter(|local| !local.ip().is_unspecified());
    loop {
        let accepted = tokio::select! {
            biased;
            changed = state.changed() => match changed {
                Ok(()) => break,
                Err(_) => return,
            },
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => spawn(stream, (peer, local), listening.listen, &cycle).await,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                failed(&error);
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
    if *state.borrow() == AcceptState::Drain {
        while let Ok((stream, peer)) = listening.socket.accept() {
            if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                spawn(stream, (peer, local), listening.listen, &cycle).await;
            }
        }
    }
}

/// Starts a task for a new connection, if there is room for it.
async fn spawn(
    stream: TcpStream,
    (peer, local): (SocketAddr, Option<SocketAddr>),
    listen: usize,
    cycle: &Rc<Cycle>,
) {
    let not_enough = |level, tail| {
        let limit = cycle.connections.limit();
        cycle.logs.main_error(level, format_args!("{limit} worker_connections are not enough{tail}"));
    };
    let counts = cycle.connections.counts();
    counts.accepted.add();
    let mut accepted = cycle.connections.accept();
    if matches!(accepted, Admission::Full) {
        // Let other new connections have their turn, in which they become idle.
        tokio::task::yield_now().await;
        accepted = cycle.connections.accept();
    }
    let slot = match accepted {
        Admission::Free(slot) => slot,
        Admission::Reused(slot) => {
            // At most once a second, as in nginx, since there may be many.
            if cycle.connections.should_warn(cycle.clock.now().second) {
                not_enough(Level::Warn, ", reusing connections");
            }
            slot
        }
        Admission::Full => return not_enough(Level::Alert, ""),
    };
    counts.handled.add();
    // Fails if the peer is gone already.
    let Some(local) = local.or_else(|| stream.local_addr().ok()) else { return };
    let cycle = Rc::clone(cycle);
    tokio::task::spawn_local(async move {
        let _slot = slot;
        let serving = pin!(connection::serve(stream, peer, local, listen, Rc::clone(&cycle)));
        if let Err(panic) = catch_panic(serving).await {
            cycle.logs.main_error(
                Level::Alert,
                format_args!("panic while serving client {}: {}", peer.ip(), panic::message(&*panic)),
            );
        }
    });
}

/// Runs a future, catching a panic so that it can be logged. It is pinned already: one that is moved takes its room twice.
async fn catch_panic(mut future: Pin<&mut impl Future<Output = ()>>) -> Result<(), Box<dyn Any + Send>> {
    poll_fn(|context| {
        turn::count_poll();
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_contained_and_heard() {
        let panicked = catch_panic(pin!(async { panic!("no {}", 5) })).await;
        assert_eq!(panicked.err().map(|panic| panic::message(&*panic).to_owned()).as_deref(), Some("no 5"));
        assert!(catch_panic(pin!(async {})).await.is_ok());
    }
}
