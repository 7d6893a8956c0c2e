//! What is known about a key of a cache.

use std::sync::Arc;
use std::time::Instant;

use super::stored::StoredResponse;

/// A key, whether its answer is there or not: `ngx_http_file_cache_node_t`.
#[derive(Debug)]
pub(super) struct Node {
    /// When it was asked for last, among all keys.
    pub(super) turn: u64,
    /// The second in which it is forgotten, if nobody asks for it before.
    pub(super) expire: u64,
    /// How often it was asked for.
    pub(super) uses: u64,
    /// Requests that are busy with it.
    pub(super) count: usize,
    /// An error that stands for the answer, and the last second in which it does.
    pub(super) error: Option<(u16, u64)>,
    /// The answer.
    pub(super) response: Option<Arc<StoredResponse>>,
    /// Who is fetching it.
    pub(super) update: Option<Update>,
}

/// A request that fetches an answer, while others wait for it or make do with the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Update {
    /// Which request.
    pub(super) id: u64,
    /// Until when nobody else tries: `proxy_cache_lock_age`.
    pub(super) until: Option<Instant>,
}

impl Node {
    /// Of a key that is asked for, for the first time.
    pub(super) fn new() -> Node {
        Node { turn: 0, expire: 0, uses: 0, count: 0, error: None, response: None, update: None }
    }

    /// How much room the answer takes.
    pub(super) fn size(&self) -> u64 {
        self.response.as_ref().map_or(0, |response| response.size())
    }
}
