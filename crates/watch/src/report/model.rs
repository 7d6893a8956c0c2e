//! The data of the report, and its JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::plan::Unwatched;
use crate::record::{CappedList, ConnectionUse, Slice};

/// The report of a watch. Secrets are masked in it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The version of hopcheck.
    pub hopcheck: String,
    /// The target's name.
    pub target: String,
    /// Its URL.
    pub url: String,
    /// Its description.
    pub described: String,
    /// When the watch started.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The longest time without a good response, beyond the interval between requests, in milliseconds.
    pub gap_ms: u64,
    /// The most requests of one kind in flight.
    pub in_flight: usize,
    /// Whether a visitor would have noticed.
    pub noticed: bool,
    /// The verdict, one sentence each.
    pub verdict: Vec<String>,
    /// Each kind of request.
    pub kinds: Vec<KindReport>,
    /// The STOMP sessions; `None` when there were none to watch.
    pub sessions: Option<SessionsReport>,
    /// The instances that responded, in order of their first response; at most 64.
    pub instances: Vec<InstanceReport>,
    /// What was not watched, and why.
    pub not_watched: Vec<Unwatched>,
    /// By how much the watching machine was late to send a request, at most, in milliseconds. If that is much, all latencies
    /// are doubtful.
    pub late_ms: u64,
}

/// A time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Timestamp {
    /// In RFC 3339 format, in UTC.
    pub at: String,
    /// Milliseconds since the start.
    pub offset_ms: u64,
}

/// The outcome of the requests of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindReport {
    /// `API`, `front end` or `preflight`.
    pub kind: String,
    /// `GET /api/items`.
    pub request: String,
    /// The expected status.
    pub expected: u16,
    /// How many were due per second.
    pub per_second: f64,
    /// How many were due in total.
    pub asked: u64,
    /// How many got the expected response.
    pub good: u64,
    /// How many did not.
    pub failed: u64,
    /// How many were retried, as browsers do, because what they were sent on was closed.
    pub asked_again: u64,
    /// How many were sent on a reused connection.
    pub on_kept_connections: u64,
    /// How many were sent on a new connection.
    pub on_fresh_connections: u64,
    /// How many were streams of a connection over HTTP/2.
    pub on_streams: u64,
    /// From when a request was due until its good response; `None` without good responses.
    pub latency_ms: Option<Latency>,
    /// A longer time between good responses is a gap, in milliseconds.
    pub gap_ms: u64,
    /// Failures by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Each request that failed.
    pub failures: CappedList<Failure>,
    /// Each gap without good responses.
    pub gaps: CappedList<Gap>,
    /// The length of each of `slices`, in milliseconds.
    pub slice_ms: u64,
    /// The timeline.
    pub slices: Vec<Slice>,
}

/// Percentiles of latencies, in milliseconds, to within 1.6 %.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub longest: f64,
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// When it was due.
    pub due: Timestamp,
    /// How long it took to fail, in milliseconds.
    pub waited_ms: u64,
    /// The connection it was sent on; `None` if it was not sent.
    pub connection: Option<ConnectionUse>,
    /// The instance that responded, if known.
    pub instance: Option<String>,
    /// What was wrong.
    pub why: String,
}

/// A gap without good responses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last good response before it, or the start of the watch.
    pub from: Timestamp,
    /// The first after it, or the end of the watch.
    pub to: Timestamp,
    /// Its length in milliseconds.
    pub ms: u64,
}

/// The outcome of the STOMP sessions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SessionsReport {
    /// Where they were opened.
    pub endpoint: String,
    /// What they were subscribed to.
    pub subscribed: Option<String>,
    /// How many there should have been.
    pub sessions: usize,
    /// The interval of the app servers' heart-beats, in milliseconds; `None` if there are none, so that a session that
    /// hangs goes undetected.
    pub heart_beat_ms: Option<u64>,
    /// Whether any of them was ever open.
    pub ever_open: bool,
    /// How many were closed cleanly and back in time.
    pub moved: u64,
    /// How many were dropped, or did not open in time.
    pub dropped: u64,
    /// How many attempts to open one failed.
    pub attempts_failed: u64,
    /// Every end of a session.
    pub ends: CappedList<SessionEnd>,
    /// When each was open.
    pub spans: CappedList<SessionSpan>,
}

/// The end of a session, and what followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionEnd {
    /// Its number, from 1.
    pub session: usize,
    /// When it ended.
    pub at: Timestamp,
    /// The instance it was at.
    pub instance: Option<String>,
    /// How it ended.
    pub why: String,
    /// Whether it was closed with a Close frame that reports no error: 1000, 1001, 1012, or 3000 of SockJS.
    pub in_order: bool,
    /// How many attempts to reconnect failed.
    pub attempts_failed: u32,
    /// Why the last of them did.
    pub last_refusal: Option<String>,
    /// When it was back; `None` if it was not.
    pub back: Option<Timestamp>,
    /// The instance it was back at.
    pub back_at: Option<String>,
    /// How long it was away, in milliseconds.
    pub away_ms: Option<u64>,
    /// Whether a visitor would have noticed.
    pub noticed: bool,
}

/// A time during which a session was open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionSpan {
    /// Its number, from 1.
    pub session: usize,
    /// Its start, in milliseconds since the start of the watch.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
    /// The instance.
    pub instance: Option<String>,
}

/// An instance that responded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceReport {
    /// The value of the header.
    pub name: String,
    /// When it first responded.
    pub first: Timestamp,
    /// When it last responded.
    pub last: Timestamp,
    /// How many responses it gave, handshakes included.
    pub answers: u64,
}

impl Report {
    /// Whether nothing was observed: no request is done, and no session was ever open.
    pub fn is_empty(&self) -> bool {
        let sessions = self.sessions.as_ref().is_some_and(|sessions| sessions.ever_open);
        !sessions && self.kinds.iter().all(|kind| kind.asked == 0)
    }

    /// The report as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
