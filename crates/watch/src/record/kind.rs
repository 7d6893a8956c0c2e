//! The record of one kind of request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{CappedList, Histogram, MAX_LISTED, Slices};

/// The live status shows latencies of the last one to two windows.
const RECENT_WINDOW: Duration = Duration::from_secs(10);

/// How a request reached the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionUse {
    /// On a reused connection, as within one visit.
    Kept,
    /// On a new connection, as a new visitor.
    Fresh,
    /// As a stream of a visitor's one connection over HTTP/2.
    Stream,
}

impl ConnectionUse {
    /// `kept`, `fresh` or `stream`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ConnectionUse::Kept => "kept",
            ConnectionUse::Fresh => "fresh",
            ConnectionUse::Stream => "stream",
        }
    }
}

/// The outcome of one request. Times are since the start of the watch.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// When it should have been sent.
    pub(crate) due: Duration,
    /// When it was answered or given up.
    pub(crate) done: Duration,
    /// `None` where it was never sent.
    pub(crate) way: Option<ConnectionUse>,
    /// Whether it was retried because what it was sent on was closed, as browsers do.
    pub(crate) again: bool,
    pub(crate) instance: Option<String>,
    /// What was wrong, if anything.
    pub(crate) result: Result<(), String>,
}

/// A request that failed.
#[derive(Debug, Clone)]
pub(crate) struct FailedRequest {
    pub(crate) due: Duration,
    pub(crate) done: Duration,
    pub(crate) way: Option<ConnectionUse>,
    pub(crate) instance: Option<String>,
    pub(crate) why: String,
}

/// The record of one kind of request.
#[derive(Debug)]
pub(crate) struct Kind {
    /// A longer time between good responses is a gap.
    pub(crate) gap: Duration,
    pub(crate) good: u64,
    pub(crate) failed: u64,
    pub(crate) again: u64,
    pub(crate) kept: u64,
    pub(crate) fresh: u64,
    pub(crate) streams: u64,
    pub(crate) latency: Histogram,
    recent: [Histogram; 2],
    recent_since: Duration,
    pub(crate) failures: CappedList<FailedRequest>,
    /// Failures by reason.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// From the last good response before to the first one after.
    pub(crate) gaps: CappedList<(Duration, Duration)>,
    pub(crate) last_good: Duration,
    pub(crate) slices: Slices,
}

impl Kind {
    pub(super) fn new(gap: Duration) -> Kind {
        Kind {
            gap,
            good: 0,
            failed: 0,
            again: 0,
            kept: 0,
            fresh: 0,
            streams: 0,
            latency: Histogram::default(),
            recent: Default::default(),
            recent_since: Duration::ZERO,
            failures: CappedList::default(),
            reasons: BTreeMap::new(),
            gaps: CappedList::default(),
            last_good: Duration::ZERO,
            slices: Slices::default(),
        }
    }

    /// How many requests are done.
    pub(crate) fn over(&self) -> u64 {
        self.good + self.failed
    }

    /// Latencies of good responses of the last ten to twenty seconds.
    pub(crate) fn recent(&self) -> Histogram {
        self.recent[0].with(&self.recent[1])
    }

    pub(super) fn good(&mut self, done: Duration, latency: Duration) {
        self.good += 1;
        self.latency.add(latency);
        if done > self.recent_since + RECENT_WINDOW {
            self.recent.swap(0, 1);
            self.recent[0].clear();
            self.recent_since = done;
        }
        self.recent[0].add(latency);
        self.gap_until(done);
        self.last_good = self.last_good.max(done);
    }

    /// Notes a gap if the last good response was too long ago.
    pub(crate) fn gap_until(&mut self, now: Duration) {
        if now.saturating_sub(self.last_good) > self.gap {
            self.gaps.push((self.last_good, now));
        }
    }

    pub(super) fn failed(&mut self, outcome: Outcome, why: String) {
        self.failed += 1;
        let known = self.reasons.len() < MAX_LISTED || self.reasons.contains_key(&why);
        *self.reasons.entry(if known { why.clone() } else { "other reasons".to_owned() }).or_default() += 1;
        let Outcome { due, done, way, instance, .. } = outcome;
        self.failures.push(FailedRequest { due, done, way, instance, why });
    }
}
