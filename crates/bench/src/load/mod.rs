//! What is done to a contender, and what came of it.

pub(crate) mod http2;
pub(crate) mod open_loop;
pub(crate) mod sessions;
pub(crate) mod silent;
pub(crate) mod wrk;

use std::time::Duration;

/// What a load saw.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Requests answered, or messages that came back.
    pub(crate) done: u64,
    /// Bytes that the client read.
    pub(crate) bytes: u64,
    pub(crate) elapsed: Duration,
    /// What was not answered as it should be.
    pub(crate) failures: u64,
    /// Latency, where it was measured.
    pub(crate) latency: Option<Latency>,
}

/// Percentiles of the time from when a request was due until its answer was there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}
