//! Upstreams: app servers, the balancing methods and failure counts that choose among them, and idle connections to
//! them.
//!
//! Each worker has its own; nothing is shared, as in nginx without a `zone`.

mod balance;
mod connection;
mod group;
mod hash;
mod http2;
mod keepalive;
mod names;
mod peer;
mod selection;
mod sessions;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use crate::resolver::Resolvers;
pub(crate) use connection::{TlsPeer, Traffic, UpstreamConnection, UpstreamStream};
pub(crate) use group::UpstreamGroup;
pub(crate) use http2::Http2Failure;
use keepalive::KeepalivePool;
use nginx_conf::model::{Http, ServerAddress};
pub(crate) use peer::PeerOutcome;
pub(crate) use selection::PeerSelection;
pub(crate) use sessions::SessionZones;

/// The upstreams of a configuration, as one worker sees them.
#[derive(Debug)]
pub(crate) struct Upstreams {
    groups: Vec<UpstreamGroup>,
    /// Groups of one server each, for a `proxy_pass` with variables.
    addresses: RefCell<HashMap<ServerAddress, Rc<UpstreamGroup>>>,
    /// Idle connections to servers whose name a `proxy_pass` with variables came to, by name and port.
    names: RefCell<HashMap<(String, u16), KeepalivePool>>,
    /// What looks such names up.
    pub(crate) resolvers: Resolvers,
}

/// The most addresses, and the most names, of a `proxy_pass` with variables that a worker remembers.
const MAX_ADDRESSES: usize = 1024;

impl Upstreams {
    /// With no failures and no connections yet.
    pub(crate) fn new(http: Option<&Http>, sessions: &SessionZones) -> Upstreams {
        let upstreams = http.into_iter().flat_map(|http| &http.upstreams);
        let groups = upstreams.map(|upstream| UpstreamGroup::new(upstream, sessions)).collect();
        Upstreams {
            groups,
            addresses: RefCell::default(),
            names: RefCell::default(),
            resolvers: Resolvers::default(),
        }
    }

    /// The `upstream` of that name, or the address of another `proxy_pass`, which has been looked up already.
    pub(crate) fn named(&self, name: &str, port: Option<u16>, default_port: u16) -> Option<usize> {
        self.groups.iter().position(|group| {
            let has_port = match group.port {
                None => port.is_none(),
                Some(own) => own == port.unwrap_or(default_port),
            };
            has_port && group.name.eq_ignore_ascii_case(name)
        })
    }

    /// The servers at these addresses of a name: how they do counts for one request, connections are kept.
    pub(crate) fn of_name(&self, name: &str, port: u16, addresses: &[IpAddr]) -> UpstreamGroup {
        let mut known = self.names.borrow_mut();
        if known.len() >= MAX_ADDRESSES {
            known.clear();
        }
        let addresses: Vec<ServerAddress> =
            addresses.iter().map(|&ip| SocketAddr::new(ip, port).into()).collect();
        let mut group = UpstreamGroup::undeclared(name, &addresses);
        let pool = known.entry((name.to_ascii_lowercase(), port)).or_insert_with(|| group.pool.clone());
        group.pool = pool.clone();
        group
    }

    /// The group of a single server that variables evaluated to. It is kept, along with its connections.
    pub(crate) fn at(&self, address: ServerAddress) -> Rc<UpstreamGroup> {
        let mut known = self.addresses.borrow_mut();
        // Addresses made from requests could grow without bound.
        if known.len() >= MAX_ADDRESSES && !known.contains_key(&address) {
            known.clear();
        }
        let new = |address: &ServerAddress| {
            Rc::new(UpstreamGroup::undeclared(&address.to_string(), std::slice::from_ref(address)))
        };
        Rc::clone(known.entry(address).or_insert_with_key(new))
    }

    /// All of them that are in the configuration.
    pub(crate) fn groups(&self) -> &[UpstreamGroup] {
        &self.groups
    }

    pub(crate) fn group(&self, index: usize) -> Option<&UpstreamGroup> {
        self.groups.get(index)
    }
}
