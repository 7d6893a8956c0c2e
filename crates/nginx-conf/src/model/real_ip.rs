//! Clients behind trusted proxies: `set_real_ip_from` and what goes with it.

use std::net::IpAddr;

/// An address, or a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// How many of its bits count.
    pub bits: u8,
}

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, unused: u32| (one ^ other).checked_shr(unused).unwrap_or(0) == 0;
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same(network.to_bits().into(), address.to_bits().into(), 32 - u32::from(self.bits))
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same(network.to_bits(), address.to_bits(), 128 - u32::from(self.bits))
            }
            _ => false,
        }
    }

    /// Its first and its last address, as numbers.
    pub fn range(&self) -> (u128, u128) {
        let (address, width) = match self.address {
            IpAddr::V4(address) => (address.to_bits().into(), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let all = u128::MAX >> (128 - width);
        let rest = all.checked_shr(self.bits.into()).unwrap_or(0);
        (address & !rest, address | rest)
    }
}

/// Whom to believe about a client's address, and how it is told.
#[derive(Debug, Clone, Default)]
pub struct RealIp {
    /// `set_real_ip_from`, this level's or the inherited ones, never both.
    pub from: Vec<Network>,
    /// `real_ip_header`.
    pub header: RealIpHeader,
    /// `real_ip_recursive`: the last address that is not in `from`.
    pub recursive: bool,
}

/// Where the client's address is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RealIpHeader {
    /// In all `X-Forwarded-For` together.
    ForwardedFor,
    /// In the PROXY protocol.
    ProxyProtocol,
    /// In the first field of this name.
    Field(String),
}

impl Default for RealIpHeader {
    fn default() -> RealIpHeader {
        RealIpHeader::Field("X-Real-IP".into())
    }
}
