//! Balancing methods: smooth weighted round robin, `ip_hash` and `least_conn`, as nginx has them.

use std::net::IpAddr;

use super::peer::Peer;

/// Where `ip_hash` begins, and how often it is made anew before servers are taken in turn.
pub(super) const IP_HASH_SEED: u64 = 89;
const MAX_IP_HASH_TRIES: u32 = 20;

/// The server that the client's address leads to, `ngx_http_upstream_get_ip_hash_peer`; `None` where that leads to too many that are
/// not to be asked.
pub(super) fn ip_hash(
    peers: &[Peer],
    client: IpAddr,
    (hash, times): &mut (u64, u32),
    is_free: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let total: i64 = peers.iter().map(|peer| peer.weight).sum();
    let total = u64::try_from(total).ok().filter(|total| *total > 0)?;
    let (v4, v6);
    let network: &[u8] = match client {
        IpAddr::V4(address) => {
            v4 = address.octets();
            &v4[..3]
        }
        IpAddr::V6(address) => {
            v6 = address.octets();
            &v6
        }
    };
    while *times <= MAX_IP_HASH_TRIES {
        *hash = network.iter().fold(*hash, |hash, byte| (hash * 113 + u64::from(*byte)) % 6271);
        let mut rest = i64::try_from(*hash % total).unwrap_or_default();
        for (index, peer) in peers.iter().enumerate() {
            if rest >= peer.weight {
                rest -= peer.weight;
                continue;
            }
            if is_free(index, peer) {
                return Some(index);
            }
            break;
        }
        *times += 1;
    }
    None
}

/// The one of these servers whose turn it is: smooth weighted round robin.
pub(super) fn round_robin(peers: &mut [Peer], is_one: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let (mut best, mut total): (Option<(usize, i64)>, i64) = (None, 0);
    for (index, peer) in peers.iter_mut().enumerate() {
        if !is_one(index, peer) {
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
