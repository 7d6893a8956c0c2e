//! A server of an upstream, and its health: `max_fails` and `fail_timeout`.

use std::net::SocketAddr;
use std::rc::Rc;

use nginx_conf::model::UpstreamServer;

/// A server of an upstream.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// The address in logs.
    pub(super) name: Rc<str>,
    pub(super) weight: i64,
    pub(super) effective_weight: i64,
    pub(super) current_weight: i64,
    pub(super) max_fails: u32,
    pub(super) fail_timeout: u64,
    pub(super) down: bool,
    pub(super) fails: u32,
    /// When it failed last, in seconds.
    pub(super) accessed: u64,
    /// When it was last found failing, or chosen again after that, in seconds.
    pub(super) checked: u64,
    /// Requests under way with it.
    pub(super) conns: i64,
}

/// How a request fared with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerOutcome {
    /// It answered.
    Success,
    /// It failed in a way that counts.
    Failed,
    /// It failed, but is not to blame: 403 and 404 as reasons to ask another.
    Next,
}

impl Peer {
    pub(super) fn new(server: &UpstreamServer) -> Peer {
        Peer {
            address: server.address,
            name: server.address.to_string().into(),
            weight: i64::from(server.weight),
            effective_weight: i64::from(server.weight),
            current_weight: 0,
            max_fails: server.max_fails,
            fail_timeout: server.fail_timeout.as_secs(),
            down: server.down,
            fails: 0,
            accessed: 0,
            checked: 0,
            conns: 0,
        }
    }

    pub(super) fn is_out(&self, now: u64) -> bool {
        let failed = self.max_fails > 0 && self.fails >= self.max_fails;
        self.down || (failed && now - self.checked <= self.fail_timeout)
    }
}
