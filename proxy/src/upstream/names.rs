//! Servers whose addresses may change: `server … resolve`.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::peer::Peer;
use nginx_conf::model::{ResolvedServer, ResolvedServers, ServerAddress, UpstreamServer};

/// The most addresses of a name that become servers.
const MAX_ADDRESSES: usize = 256;

/// The names of an upstream, which a worker looks up again and again.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The names, and whom to ask; `None` if there are none.
    pub(crate) servers: Option<ResolvedServers>,
    /// How many have not been looked up yet.
    unknown: Cell<usize>,
    looked_up: Notify,
}

impl Names {
    pub(super) fn new(servers: Option<&ResolvedServers>) -> Names {
        let unknown = Cell::new(servers.map_or(0, |servers| servers.names.len()));
        Names { servers: servers.cloned(), unknown, looked_up: Notify::new() }
    }

    /// Whether there are names that have not been looked up yet.
    pub(crate) fn are_unknown(&self) -> bool {
        self.unknown.get() > 0
    }

    /// Waits until each name has been looked up once. nginx answers 502 until then.
    pub(crate) async fn known(&self) {
        let Some(servers) = &self.servers else { return };
        let known = async {
            while self.are_unknown() {
                self.looked_up.notified().await;
            }
        };
        // Without an answer, others may be asked.
        let _ = timeout(servers.timeout, known).await;
    }

    /// A name has been looked up, for the first time or again.
    pub(super) fn note(&self, is_first: bool) {
        if is_first {
            self.unknown.set(self.unknown.get().saturating_sub(1));
        }
        self.looked_up.notify_waiters();
    }
}

/// Puts the servers at these addresses in place of those that the name of this number stood for.
pub(super) fn replace(peers: &mut Vec<Peer>, number: usize, name: &ResolvedServer, addresses: &[IpAddr]) {
    let port = name.server.address.port();
    let addresses: Vec<ServerAddress> =
        addresses.iter().take(MAX_ADDRESSES).map(|ip| SocketAddr::new(*ip, port).into()).collect();
    let is_its = |peer: &Peer| peer.of_name == Some(number) && !peer.gone;
    for peer in peers.iter_mut().filter(|peer| is_its(peer) && !addresses.contains(&peer.address)) {
        peer.leave();
    }
    for address in addresses {
        if peers.iter().any(|peer| is_its(peer) && peer.address == address) {
            continue;
        }
        let server = UpstreamServer { address, ..name.server.clone() };
        let peer = Peer { of_name: Some(number), ..Peer::new(&server) };
        // Requests know servers by their places, so that only one without requests gives way.
        match peers.iter_mut().find(|peer| peer.gone && peer.conns == 0) {
            Some(place) => *place = peer,
            None => peers.push(peer),
        }
    }
}
