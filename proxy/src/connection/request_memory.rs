//! Memory that the requests of a connection reuse.

use crate::exchange::{Attempt, Exchange};
use crate::message::Headers;
use crate::message::request::Request;

/// Memory that the requests of a connection reuse.
#[derive(Default)]
pub(super) struct RequestMemory {
    request: Request,
    response_head: Vec<u8>,
    upstream_fields: Headers,
    attempts: Vec<Attempt>,
}

impl RequestMemory {
    /// Memory beyond this is freed after a long head.
    const MAX_HEAD_CAPACITY: usize = 1024;

    /// Lends the memory to a new request.
    pub(super) fn lend(&mut self, x: &mut Exchange<'_>) {
        x.request = std::mem::take(&mut self.request);
        x.response_head = std::mem::take(&mut self.response_head).into();
        x.upstream_fields = std::mem::take(&mut self.upstream_fields);
        x.upstream_fields.clear();
        x.attempts = std::mem::take(&mut self.attempts);
    }

    /// Takes it back from an answered one.
    pub(super) fn take_back(&mut self, x: &mut Exchange<'_>) {
        self.request = std::mem::take(&mut x.request);
        (self.request.path, self.request.args) = (std::mem::take(&mut x.uri), std::mem::take(&mut x.args));
        self.response_head = x.response_head.take();
        self.upstream_fields = std::mem::take(&mut x.upstream_fields);
        self.attempts = std::mem::take(&mut x.attempts);
        self.attempts.clear();
        self.response_head.clear();
        self.response_head.shrink_to(Self::MAX_HEAD_CAPACITY);
        self.upstream_fields.clear();
        self.upstream_fields.shrink_to(Self::MAX_HEAD_CAPACITY);
    }
}
