//! Accepting connections, each of which gets a task of its own.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
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
use nginx_conf::model::Level;

/// How long a worker that has run out of file descriptors waits before it accepts again, as nginx does.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(500);

/// How an acceptor is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AcceptState {
    /// Not yet.
    Accepting,
    /// Another worker accepts from the same socket.
    HandOver,
    /// Nobody will: connections that wait in the queue are still served.
    Drain,
}

/// Accepts from one socket until told to end.
pub(super) async fn accept(share: ListeningSocket, mut end: watch::Receiver<AcceptState>, cycle: Rc<Cycle>) {
    let failed = |error: &io::Error| {
        let level = if is_out_of_descriptors(error) { Level::Crit } else { Level::Alert };
        cycle.logs.main_error(level, format_args!("accept4() failed ({})", describe(error)));
    };
    let listener = match share.socket.try_clone().and_then(TcpListener::from_std) {
        Ok(listener) => listener,
        Err(error) => return failed(&error),
    };
    loop {
        let accepted = tokio::select! {
            biased;
            ended = end.changed() => match ended {
                Ok(()) => break,
                Err(_) => return,
            },
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => begin(stream, peer, share.listen, &cycle).await,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                failed(&error);
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
    if *end.borrow() == AcceptState::Drain {
        while let Ok((stream, peer)) = share.socket.accept() {
            if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                begin(stream, peer, share.listen, &cycle).await;
            }
        }
    }
}

/// Gives a new connection a task of its own, if there is room for it.
async fn begin(stream: TcpStream, peer: SocketAddr, listen: usize, cycle: &Rc<Cycle>) {
    let not_enough = |level, tail| {
        let limit = cycle.connections.limit();
        cycle.logs.main_error(level, format_args!("{limit} worker_connections are not enough{tail}"));
    };
    let mut accepted = cycle.connections.accept();
    if matches!(accepted, Admission::Full) {
        // Connections of the same burst have not had their turn yet, in which they say that they are idle.
        tokio::task::yield_now().await;
        accepted = cycle.connections.accept();
    }
    let slot = match accepted {
        Admission::Free(slot) => slot,
        Admission::Reused(slot) => {
            // Once a second will do, as in nginx: under attack there would be a line for each connection.
            if cycle.connections.should_warn(cycle.clock.now().second) {
                not_enough(Level::Warn, ", reusing connections");
            }
            slot
        }
        Admission::Full => return not_enough(Level::Alert, ""),
    };
    // The peer may be gone already.
    let Ok(local) = stream.local_addr() else { return };
    let cycle = Rc::clone(cycle);
    tokio::task::spawn_local(async move {
        let _slot = slot;
        let served = contained(connection::serve(stream, peer, local, listen, Rc::clone(&cycle))).await;
        if let Err(panic) = served {
            cycle.logs.main_error(
                Level::Alert,
                format_args!("panic while serving client {}: {}", peer.ip(), panic::message(&*panic)),
            );
        }
    });
}

/// Runs a future to its end or to its panic, so that the latter can be logged.
async fn contained(future: impl Future<Output = ()>) -> Result<(), Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_contained_and_heard() {
        let panicked = contained(async { panic!("no {}", 5) }).await;
        assert_eq!(panicked.err().map(|panic| panic::message(&*panic).to_owned()).as_deref(), Some("no 5"));
        assert!(contained(async {}).await.is_ok());
    }
}
