//! The servers of one `upstream`.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::hash::{Point, points};
use super::keepalive::KeepalivePool;
use super::names::{self, Names};
use super::peer::Peer;
use super::sessions::{SessionZones, Sessions};
use nginx_conf::model::{Balance, ServerAddress, Sticky, Upstream, UpstreamServer};
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
    /// The names of servers with `resolve`.
    pub(crate) names: Names,
    /// Whether there is only one server, which nginx never marks as failed.
    pub(super) single: bool,
    /// The port of an address that a `proxy_pass` names; `None` for an `upstream`.
    pub(super) port: Option<u16>,
    pub(super) balance: Balance,
    /// The key of `hash`.
    pub(crate) hash_key: Option<Template>,
    /// `sticky`.
    pub(crate) sticky: Option<Sticky>,
    /// The sessions of `sticky learn`.
    pub(crate) sessions: Option<Arc<Sessions>>,
    /// The points of `hash … consistent`.
    pub(super) points: Vec<Point>,
}

impl UpstreamGroup {
    pub(super) fn new(upstream: &Upstream, sessions: &SessionZones) -> UpstreamGroup {
        let tier = |backup| {
            let servers = upstream.servers.iter().filter(|server| server.backup == backup);
            RefCell::new(servers.map(Peer::new).collect())
        };
        UpstreamGroup {
            name: upstream.name.as_str().into(),
            pool: KeepalivePool::new(upstream),
            tiers: [tier(false), tier(true)],
            names: Names::new(upstream.resolved.as_ref()),
            single: upstream.servers.len() == 1 && upstream.resolved.is_none(),
            port: upstream.port,
            balance: upstream.balance,
            hash_key: upstream.hash_key.clone(),
            sticky: upstream.sticky.clone(),
            sessions: match &upstream.sticky {
                Some(Sticky::Learn(learn)) => sessions.get(&learn.zone),
                _ => None,
            },
            points: match upstream.balance {
                Balance::Hash { is_consistent: true } => {
                    let resolved = upstream.resolved.iter().flat_map(|resolved| &resolved.names);
                    points(upstream.servers.iter().chain(resolved.map(|name| &name.server)))
                }
                _ => Vec::new(),
            },
        }
    }

    /// Notes the addresses of the name of this number; `None` if they could not be found out, and stay as they were.
    pub(crate) fn resolved(&self, number: usize, addresses: Option<&[IpAddr]>, is_first: bool) {
        let name = self.names.servers.as_ref().and_then(|servers| servers.names.get(number));
        if let (Some(name), Some(addresses)) = (name, addresses)
            && let Some(tier) = self.tiers.get(usize::from(name.server.backup))
        {
            names::replace(&mut tier.borrow_mut(), number, name, addresses);
        }
        self.names.note(is_first);
    }

    /// Servers with nginx's defaults.
    pub(super) fn undeclared(name: &str, addresses: &[ServerAddress]) -> UpstreamGroup {
        let server = |address: &ServerAddress| UpstreamServer {
            name: address.to_string(),
            address: address.clone(),
            weight: 1,
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            max_conns: 0,
            backup: false,
            down: false,
            drain: false,
            route: None,
        };
        let upstream = Upstream {
            name: name.to_owned(),
            servers: addresses.iter().map(server).collect(),
            resolved: None,
            declared: false,
            port: None,
            balance: Balance::RoundRobin,
            hash_key: None,
            sticky: None,
            keepalive: None,
            keepalive_requests: 1000,
            keepalive_timeout: Duration::from_secs(60),
        };
        UpstreamGroup::new(&upstream, &SessionZones::default())
    }
}
