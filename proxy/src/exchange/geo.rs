//! `geo` and `split_clients`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Exchange;
use super::forwarded::forwarded;
use crate::trace::{Step, shown};
use crate::variables::Variables;

impl Exchange<'_> {
    /// The value of a `geo`.
    pub(super) fn geo_value(&self, index: usize, out: &mut Vec<u8>) -> bool {
        let Some(geo) = self.http.geos.get(index) else { return false };
        let address = match &geo.address {
            None => self.client.peer.ip(),
            Some(address) => {
                let text = String::from_utf8_lossy(&self.evaluate(address)).into_owned();
                // What is no address is like none that there is.
                text.parse().unwrap_or(IpAddr::V4(Ipv4Addr::BROADCAST))
            }
        };
        let values: Vec<&[u8]> = self.request.headers.get_all("X-Forwarded-For").collect();
        let peer = SocketAddr::new(address, 0);
        let found = forwarded(peer, &values, &geo.proxies, geo.is_recursive).unwrap_or(peer);
        let value = geo.value(found.ip());
        self.trace(|_| {
            let (directive, _) = self.data_block("geo", index, |_| false);
            let key = found.ip().to_string();
            Step::Variable { directive, key, entry: None, value: value.to_owned() }
        });
        out.extend_from_slice(value.as_bytes());
        true
    }

    /// The value of a `split_clients`.
    pub(super) fn split_value(&self, index: usize, out: &mut Vec<u8>) -> bool {
        let Some(split) = self.http.splits.get(index) else { return false };
        let key = self.evaluate(&split.key);
        let value = split.value(murmur_hash2(&key));
        self.trace(|_| {
            let (directive, _) = self.data_block("split_clients", index, |_| false);
            Step::Variable { directive, key: shown(&key), entry: None, value: value.to_owned() }
        });
        out.extend_from_slice(value.as_bytes());
        true
    }
}

/// Austin Appleby's MurmurHash2, as `ngx_murmur_hash2` has it.
fn murmur_hash2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = data.len() as u32;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let bytes = rest.iter().enumerate();
        hash ^= bytes.fold(0, |word, (place, byte)| word | u32::from(*byte) << (8 * place));
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::murmur_hash2;

    #[test]
    fn hashes_are_those_of_others() {
        let hashes = ["", "a", "abcd", "hello", "10.0.0.1"].map(|text| murmur_hash2(text.as_bytes()));
        assert_eq!(hashes, [0x0, 0x92685f5e, 0x26873021, 0xe56129cb, 0x9f25c2bd]);
    }
}
