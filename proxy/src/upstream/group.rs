//! The servers of one `upstream`.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::hash::{Point, points};
use super::keepalive::KeepalivePool;
use super::peer::Peer;
use nginx_conf::model::{Balance, Sticky, Upstream, UpstreamServer};
use nginx_conf::template::Template;

/// An `upstream`, or the server of a `proxy_pass` without one.
#[derive(Debug)]
pub(crate) struct UpstreamGroup {
    /// Its name.
    pub(crate) name: Rc<str>,
    /// Idle connections to its servers.
    pub(crate) pool: KeepalivePool,
    /// Primary servers, then `backup` servers.
    pub(super) tiers: [RefCell<Vec<Peer>>; 2],
    /// Whether there is only one server, which nginx never marks as failed.
    pub(super) single: bool,
    /// The port of an address that a `proxy_pass` names; `None` for an `upstream`.
    pub(super) port: Option<u16>,
    pub(super) balance: Balance,
    /// The key of `hash`.
    pub(crate) hash_key: Option<Template>,
    /// `sticky`.
    pub(crate) sticky: Option<Sticky>,
    /// The points of `hash … consistent`.
    pub(super) points: Vec<Point>,
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
            port: upstream.port,
            balance: upstream.balance,
            hash_key: upstream.hash_key.clone(),
            sticky: upstream.sticky.clone(),
            points: match upstream.balance {
                Balance::Hash { is_consistent: true } => points(&upstream.servers),
                _ => Vec::new(),
            },
        }
    }

    /// Servers with nginx's defaults.
    pub(super) fn undeclared(name: &str, addresses: &[SocketAddr]) -> UpstreamGroup {
        let server = |address: &SocketAddr| UpstreamServer {
            name: address.to_string(),
            address: *address,
            weight: 1,
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            max_conns: 0,
            backup: false,
            down: false,
            drain: false,
            route: None,
        };
        UpstreamGroup::new(&Upstream {
            name: name.to_owned(),
            servers: addresses.iter().map(server).collect(),
            declared: false,
            port: None,
            balance: Balance::RoundRobin,
            hash_key: None,
            sticky: None,
            keepalive: None,
            keepalive_requests: 1000,
            keepalive_timeout: Duration::from_secs(60),
        })
    }
}
