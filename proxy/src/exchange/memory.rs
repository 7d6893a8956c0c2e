//! Memory that requests reuse.

use std::cell::RefCell;

use super::{Attempt, Exchange};
use crate::message::Headers;
use crate::message::request::Request;

/// The most that a worker keeps while there are no requests for it.
const MAX_SPARE: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<RequestMemory>> = const { RefCell::new(Vec::new()) };
}

/// Memory that the requests of a connection reuse. Each [takes it](Exchange::new) and [gives it back](Exchange::give_back).
#[derive(Debug, Default)]
pub(crate) struct RequestMemory {
    pub(super) request: Request,
    pub(super) response_head: Vec<u8>,
    pub(super) upstream_fields: Headers,
    pub(super) upstream_head: Vec<u8>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) spare_headers: Headers,
}

/// Memory beyond this is freed after a long head.
const MAX_HEAD_CAPACITY: usize = 1024;

impl RequestMemory {
    /// What an earlier connection has [left](RequestMemory::recycle), or nothing yet.
    pub(crate) fn spare() -> RequestMemory {
        SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    /// Leaves it to the requests of another connection.
    pub(crate) fn recycle(self) {
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < MAX_SPARE {
                spare.push(self);
            }
        });
    }
}

impl Exchange<'_> {
    /// Gives back the memory of a request that has been answered.
    pub(crate) fn give_back(&mut self, memory: &mut RequestMemory) {
        memory.request = std::mem::take(&mut self.request);
        memory.request.path = std::mem::take(&mut self.uri);
        memory.request.args = std::mem::take(&mut self.args);
        memory.attempts = std::mem::take(&mut self.attempts);
        memory.attempts.clear();
        memory.spare_headers = self.spare_headers.take();
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
