//! What is remembered of one kind of request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Histogram, LISTED, Listed, Slices};

/// How long the recent latencies that the live lines tell are collected, until older ones are left out.
const RECENT: Duration = Duration::from_secs(10);

/// How a request reached the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// On a connection that earlier ones had used, as within one visit of a page.
    Kept,
    /// On a connection of its own, as a visitor who comes.
    Fresh,
}

impl Way {
    /// `kept` or `fresh`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Way::Kept => "kept",
            Way::Fresh => "fresh",
        }
    }
}

/// What became of one request. Times are since the beginning of the watch.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// When it should have been sent.
    pub(crate) due: Duration,
    /// When its answer was there, or it was given up.
    pub(crate) done: Duration,
    /// `None` where it was never sent.
    pub(crate) way: Option<Way>,
    /// Whether it was sent twice, since a kept connection was closed just then: browsers do so, too.
    pub(crate) again: bool,
    pub(crate) instance: Option<String>,
    /// What was wrong with it, if anything.
    pub(crate) result: Result<(), String>,
}

/// One request that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) due: Duration,
    pub(crate) done: Duration,
    pub(crate) way: Option<Way>,
    pub(crate) instance: Option<String>,
    pub(crate) why: String,
}

/// What is known of one kind of request.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Between good answers more than this is a gap.
    pub(crate) gap: Duration,
    pub(crate) good: u64,
    pub(crate) failed: u64,
    pub(crate) again: u64,
    pub(crate) kept: u64,
    pub(crate) fresh: u64,
    pub(crate) latency: Histogram,
    recent: [Histogram; 2],
    recent_since: Duration,
    pub(crate) failures: Listed<Failed>,
    /// How often each reason was the one.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// From the last good answer before to the first after.
    pub(crate) gaps: Listed<(Duration, Duration)>,
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
            latency: Histogram::default(),
            recent: Default::default(),
            recent_since: Duration::ZERO,
            failures: Listed::default(),
            reasons: BTreeMap::new(),
            gaps: Listed::default(),
            last_good: Duration::ZERO,
            slices: Slices::default(),
        }
    }

    /// How many requests were due, and are no longer on their way.
    pub(crate) fn over(&self) -> u64 {
        self.good + self.failed
    }

    /// Latencies of good answers of the last ten to twenty seconds.
    pub(crate) fn recent(&self) -> Histogram {
        self.recent[0].with(&self.recent[1])
    }

    pub(super) fn good(&mut self, done: Duration, latency: Duration) {
        self.good += 1;
        self.latency.add(latency);
        if done > self.recent_since + RECENT {
            self.recent.swap(0, 1);
            self.recent[0].clear();
            self.recent_since = done;
        }
        self.recent[0].add(latency);
        self.gap_until(done);
        self.last_good = self.last_good.max(done);
    }

    /// There was no good answer from the last one until now: notes it where that was too long.
    pub(crate) fn gap_until(&mut self, now: Duration) {
        if now.saturating_sub(self.last_good) > self.gap {
            self.gaps.push((self.last_good, now));
        }
    }

    pub(super) fn failed(&mut self, outcome: Outcome, why: String) {
        self.failed += 1;
        let known = self.reasons.len() < LISTED || self.reasons.contains_key(&why);
        *self.reasons.entry(if known { why.clone() } else { "other reasons".to_owned() }).or_default() += 1;
        let Outcome { due, done, way, instance, .. } = outcome;
        self.failures.push(Failed { due, done, way, instance, why });
    }
}
