//! Upstreams: app servers, the balancing methods and failure counts that choose among them, and idle connections to
//! them.
//!
//! Each worker has its own; nothing is shared, as in nginx without a `zone`.

mod balance;
mod connection;
mod group;
mod hash;
mod keepalive;
mod peer;
mod selection;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub(crate) use connection::{TlsPeer, UpstreamConnection, UpstreamStream};
pub(crate) use group::UpstreamGroup;
use nginx_conf::model::Http;
pub(crate) use peer::PeerOutcome;
pub(crate) use selection::PeerSelection;

/// The upstreams of a configuration, as one worker sees them.
#[derive(Debug)]
pub(crate) struct Upstreams {
    groups: Vec<UpstreamGroup>,
    /// Groups of one server each, for a `proxy_pass` with variables.
    addresses: RefCell<HashMap<SocketAddr, Rc<UpstreamGroup>>>,
    began: Instant,
}

/// The most addresses of a `proxy_pass` with variables that a worker remembers.
const MAX_ADDRESSES: usize = 1024;

impl Upstreams {
    /// With no failures and no connections yet.
    pub(crate) fn new(http: Option<&Http>) -> Upstreams {
        let groups = http.into_iter().flat_map(|http| &http.upstreams).map(UpstreamGroup::new).collect();
        Upstreams { groups, addresses: RefCell::default(), began: Instant::now() }
    }

    /// The `upstream` of that name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.declared && &*group.name == name)
    }

    /// The group of a single server that variables evaluated to. It is kept, along with its connections.
    pub(crate) fn at(&self, address: SocketAddr) -> Rc<UpstreamGroup> {
        let mut known = self.addresses.borrow_mut();
        // Addresses made from requests could grow without bound.
        if known.len() >= MAX_ADDRESSES && !known.contains_key(&address) {
            known.clear();
        }
        Rc::clone(known.entry(address).or_insert_with(|| Rc::new(UpstreamGroup::single_server(address))))
    }

    pub(crate) fn group(&self, index: usize) -> Option<&UpstreamGroup> {
        self.groups.get(index)
    }

    /// Whole seconds on a monotonic clock, starting far from the 0 of a server that was never checked.
    pub(crate) fn seconds(&self, now: Instant) -> u64 {
        const START: Duration = Duration::from_secs(1 << 32);
        (START + now.saturating_duration_since(self.began)).as_secs()
    }
}
