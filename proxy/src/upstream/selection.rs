//! One request's way through the servers of an upstream.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::balance::{IP_HASH_SEED, ip_hash, round_robin};
use super::group::UpstreamGroup;
use super::peer::{Peer, PeerOutcome};
use nginx_conf::model::Balance;

/// One request's way through the servers of an upstream.
#[derive(Debug)]
pub(crate) struct PeerSelection<'g> {
    group: &'g UpstreamGroup,
    tier: usize,
    tried: [Vec<usize>; 2],
    pub(super) current: Option<usize>,
    /// The one that has answered.
    held: Option<usize>,
    /// What `ip_hash` makes of the client's address, and how often it has been made anew.
    hash: (u64, u32),
    client: IpAddr,
    /// How many servers may still be asked, the current one included.
    pub(crate) tries: usize,
}

impl UpstreamGroup {
    /// Begins the way of a request from `client`. `max_tries`: `proxy_next_upstream_tries`, 0 for no limit.
    pub(crate) fn select(&self, client: IpAddr, max_tries: usize) -> PeerSelection<'_> {
        let count = |tier: &RefCell<Vec<Peer>>| tier.borrow().iter().filter(|peer| !peer.down).count();
        let tries: usize = self.tiers.iter().map(count).sum();
        let tries = if max_tries > 0 { tries.min(max_tries) } else { tries };
        PeerSelection {
            group: self,
            tier: 0,
            tried: Default::default(),
            current: None,
            held: None,
            hash: (IP_HASH_SEED, 0),
            client,
            tries,
        }
    }
}

impl PeerSelection<'_> {
    /// The server to ask now; `None` when no live one is left.
    pub(crate) fn next(&mut self, now: u64) -> Option<(SocketAddr, Rc<str>)> {
        (self.tier..self.group.tiers.len()).find_map(|tier| {
            self.tier = tier;
            self.choose(now)
        })
    }

    fn choose(&mut self, now: u64) -> Option<(SocketAddr, Rc<str>)> {
        let mut peers = self.group.tiers.get(self.tier)?.borrow_mut();
        let tried = self.tried.get_mut(self.tier)?;
        if self.group.single {
            let peer = peers.first().filter(|peer| !peer.down)?;
            self.current = Some(0);
            return Some((peer.address, Rc::clone(&peer.name)));
        }
        let is_free = |index: usize, peer: &Peer| !(tried.contains(&index) || peer.is_out(now));
        let hashed = match self.group.balance {
            // Of the backups there are none.
            Balance::IpHash => ip_hash(&peers, self.client, &mut self.hash, is_free),
            Balance::RoundRobin | Balance::LeastConn => None,
        };
        let index = match (hashed, self.group.balance) {
            (Some(index), _) => index,
            (None, Balance::LeastConn) => {
                let free = || peers.iter().enumerate().filter(|(index, peer)| is_free(*index, peer));
                // Fewer for its weight; of equal ones the first.
                let (first, least) =
                    free().min_by(|(_, a), (_, b)| (a.conns * b.weight).cmp(&(b.conns * a.weight)))?;
                let (conns, weight) = (least.conns, least.weight);
                let alike = |peer: &Peer| peer.conns * weight == conns * peer.weight;
                match free().filter(|(_, peer)| alike(peer)).count() {
                    1 => first,
                    _ => round_robin(&mut peers, |index, peer| is_free(index, peer) && alike(peer))?,
                }
            }
            (None, _) => round_robin(&mut peers, is_free)?,
        };
        let peer = peers.get_mut(index)?;
        if now - peer.checked > peer.fail_timeout {
            peer.checked = now;
        }
        peer.conns += 1;
        tried.push(index);
        self.current = Some(index);
        Some((peer.address, Rc::clone(&peer.name)))
    }

    /// Says how the server chosen last has done; true when it is now left out for a while.
    pub(crate) fn report(&mut self, fared: PeerOutcome, now: u64) -> bool {
        let Some(index) = self.current.take() else { return false };
        if self.group.single {
            self.tries = 0;
            return false;
        }
        self.tries = self.tries.saturating_sub(1);
        let Some(tier) = self.group.tiers.get(self.tier) else { return false };
        let mut peers = tier.borrow_mut();
        let Some(peer) = peers.get_mut(index) else { return false };
        match fared {
            // It goes on with this server until it ends, be it a WebSocket.
            PeerOutcome::Success => self.held = Some(index),
            PeerOutcome::Failed | PeerOutcome::Next => peer.conns -= 1,
        }
        match fared {
            PeerOutcome::Failed => {
                peer.fails += 1;
                peer.accessed = now;
                peer.checked = now;
                if peer.max_fails > 0 {
                    peer.effective_weight -= peer.weight / i64::from(peer.max_fails);
                }
                peer.effective_weight = peer.effective_weight.max(0);
                peer.max_fails > 0 && peer.fails >= peer.max_fails
            }
            PeerOutcome::Success | PeerOutcome::Next => {
                // The server was chosen again after its last failure, and now the check has passed.
                if peer.accessed < peer.checked {
                    peer.fails = 0;
                }
                false
            }
        }
    }
}

impl Drop for PeerSelection<'_> {
    /// A request that was cut short is under way no more.
    fn drop(&mut self) {
        if let (Some(index), false) = (self.current.or(self.held), self.group.single)
            && let Some(tier) = self.group.tiers.get(self.tier)
            && let Some(peer) = tier.borrow_mut().get_mut(index)
        {
            peer.conns -= 1;
        }
    }
}
