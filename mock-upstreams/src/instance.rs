use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{Semaphore, watch};

use crate::app::{Items, Origins};
use crate::fault::Faults;
use crate::journal::Recorder;
use crate::server::Registry;
use crate::stomp::Broker;

/// What the parts of one app server share.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) journal: Arc<Recorder>,
    pub(crate) connections: Registry,
    pub(crate) faults: Faults,
    pub(crate) gate: Gate,
    pub(crate) items: Items,
    pub(crate) origins: Origins,
    /// The login and passcode that STOMP clients must have, if any.
    pub(crate) login: Option<(String, String)>,
    pub(crate) broker: Broker,
    /// Whether any path is one of the app's, for HTTP and for WebSockets.
    pub(crate) any_path: AtomicBool,
    /// Whether it says nothing of origins, since somebody else does.
    pub(crate) silent_on_cors: AtomicBool,
    /// Whether it is about to go down in good order: connections take no further request.
    pub(crate) quitting: watch::Sender<bool>,
}

/// Where responses wait until a test lets them go on.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(0))
    }

    /// Lets `steps` steps happen, now or whenever somebody comes to wait.
    pub(crate) fn release(&self, steps: usize) {
        self.0.add_permits(steps);
    }

    /// Waits for one step, in order of arrival.
    pub(crate) async fn step(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}
