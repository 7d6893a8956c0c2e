//! The servers that one request asks, one after another.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use super::balance::{IpHash, least_conn, round_robin};
use super::group::UpstreamGroup;
use super::hash::{KeyHash, random, random_two};
use super::peer::{Peer, PeerOutcome};
use nginx_conf::model::{Balance, ServerAddress};

/// The servers of an upstream as one request sees them: `ngx_http_upstream_rr_peer_data_t`.
#[derive(Debug)]
pub(crate) struct PeerSelection<'g> {
    group: &'g UpstreamGroup,
    tier: usize,
    /// Servers that have failed, of each tier.
    tried: [Vec<usize>; 2],
    /// The server being asked.
    pub(super) current: Option<usize>,
    /// The server that answered.
    answered: Option<usize>,
    /// The route of the server that was chosen last, whatever became of it.
    route: Option<Rc<str>>,
    ip_hash: IpHash,
    key_hash: KeyHash,
    /// The route of the server that has the session, until it was asked.
    wanted: Option<Vec<u8>>,
    /// Servers that may still be asked, including the current one.
    pub(crate) tries: usize,
}

impl UpstreamGroup {
    /// Starts selecting servers for a request from `client`. `key` is the value of `hash`. `max_tries` is `proxy_next_upstream_tries`; 0 means no
    /// limit.
    pub(crate) fn select(&self, client: IpAddr, key: Vec<u8>, max_tries: usize) -> PeerSelection<'_> {
        let count =
            |tier: &RefCell<Vec<Peer>>| tier.borrow().iter().filter(|peer| !peer.down && !peer.gone).count();
        let tries: usize = self.tiers.iter().map(count).sum();
        let tries = if max_tries > 0 { tries.min(max_tries) } else { tries };
        PeerSelection {
            group: self,
            tier: 0,
            tried: Default::default(),
            current: None,
            answered: None,
            route: None,
            ip_hash: IpHash::new(client),
            key_hash: KeyHash::new(key, &self.points),
            wanted: None,
            tries,
        }
    }
}

impl PeerSelection<'_> {
    /// Asks the server of that route first.
    pub(crate) fn prefer(&mut self, route: Option<Vec<u8>>) {
        self.wanted = route;
    }

    /// The route of the server that was chosen last: that has answered, is being asked, or has failed.
    pub(crate) fn route(&self) -> Option<Rc<str>> {
        self.route.clone()
    }

    /// The server of the session, if it may be asked. A backup is none.
    fn of_session(&mut self, now: u64) -> Option<(ServerAddress, Rc<str>)> {
        let route = self.wanted.take()?;
        let mut peers = self.group.tiers.first()?.borrow_mut();
        let mut numbered = peers.iter_mut().enumerate();
        let (index, peer) =
            numbered.find(|(_, peer)| peer.route.as_bytes() == route && peer.is_available(now))?;
        peer.start_check(now);
        peer.conns += 1;
        self.route = Some(Rc::clone(&peer.route));
        self.current = Some(index);
        Some((peer.address.clone(), Rc::clone(&peer.name)))
    }

    /// The next server to ask; `None` when no live one is left.
    pub(crate) fn next(&mut self, now: u64) -> Option<(ServerAddress, Rc<str>)> {
        if let Some(found) = self.of_session(now) {
            return Some(found);
        }
        (self.tier..self.group.tiers.len()).find_map(|tier| {
            self.tier = tier;
            self.choose(now)
        })
    }

    fn choose(&mut self, now: u64) -> Option<(ServerAddress, Rc<str>)> {
        let mut peers = self.group.tiers.get(self.tier)?.borrow_mut();
        let tried = self.tried.get(self.tier)?;
        if self.group.single {
            let peer = peers.first_mut().filter(|peer| !peer.down && !peer.is_full())?;
            peer.conns += 1;
            self.route = Some(Rc::clone(&peer.route));
            self.current = Some(0);
            return Some((peer.address.clone(), Rc::clone(&peer.name)));
        }
        let is_candidate =
            |index: usize, peer: &Peer| !tried.contains(&index) && !peer.drain && peer.is_available(now);
        let index = match self.group.balance {
            Balance::RoundRobin => round_robin(&mut peers, is_candidate)?,
            Balance::LeastConn => least_conn(&mut peers, is_candidate)?,
            Balance::Hash { is_consistent } => {
                let hashed = match is_consistent {
                    true => self.key_hash.choose_consistent(&self.group.points, &mut peers, is_candidate),
                    false => self.key_hash.choose(&peers, is_candidate),
                };
                match hashed {
                    Some(index) => index,
                    None => round_robin(&mut peers, is_candidate)?,
                }
            }
            Balance::Random | Balance::RandomTwo => {
                let found = match self.group.balance {
                    Balance::RandomTwo => random_two(&peers, is_candidate),
                    _ => random(&peers, is_candidate),
                };
                match found {
                    Some(index) => index,
                    None => round_robin(&mut peers, is_candidate)?,
                }
            }
            // `ip_hash` allows no backups, so the hash is always over the same tier.
            Balance::IpHash => match self.ip_hash.choose(&peers, is_candidate) {
                Some(index) => index,
                None => round_robin(&mut peers, is_candidate)?,
            },
        };
        let peer = peers.get_mut(index)?;
        peer.start_check(now);
        peer.conns += 1;
        self.route = Some(Rc::clone(&peer.route));
        self.current = Some(index);
        Some((peer.address.clone(), Rc::clone(&peer.name)))
    }

    /// Reports how the current server did; true when it is now unavailable for `fail_timeout`.
    pub(crate) fn report(&mut self, outcome: PeerOutcome, now: u64) -> bool {
        let Some(index) = self.current.take() else { return false };
        self.tries = if self.group.single { 0 } else { self.tries.saturating_sub(1) };
        let Some(tier) = self.group.tiers.get(self.tier) else { return false };
        let mut peers = tier.borrow_mut();
        let Some(peer) = peers.get_mut(index) else { return false };
        match outcome {
            // The request stays with this server until it ends, even if it becomes a WebSocket.
            PeerOutcome::Success => self.answered = Some(index),
            PeerOutcome::Failed | PeerOutcome::Next => {
                peer.conns -= 1;
                self.tried.get_mut(self.tier).into_iter().for_each(|tried| tried.push(index));
            }
        }
        match outcome {
            _ if self.group.single => false,
            PeerOutcome::Failed => peer.count_failure(now),
            PeerOutcome::Success | PeerOutcome::Next => {
                peer.forgive_failures();
                false
            }
        }
    }
}

impl Drop for PeerSelection<'_> {
    /// The request no longer counts as an active connection, however it ended.
    fn drop(&mut self) {
        if let Some(index) = self.current.or(self.answered)
            && let Some(tier) = self.group.tiers.get(self.tier)
            && let Some(peer) = tier.borrow_mut().get_mut(index)
        {
            peer.conns -= 1;
        }
    }
}
