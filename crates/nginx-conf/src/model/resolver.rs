//! Where names are looked up while requests are served.

use std::net::SocketAddr;
use std::time::Duration;

/// `resolver`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServers {
    /// Whom to ask, in turn; at least one.
    pub addresses: Vec<SocketAddr>,
    /// `valid=`: how long an answer holds, whatever it says itself.
    pub valid: Option<Duration>,
    /// `ipv4=`: whether IPv4 addresses are looked up.
    pub ipv4: bool,
    /// `ipv6=`: whether IPv6 addresses are looked up.
    pub ipv6: bool,
}
