//! What the parts of one app server share.

mod gate;
mod items;
mod origins;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, RwLock};

use rustls::ServerConfig;
use tokio::sync::watch;

use crate::fault::Faults;
use crate::journal::{Arrival, Recorder};
use crate::sockjs::Sessions;
use crate::stomp::Broker;
use crate::transport::Registry;
pub(crate) use gate::Gate;
pub use items::Items;
pub use origins::Origins;

/// The instance, as handlers get it.
pub(crate) type Shared = axum::extract::State<Arc<Instance>>;

/// The request as it was on the wire, as handlers get it.
pub(crate) type RequestArrival = axum::Extension<Arc<Arrival>>;

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
    /// SockJS's sessions over HTTP.
    pub(crate) sockjs: Sessions,
    /// Whether the app answers any path, over HTTP and WebSocket.
    pub(crate) any_path: AtomicBool,
    /// The paths at which it says who may come.
    pub(crate) authorized_at: RwLock<BTreeSet<String>>,
    /// The build of the front end that it serves, if it does.
    pub(crate) front_end: OnceLock<PathBuf>,
    /// Whether CORS is left to the proxy.
    pub(crate) cors_disabled: AtomicBool,
    /// How TLS is answered, if at all.
    pub(crate) tls: RwLock<Option<Arc<ServerConfig>>>,
    /// Whether it shuts down gracefully: connections take no further request.
    pub(crate) quitting: watch::Sender<bool>,
}
