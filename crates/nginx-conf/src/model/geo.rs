//! Variables by the client's address, and by shares of clients: `geo` and `split_clients`.

use std::net::{IpAddr, Ipv4Addr};

use super::Network;
use crate::template::Template;

/// A `geo`.
#[derive(Debug, Clone)]
pub struct Geo {
    /// The address; `None` for the client's.
    pub address: Option<Template>,
    /// The values of networks or, with `ranges`, of ranges.
    pub values: GeoValues,
    /// `default`, or empty.
    pub default: String,
    /// `proxy`: who is believed about the client's address, in `X-Forwarded-For`.
    pub proxies: Vec<Network>,
    /// `proxy_recursive`.
    pub is_recursive: bool,
}

/// What addresses have which values.
#[derive(Debug, Clone)]
pub enum GeoValues {
    /// Networks; the smallest counts.
    Networks(Vec<(Network, String)>),
    /// The first and the last address of each range. No address is in two of them.
    Ranges(Vec<(Ipv4Addr, Ipv4Addr, String)>),
}

impl Geo {
    /// The value of an address.
    pub fn value(&self, address: IpAddr) -> &str {
        let found = match &self.values {
            GeoValues::Networks(networks) => {
                let of_address = networks.iter().filter(|(network, _)| network.contains(address));
                of_address.max_by_key(|(network, _)| network.bits).map(|(_, value)| value)
            }
            GeoValues::Ranges(ranges) => match address {
                IpAddr::V4(address) => ranges
                    .iter()
                    .find(|(first, last, _)| (first..=last).contains(&&address))
                    .map(|(_, _, value)| value),
                IpAddr::V6(_) => None,
            },
        };
        found.unwrap_or(&self.default)
    }
}

/// A `split_clients`.
#[derive(Debug, Clone)]
pub struct SplitClients {
    /// What is hashed.
    pub key: Template,
    /// The hash that each share ends before, and its value; `None` for `*`, the rest.
    pub shares: Vec<(Option<u32>, String)>,
}

impl SplitClients {
    /// The value of a hash; empty if it is in no share.
    pub fn value(&self, hash: u32) -> &str {
        let share = self.shares.iter().find(|(end, _)| end.is_none_or(|end| hash < end));
        share.map_or("", |(_, value)| value)
    }
}
