//! Balancing methods: smooth weighted round robin, `ip_hash` and `least_conn`, as nginx has them.

use std::net::IpAddr;

use super::peer::Peer;

/// nginx tries this many hashes before it falls back to round robin.
const MAX_IP_HASH_TRIES: u32 = 20;

/// `ip_hash`: the client's network decides the server, as in `ngx_http_upstream_get_ip_hash_peer`.
#[derive(Debug)]
pub(super) struct IpHash {
    client: IpAddr,
    hash: u64,
    tries: u32,
}

impl IpHash {
    pub(super) fn new(client: IpAddr) -> IpHash {
        IpHash { client, hash: 89, tries: 0 }
    }

    /// The server that the client's network hashes to; `None` after too many hashes that led to no candidate.
    pub(super) fn choose(
        &mut self,
        peers: &[Peer],
        is_candidate: impl Fn(usize, &Peer) -> bool,
    ) -> Option<usize> {
        let total: i64 = peers.iter().map(|peer| peer.weight).sum();
        let total = u64::try_from(total).ok().filter(|total| *total > 0)?;
        let (v4, v6);
        let network: &[u8] = match self.client {
            IpAddr::V4(address) => {
                v4 = address.octets();
                &v4[..3]
            }
            IpAddr::V6(address) => {
                v6 = address.octets();
                &v6
            }
        };
        while self.tries <= MAX_IP_HASH_TRIES {
            self.hash = network.iter().fold(self.hash, |hash, byte| (hash * 113 + u64::from(*byte)) % 6271);
            let mut rest = i64::try_from(self.hash % total).unwrap_or_default();
            for (index, peer) in peers.iter().enumerate() {
                if rest >= peer.weight {
                    rest -= peer.weight;
                    continue;
                }
                if is_candidate(index, peer) {
                    return Some(index);
                }
                break;
            }
            self.tries += 1;
        }
        None
    }
}

/// `least_conn`: the fewest active requests for its weight; several such servers take turns.
pub(super) fn least_conn(peers: &mut [Peer], is_candidate: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let candidates = || peers.iter().enumerate().filter(|(index, peer)| is_candidate(*index, peer));
    let (first, least) =
        candidates().min_by(|(_, a), (_, b)| (a.conns * b.weight).cmp(&(b.conns * a.weight)))?;
    let (conns, weight) = (least.conns, least.weight);
    let is_as_idle = |peer: &Peer| peer.conns * weight == conns * peer.weight;
    match candidates().filter(|(_, peer)| is_as_idle(peer)).count() {
        1 => Some(first),
        _ => round_robin(peers, |index, peer| is_candidate(index, peer) && is_as_idle(peer)),
    }
}

/// Smooth weighted round robin: the candidate whose turn it is.
pub(super) fn round_robin(peers: &mut [Peer], is_candidate: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let (mut best, mut total): (Option<(usize, i64)>, i64) = (None, 0);
    for (index, peer) in peers.iter_mut().enumerate() {
        if !is_candidate(index, peer) {
            continue;
        }
        peer.current_weight += peer.effective_weight;
        total += peer.effective_weight;
        if peer.effective_weight < peer.weight {
            peer.effective_weight += 1;
        }
        if best.is_none_or(|(_, weight)| peer.current_weight > weight) {
            best = Some((index, peer.current_weight));
        }
    }
    let (index, _) = best?;
    peers.get_mut(index)?.current_weight -= total;
    Some(index)
}
