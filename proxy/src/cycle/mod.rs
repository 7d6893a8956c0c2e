//! What a worker hands down to whoever serves a request: its configuration, logs, upstreams and connections, as nginx
//! keeps them in `ngx_cycle_t`. Nothing in it is shared with another worker.

pub(crate) mod connections;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::log::Logs;
use crate::upstream::Upstreams;
use connections::Connections;
use nginx_conf::model::Config;

/// One configuration as one worker runs it.
#[derive(Debug)]
pub(crate) struct Cycle {
    /// The configuration this worker was started with.
    pub(crate) config: Rc<Config>,
    /// Where to log.
    pub(crate) logs: Rc<Logs>,
    /// The app servers: their state and kept-alive connections.
    pub(crate) upstreams: Upstreams,
    /// How far the worker is on its way out.
    pub(crate) shutdown: watch::Receiver<ShutdownStage>,
    /// The time, spelt out.
    pub(crate) clock: Rc<Clock>,
    /// `worker_connections`.
    pub(crate) connections: Connections,
    pub(crate) connection_numbers: Arc<AtomicU64>,
}

impl Cycle {
    /// A number for a connection (`$connection`, `*3` in error logs), unique across the workers of a master.
    pub(crate) fn next_connection_number(&self) -> u64 {
        self.connection_numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// How far a worker is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShutdownStage {
    /// Not at all.
    Serving,
    /// Kept-alive connections that wait for another request are closed, open exchanges are finished and their
    /// connections closed, tunnels live on. A connection that has not sent its first request may still do so.
    Draining,
    /// The grace is over: tunnels are closed as well.
    Closing,
}

#[cfg(test)]
mod tests {
    use super::ShutdownStage;

    #[test]
    fn stages_follow_each_other() {
        assert!(
            ShutdownStage::Serving < ShutdownStage::Draining
                && ShutdownStage::Draining < ShutdownStage::Closing
        );
    }
}
