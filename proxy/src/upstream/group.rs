//! One `upstream`.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::keepalive::KeepalivePool;
use super::peer::Peer;
use nginx_conf::model::{Balance, Upstream, UpstreamServer};

/// One `upstream`.
#[derive(Debug)]
pub(crate) struct UpstreamGroup {
    /// Its name.
    pub(crate) name: Rc<str>,
    /// Idle connections to its servers.
    pub(crate) pool: KeepalivePool,
    /// Primary servers and, behind them, the backups.
    pub(super) tiers: [RefCell<Vec<Peer>>; 2],
    /// A server that is alone is never marked as failed.
    pub(super) single: bool,
    pub(super) declared: bool,
    pub(super) balance: Balance,
}

impl UpstreamGroup {
    pub(super) fn new(upstream: &Upstream) -> UpstreamGroup {
        let tier = |backup| {
            let servers = upstream.servers.iter().filter(|server| server.backup == backup);
            RefCell::new(servers.map(Peer::new).collect())
        };
        UpstreamGroup {
            name: upstream.name.as_str().into(),
            pool: KeepalivePool::new(upstream),
            tiers: [tier(false), tier(true)],
            single: upstream.servers.len() == 1,
            declared: upstream.declared,
            balance: upstream.balance,
        }
    }

    /// One server, and nothing said of it.
    pub(super) fn single_server(address: SocketAddr) -> UpstreamGroup {
        let server = UpstreamServer {
            name: address.to_string(),
            address,
            weight: 1,
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            backup: false,
            down: false,
        };
        UpstreamGroup::new(&Upstream {
            name: address.to_string(),
            servers: vec![server],
            declared: false,
            balance: Balance::RoundRobin,
            keepalive: None,
            keepalive_requests: 1000,
            keepalive_timeout: Duration::from_secs(60),
        })
    }
}
