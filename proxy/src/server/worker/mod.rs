//! A worker: one thread with its own event loop, listening sockets, upstreams and logs. Nothing on the path of a
//! request is shared with another worker but counts, limits and what is kept of answers.

mod accept;
mod names;
mod privileges;

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::sockets::ListeningSocket;
use crate::cache::Caches;
use crate::clock::Clock;
use crate::cycle::connections::Connections;
use crate::cycle::counts::Counts;
use crate::cycle::{Cycle, ShutdownStage};
use crate::limits::Zones;
use crate::log::{LogFiles, Logs};
use crate::trace::TraceLog;
use crate::turn;
use crate::upstream::{SessionZones, Upstreams};
use accept::{AcceptState, accept};
use nginx_conf::model::{Config, Level};
pub(super) use privileges::{is_root, switch_user};

/// A command of the master to a worker.
#[derive(Debug)]
pub(crate) enum Command {
    /// Switch to these log files.
    Reopen(LogFiles),
    /// Stop accepting, and exit after the last connection is closed.
    Drain {
        /// Addresses that the next generation has taken over.
        taken_over: Vec<SocketAddr>,
    },
    /// Close tunnels.
    Close,
    /// Exit now.
    Stop,
}

/// What a worker is started with.
#[derive(Debug)]
pub(crate) struct WorkerOptions {
    pub(crate) config: Config,
    pub(crate) files: LogFiles,
    pub(crate) sockets: Vec<ListeningSocket>,
    pub(crate) connection_numbers: Arc<AtomicU64>,
    pub(crate) trace: Option<Arc<TraceLog>>,
    pub(crate) zones: Zones,
    pub(crate) sessions: SessionZones,
    pub(crate) caches: Caches,
    pub(crate) counts: Arc<Counts>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
}

/// Runs a worker in a `LocalRuntime`, until it is told to stop or has drained.
pub(crate) async fn run(options: WorkerOptions) {
    let WorkerOptions {
        config,
        files,
        sockets,
        connection_numbers,
        trace,
        zones,
        sessions,
        caches,
        counts,
        mut commands,
    } = options;
    let clock = Rc::new(Clock::new());
    let logs = Rc::new(Logs::new(files, &config.error_log, Rc::clone(&clock)));
    let (stage, shutdown) = watch::channel(ShutdownStage::Serving);
    let cycle = Rc::new(Cycle {
        upstreams: Upstreams::new(config.http.as_ref(), &sessions),
        connections: Connections::new(config.worker_connections, reserved_connections(&config), counts),
        config: Rc::new(config),
        logs: Rc::clone(&logs),
        shutdown,
        clock,
        connection_numbers,
        trace,
        zones,
        caches,
    });
    let (writer, lines) = (Rc::clone(&logs), Rc::downgrade(&logs));
    tokio::task::spawn_local(async move { writer.run().await });
    turn::run(move || {
        if let Some(logs) = lines.upgrade() {
            logs.end_turn();
        }
    });
    names::look_up(&cycle);
    let acceptors: Vec<Acceptor> = sockets
        .into_iter()
        .map(|listening| {
            let (sender, state) = watch::channel(AcceptState::Accepting);
            let (address, cycle) = (listening.socket.local_addr().ok(), Rc::clone(&cycle));
            tokio::task::spawn_local(accept(listening, state, cycle));
            Acceptor { address, state: sender }
        })
        .collect();

    let timeout = cycle.config.worker_shutdown_timeout;
    let mut draining = false;
    let mut deadline = None;
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Reopen(files)) => {
                    logs.main_error(Level::Notice, format_args!("reopening logs"));
                    logs.reopen(files);
                }
                Some(Command::Drain { taken_over }) => {
                    if !std::mem::replace(&mut draining, true) {
                        logs.main_error(Level::Notice, format_args!("gracefully shutting down"));
                        deadline = timeout.map(|timeout| Instant::now() + timeout);
                    }
                    for acceptor in &acceptors {
                        let kept = acceptor.address.is_some_and(|address| taken_over.contains(&address));
                        acceptor.state.send_replace(if kept { AcceptState::HandOver } else { AcceptState::Drain });
                    }
                    // Acceptors empty their queues before connections are told to drain.
                    for acceptor in &acceptors {
                        acceptor.state.closed().await;
                    }
                    stage.send_if_modified(|stage| (*stage < ShutdownStage::Draining).then(|| *stage = ShutdownStage::Draining).is_some());
                    cycle.connections.drain();
                }
                Some(Command::Close) => {
                    stage.send_if_modified(|stage| (*stage < ShutdownStage::Closing).then(|| *stage = ShutdownStage::Closing).is_some());
                }
                Some(Command::Stop) | None => break,
            },
            () = cycle.connections.no_clients(), if draining => break,
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                stage.send_replace(ShutdownStage::Aborting);
                deadline = None;
            }
        }
    }
    logs.main_error(Level::Notice, format_args!("exiting"));
    logs.main_error(Level::Notice, format_args!("exit"));
}

/// Connections that nginx counts besides those of clients and app servers: one for each listening address, and one to
/// the master.
fn reserved_connections(config: &Config) -> usize {
    config.http.as_ref().map_or(0, |http| http.listen.len()) + 1
}

/// The task that accepts from one socket.
struct Acceptor {
    address: Option<SocketAddr>,
    state: watch::Sender<AcceptState>,
}
