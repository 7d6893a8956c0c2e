//! Limits on requests and connections: `limit_req` and `limit_conn`.

use super::Level;
use crate::template::Template;

/// A `limit_req_zone` or `limit_conn_zone`: memory that workers share about clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitZone {
    /// Its name.
    pub name: String,
    /// How many bytes of memory nginx would take for it.
    pub size: usize,
    /// What is counted.
    pub key: Template,
    /// The key as written.
    pub key_text: String,
    /// What is counted of it.
    pub kind: LimitKind,
}

impl LimitZone {
    /// Whether what one zone knows is of use to the other, after a reload.
    pub fn is_compatible(&self, other: &LimitZone) -> bool {
        let counts_requests = |zone: &LimitZone| zone.kind != LimitKind::Connections;
        (&self.name, self.size, &self.key_text) == (&other.name, other.size, &other.key_text)
            && counts_requests(self) == counts_requests(other)
    }
}

/// What a zone counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Requests.
    Requests {
        /// How many thousandths of a request in a second.
        rate: u64,
    },
    /// Requests that are being answered at the same time.
    Connections,
}

/// A `limit_req`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitReq {
    /// Index into [`super::Http::limit_zones`].
    pub zone: usize,
    /// `burst=`: how many thousandths of a request too many are not refused.
    pub burst: u64,
    /// `delay=`, and very large for `nodelay`: how many of those are not delayed.
    pub delay: u64,
}

/// A `limit_conn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitConn {
    /// Index into [`super::Http::limit_zones`].
    pub zone: usize,
    /// The most at the same time.
    pub connections: u32,
}

/// Limits of one kind, and what happens beyond them.
#[derive(Debug, Clone)]
pub struct Limits<T> {
    /// The limits, this level's or the inherited ones, never both.
    pub limits: Vec<T>,
    /// `limit_req_status` or `limit_conn_status`.
    pub status: u16,
    /// `limit_req_log_level` or `limit_conn_log_level`.
    pub log_level: Level,
    /// `limit_req_dry_run` or `limit_conn_dry_run`: it is only logged.
    pub dry_run: bool,
}

impl<T> Default for Limits<T> {
    fn default() -> Limits<T> {
        Limits { limits: Vec::new(), status: 503, log_level: Level::Error, dry_run: false }
    }
}
