//! Upstreams and their servers.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{NameServers, Sticky};
use crate::template::Template;

/// An `upstream`.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// Its servers, one per address (a name with several addresses gives several).
    pub servers: Vec<UpstreamServer>,
    /// Servers whose names are looked up while requests are served: `resolve`.
    pub resolved: Option<ResolvedServers>,
    /// Whether there is an `upstream` of that name; otherwise a `proxy_pass` names an address.
    pub declared: bool,
    /// The port of an address that a `proxy_pass` names.
    pub port: Option<u16>,
    /// How a server is chosen.
    pub balance: Balance,
    /// The key of `hash`.
    pub hash_key: Option<Template>,
    /// `sticky`.
    pub sticky: Option<Sticky>,
    /// `keepalive`: idle connections kept per worker; `None` where the file does not say.
    pub keepalive: Option<usize>,
    /// `keepalive_requests` of the upstream.
    pub keepalive_requests: u64,
    /// `keepalive_timeout` of the upstream.
    pub keepalive_timeout: Duration,
}

/// The servers of an upstream whose addresses may change.
#[derive(Debug, Clone)]
pub struct ResolvedServers {
    /// Each of their names; at least one.
    pub names: Vec<ResolvedServer>,
    /// `resolver` of the upstream, or of `http`.
    pub resolver: Arc<NameServers>,
    /// `resolver_timeout`, likewise.
    pub timeout: Duration,
}

/// A name that stands for as many servers as it has addresses.
#[derive(Debug, Clone)]
pub struct ResolvedServer {
    /// What is looked up.
    pub host: String,
    /// What each of them is, but for its address, of which only the port is known.
    pub server: UpstreamServer,
}

/// How a server of an upstream is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Balance {
    /// One after the other, by weight.
    #[default]
    RoundRobin,
    /// `ip_hash`: the same one for all clients of a network (the first three bytes of an IPv4 address).
    IpHash,
    /// `least_conn`: the one with the fewest requests under way, by weight.
    LeastConn,
    /// `hash`: the one that a key stands for.
    Hash {
        /// `consistent`: as few keys as may be change over when servers come or go.
        is_consistent: bool,
    },
    /// `random`: any, by weight.
    Random,
    /// `random two`: of any two, the one with fewer requests under way.
    RandomTwo,
}

/// A `server` of an upstream.
#[derive(Debug, Clone)]
pub struct UpstreamServer {
    /// As written, for logs.
    pub name: String,
    /// Where it is.
    pub address: ServerAddress,
    /// `weight=`, at least 1.
    pub weight: u32,
    /// `max_fails=`; 0 never marks it as failed.
    pub max_fails: u32,
    /// `fail_timeout=`.
    pub fail_timeout: Duration,
    /// `max_conns=`; 0 is no limit.
    pub max_conns: u32,
    /// `backup`.
    pub backup: bool,
    /// `down`.
    pub down: bool,
    /// `drain`: only requests of its own sessions come here.
    pub drain: bool,
    /// `route=`: what `sticky` calls it.
    pub route: Option<String>,
}

/// Where an app server is. Displayed as in `$upstream_addr`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServerAddress {
    /// An address and a port.
    Ip(SocketAddr),
    /// A socket of this machine, at an absolute or relative path: `unix:`.
    Unix(Arc<str>),
}

impl ServerAddress {
    /// The port; 0 where there is none.
    pub fn port(&self) -> u16 {
        match self {
            ServerAddress::Ip(address) => address.port(),
            ServerAddress::Unix(_) => 0,
        }
    }
}

impl From<SocketAddr> for ServerAddress {
    fn from(address: SocketAddr) -> ServerAddress {
        ServerAddress::Ip(address)
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerAddress::Ip(address) => address.fmt(f),
            ServerAddress::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

impl UpstreamServer {
    /// A server with nginx's defaults.
    pub(crate) fn new(name: String, address: ServerAddress) -> UpstreamServer {
        let fail_timeout = Duration::from_secs(10);
        UpstreamServer {
            name,
            address,
            weight: 1,
            max_fails: 1,
            fail_timeout,
            max_conns: 0,
            backup: false,
            down: false,
            drain: false,
            route: None,
        }
    }
}

/// When another server is tried: `proxy_next_upstream`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct NextUpstream {
    pub error: bool,
    pub timeout: bool,
    pub invalid_header: bool,
    pub http_500: bool,
    pub http_502: bool,
    pub http_503: bool,
    pub http_504: bool,
    pub http_403: bool,
    pub http_404: bool,
    pub http_429: bool,
    pub non_idempotent: bool,
}
