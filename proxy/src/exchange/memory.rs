//! Memory that the requests of a connection reuse.

use super::{Attempt, Exchange};
use crate::message::Headers;
use crate::message::request::Request;

/// Memory that the requests of a connection reuse. Each [takes it](Exchange::new) and [gives it back](Exchange::give_back).
#[derive(Debug, Default)]
pub(crate) struct RequestMemory {
    pub(super) request: Request,
    pub(super) response_head: Vec<u8>,
    pub(super) upstream_fields: Headers,
    pub(super) upstream_head: Vec<u8>,
    pub(super) attempts: Vec<Attempt>,
}

/// Memory beyond this is freed after a long head.
const MAX_HEAD_CAPACITY: usize = 1024;

impl Exchange<'_> {
    /// Gives back the memory of a request that has been answered.
    pub(crate) fn give_back(&mut self, memory: &mut RequestMemory) {
        memory.request = std::mem::take(&mut self.request);
        memory.request.path = std::mem::take(&mut self.uri);
        memory.request.args = std::mem::take(&mut self.args);
        memory.attempts = std::mem::take(&mut self.attempts);
        memory.attempts.clear();
        memory.upstream_fields = std::mem::take(&mut self.upstream_fields);
        memory.upstream_fields.clear();
        memory.upstream_fields.shrink_to(MAX_HEAD_CAPACITY);
        for (mine, head) in [
            (&mut memory.response_head, self.response_head.take()),
            (&mut memory.upstream_head, self.upstream_head.take()),
        ] {
            *mine = head;
            mine.clear();
            mine.shrink_to(MAX_HEAD_CAPACITY);
        }
    }
}
