//! What a worker hands down to the code that serves its requests: configuration, logs, upstreams and connections, as in
//! nginx's `ngx_cycle_t`. Nothing in it is shared with another worker, except counts and the zones of limits.

pub(crate) mod connections;
pub(crate) mod counts;
mod idle;

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::sync::watch;

use crate::cache::Caches;
use crate::clock::Clock;
use crate::limits::Zones;
use crate::log::Logs;
use crate::trace::TraceLog;
use crate::upstream::Upstreams;
use connections::Connections;
use nginx_conf::model::Config;

/// One configuration as one worker runs it.
#[derive(Debug)]
pub(crate) struct Cycle {
    /// The configuration this worker was started with.
    pub(crate) config: Rc<Config>,
    /// Access and error logs.
    pub(crate) logs: Rc<Logs>,
    /// App servers: their failures and idle connections.
    pub(crate) upstreams: Upstreams,
    /// Whether the worker is shutting down.
    pub(crate) shutdown: watch::Receiver<ShutdownStage>,
    /// The time of day.
    pub(crate) clock: Rc<Clock>,
    /// `worker_connections`.
    pub(crate) connections: Connections,
    /// The zones of `limit_req` and `limit_conn`, shared by all workers.
    pub(crate) zones: Zones,
    /// Answers that are kept, shared by all workers.
    pub(crate) caches: Caches,
    /// The number of the next connection, shared by all workers.
    pub(crate) connection_numbers: Arc<AtomicU64>,
    /// Where steps of requests are told, if they are; shared by all workers.
    pub(crate) trace: Option<Arc<TraceLog>>,
}

impl Cycle {
    /// Waits for the end of `worker_shutdown_timeout`, if there is one.
    pub(crate) fn aborting(&self) -> Aborting {
        Aborting(self.config.worker_shutdown_timeout.map(|_| {
            let mut shutdown = self.shutdown.clone();
            Box::pin(async move {
                // An error means that the worker is gone, and this task with it.
                let _ = shutdown.wait_for(|stage| *stage == ShutdownStage::Aborting).await;
            }) as Pin<Box<dyn Future<Output = ()>>>
        }))
    }

    /// Waits until the worker is to finish what it does.
    pub(crate) async fn draining(&self) {
        // An error means that the worker is gone, and this task with it.
        let _ = self.shutdown.clone().wait_for(|stage| *stage >= ShutdownStage::Draining).await;
    }

    /// A number for a new connection (`$connection`, `*3` in error logs), unique across workers.
    pub(crate) fn next_connection_number(&self) -> u64 {
        self.connection_numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// Ready at the end of `worker_shutdown_timeout`; see [`Cycle::aborting`]. Boxed, as every silent connection has one.
pub(crate) struct Aborting(Option<Pin<Box<dyn Future<Output = ()>>>>);

impl Future for Aborting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Pending, |aborting| aborting.as_mut().poll(cx))
    }
}

/// The stages of a graceful shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShutdownStage {
    /// No shutdown.
    Serving,
    /// Idle kept-alive connections are closed, active requests are finished and then closed, tunnels go on. A
    /// connection may still send its first request.
    Draining,
    /// The grace period is over: tunnels are closed as well.
    Closing,
    /// `worker_shutdown_timeout` is over: every connection is closed, whatever it carries.
    Aborting,
}

#[cfg(test)]
mod tests {
    use super::ShutdownStage;

    #[test]
    fn stages_follow_each_other() {
        assert!(
            ShutdownStage::Serving < ShutdownStage::Draining
                && ShutdownStage::Draining < ShutdownStage::Closing
                && ShutdownStage::Closing < ShutdownStage::Aborting
        );
    }
}
