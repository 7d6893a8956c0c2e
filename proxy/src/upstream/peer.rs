//! A server of an upstream, and its health: `max_fails` and `fail_timeout`.

use std::rc::Rc;

use md5::{Digest, Md5};
use nginx_conf::model::{ServerAddress, UpstreamServer};

/// A server of an upstream: `ngx_http_upstream_rr_peer_t`.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: ServerAddress,
    /// The address in logs.
    pub(super) name: Rc<str>,
    pub(super) weight: i64,
    pub(super) effective_weight: i64,
    pub(super) current_weight: i64,
    pub(super) max_fails: u32,
    /// In seconds.
    pub(super) fail_timeout: u64,
    pub(super) down: bool,
    /// The name that it has its address of, by its place among those with `resolve`.
    pub(super) of_name: Option<usize>,
    /// Whether the name has that address no more.
    pub(super) gone: bool,
    /// Whether only requests of its own sessions come here.
    pub(super) drain: bool,
    /// What `sticky` calls it.
    pub(super) route: Rc<str>,
    /// `max_conns=`; 0 is no limit.
    pub(super) max_conns: i64,
    /// The server as written.
    pub(super) server: Rc<str>,
    pub(super) fails: u32,
    /// When it last failed, in seconds.
    pub(super) accessed: u64,
    /// When the current `fail_timeout` period began, in seconds.
    pub(super) checked: u64,
    /// Active requests.
    pub(super) conns: i64,
}

/// How an attempt at a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerOutcome {
    /// The server answered.
    Success,
    /// The server failed: `NGX_PEER_FAILED`.
    Failed,
    /// Another server is asked, but this one did not fail: a 403 or 404, `NGX_PEER_NEXT`.
    Next,
}

impl Peer {
    pub(super) fn new(server: &UpstreamServer) -> Peer {
        Peer {
            address: server.address.clone(),
            name: server.address.to_string().into(),
            weight: i64::from(server.weight),
            effective_weight: i64::from(server.weight),
            current_weight: 0,
            max_fails: server.max_fails,
            fail_timeout: server.fail_timeout.as_secs(),
            down: server.down,
            of_name: None,
            gone: false,
            drain: server.drain,
            route: server.route.clone().unwrap_or_else(|| digest(&server.address)).into(),
            max_conns: i64::from(server.max_conns),
            server: server.name.as_str().into(),
            fails: 0,
            accessed: 0,
            checked: 0,
            conns: 0,
        }
    }

    /// Makes it a server that is not there any more. Whatever has a request there goes on with it.
    pub(super) fn leave(&mut self) {
        self.gone = true;
        // It has no turn.
        self.weight = 0;
    }

    /// Whether the server may be asked: it is not `down`, is not asked by `max_conns` already, and has not failed
    /// `max_fails` times within `fail_timeout`.
    pub(super) fn is_available(&self, now: u64) -> bool {
        !self.down
            && !self.gone
            && !self.is_full()
            && (!self.has_failed() || now - self.checked > self.fail_timeout)
    }

    /// Whether as many requests are under way as there may be.
    pub(super) fn is_full(&self) -> bool {
        self.max_conns > 0 && self.conns >= self.max_conns
    }

    /// Starts a new period of `fail_timeout` once the last one is over.
    pub(super) fn start_check(&mut self, now: u64) {
        if now - self.checked > self.fail_timeout {
            self.checked = now;
        }
    }

    /// Counts a failure, which also costs some of the weight; true when the server is unavailable from now on.
    pub(super) fn count_failure(&mut self, now: u64) -> bool {
        self.fails += 1;
        self.accessed = now;
        self.checked = now;
        if self.max_fails > 0 {
            self.effective_weight -= self.weight / i64::from(self.max_fails);
        }
        self.effective_weight = self.effective_weight.max(0);
        self.has_failed()
    }

    /// Forgets the failures if the server was asked again after the last one.
    pub(super) fn forgive_failures(&mut self) {
        if self.accessed < self.checked {
            self.fails = 0;
        }
    }

    fn has_failed(&self) -> bool {
        self.max_fails > 0 && self.fails >= self.max_fails
    }
}

/// The route of a server that has none of its own.
fn digest(address: &ServerAddress) -> String {
    Md5::digest(address.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
