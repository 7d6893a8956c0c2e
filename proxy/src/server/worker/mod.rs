//! A worker: one thread with an event loop of its own, its own listening sockets, upstream pool and logs. Nothing
//! on the path of a request is shared with another worker.

mod accept;
pub mod connections;
mod privileges;
mod run;

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use tokio::sync::watch;

use super::clock::Clock;
use crate::log::Logs;
use crate::proxy::Upstreams;
use connections::Connections;
use nginx_conf::model::Config;
pub(super) use privileges::{drop_to, is_root};
pub(super) use run::{Command, Seed, run};

/// What a connection needs of the worker it lives in.
#[derive(Debug)]
pub struct Worker {
    /// The configuration this worker was started with.
    pub config: Rc<Config>,
    /// Where to log.
    pub logs: Rc<Logs>,
    /// The app servers: their state and kept-alive connections.
    pub upstreams: Upstreams,
    /// How far the worker is on its way out.
    pub quitting: watch::Receiver<Stage>,
    /// The time, spelt out.
    pub clock: Rc<Clock>,
    /// `worker_connections`.
    pub connections: Connections,
    numbers: Arc<AtomicU64>,
}

impl Worker {
    /// A number for a connection (`$connection`, `*3` in error logs), unique across the workers of a master.
    pub fn next_connection(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// How far a worker is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Not at all.
    Serving,
    /// Kept-alive connections that wait for another request are closed, open exchanges are finished and their
    /// connections closed, tunnels live on. A connection that has not sent its first request may still do so.
    Draining,
    /// The grace is over: tunnels are closed as well.
    Closing,
}

/// Whether this process or the machine has no file descriptor left.
pub(crate) fn is_exhausted(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::Stage;

    #[test]
    fn stages_follow_each_other() {
        assert!(Stage::Serving < Stage::Draining && Stage::Draining < Stage::Closing);
    }
}
