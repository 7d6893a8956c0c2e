//! `hash`: the server that a key stands for, and `random`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;

use flate2::Crc;

use super::balance::round_robin;
use super::peer::Peer;
use nginx_conf::model::UpstreamServer;

/// nginx tries so often before it falls back to round robin.
const MAX_TRIES: u32 = 20;

/// Points of a server for each of its weight.
const POINTS: i64 = 160;

/// A point on the circle of `hash … consistent`, and the server that it belongs to.
pub(super) type Point = (u32, Rc<str>);

/// The points of some servers: `ngx_http_upstream_init_chash`.
pub(super) fn points<'s>(servers: impl Iterator<Item = &'s UpstreamServer>) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for server in servers.filter(|server| !server.backup) {
        let name: Rc<str> = server.name.as_str().into();
        let (host, port) = match server.name.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (server.name.as_str(), ""),
        };
        let mut previous = 0_u32;
        for _ in 0..i64::from(server.weight) * POINTS {
            previous = crc32(&[host.as_bytes(), b"\0", port.as_bytes(), &previous.to_le_bytes()]);
            points.push((previous, Rc::clone(&name)));
        }
    }
    // A server that comes first keeps a point that is another's, too.
    points.sort_by_key(|(hash, _)| *hash);
    points.dedup_by_key(|(hash, _)| *hash);
    points
}

fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.sum()
}

/// The servers that a key stands for, one after another.
#[derive(Debug)]
pub(super) struct KeyHash {
    key: Vec<u8>,
    hash: u32,
    rehash: u32,
    tries: u32,
}

impl KeyHash {
    /// Of a key. Without one the servers are taken in turn.
    pub(super) fn new(key: Vec<u8>, points: &[Point]) -> KeyHash {
        let hash = match points {
            [] => 0,
            points => points.partition_point(|(hash, _)| *hash < crc32(&[&key])) as u32,
        };
        KeyHash { key, hash, rehash: 0, tries: 0 }
    }

    /// `ngx_http_upstream_get_hash_peer`; `None` after too many tries.
    pub(super) fn choose(
        &mut self,
        peers: &[Peer],
        is_candidate: impl Fn(usize, &Peer) -> bool,
    ) -> Option<usize> {
        let total: i64 = peers.iter().map(|peer| peer.weight).sum();
        let total = u32::try_from(total).ok().filter(|total| *total > 0 && !self.key.is_empty())?;
        while self.tries <= MAX_TRIES {
            let again = if self.rehash > 0 { self.rehash.to_string() } else { String::new() };
            let hash = crc32(&[again.as_bytes(), &self.key]) >> 16 & 0x7fff;
            self.hash = self.hash.wrapping_add(hash);
            self.rehash += 1;
            let index = at_weight(peers, i64::from(self.hash % total))?;
            if peers.get(index).is_some_and(|peer| is_candidate(index, peer)) {
                return Some(index);
            }
            self.tries += 1;
        }
        None
    }

    /// `ngx_http_upstream_get_chash_peer`; `None` after too many tries.
    pub(super) fn choose_consistent(
        &mut self,
        points: &[Point],
        peers: &mut [Peer],
        is_candidate: impl Fn(usize, &Peer) -> bool,
    ) -> Option<usize> {
        if self.key.is_empty() || points.is_empty() {
            return None;
        }
        while self.tries <= MAX_TRIES {
            let (_, server) = points.get(self.hash as usize % points.len())?;
            let is_its = |index: usize, peer: &Peer| peer.server == *server && is_candidate(index, peer);
            if let Some(index) = round_robin(peers, is_its) {
                return Some(index);
            }
            self.hash = self.hash.wrapping_add(1);
            self.tries += 1;
        }
        None
    }
}

/// The server that a number below the sum of all weights falls to.
fn at_weight(peers: &[Peer], mut rest: i64) -> Option<usize> {
    peers.iter().position(|peer| {
        let is_here = rest < peer.weight;
        rest -= peer.weight;
        is_here
    })
}

/// Any server, by weight; `None` after too many tries: `ngx_http_upstream_get_random_peer`.
pub(super) fn random(peers: &[Peer], is_candidate: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let total: i64 = peers.iter().map(|peer| peer.weight).sum();
    let total = u64::try_from(total).ok().filter(|total| *total > 0)?;
    (0..=MAX_TRIES).find_map(|_| {
        let number = RandomState::new().build_hasher().finish() % total;
        let index = at_weight(peers, i64::try_from(number).ok()?)?;
        peers.get(index).is_some_and(|peer| is_candidate(index, peer)).then_some(index)
    })
}

/// The one of any two that has fewer requests under way, by weight: `ngx_http_upstream_get_random2_peer`.
pub(super) fn random_two(peers: &[Peer], is_candidate: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let first = random(peers, &is_candidate)?;
    let second = random(peers, |index, peer| index != first && is_candidate(index, peer))?;
    let (one, other) = (peers.get(first)?, peers.get(second)?);
    Some(if other.conns * one.weight > one.conns * other.weight { first } else { second })
}
