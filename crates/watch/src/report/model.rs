//! The report's parts, and its JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::plan::NotWatched;
use crate::record::{Listed, Slice, Way};

/// What a watch has found. Nothing in it is secret.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The version of hopcheck.
    pub hopcheck: String,
    /// The target's name.
    pub target: String,
    /// Where it is.
    pub url: String,
    /// What it is, in words.
    pub described: String,
    /// When the watch began.
    pub began: When,
    /// When it ended.
    pub ended: When,
    /// How long good answers might stay away beyond the time between two requests, in milliseconds.
    pub gap_ms: u64,
    /// The most requests of one kind that might wait for their answers.
    pub in_flight: usize,
    /// Whether somebody noticed anything.
    pub noticed: bool,
    /// The same in words, a sentence each.
    pub verdict: Vec<String>,
    /// Each kind of request.
    pub kinds: Vec<KindReport>,
    /// The STOMP sessions; `None` when there were to be none.
    pub sessions: Option<SessionsReport>,
    /// The instances that answered, in order of their first answer; at most 64.
    pub instances: Vec<InstanceReport>,
    /// What was not watched, and why.
    pub not_watched: Vec<NotWatched>,
    /// By how much the machine that watched was late to send a request, at most, in milliseconds. Much of that makes all
    /// latencies doubtful.
    pub late_ms: u64,
}

/// A time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct When {
    /// As RFC 3339 has it, in UTC.
    pub at: String,
    /// Milliseconds since the beginning.
    pub offset_ms: u64,
}

/// What became of the requests of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindReport {
    /// `API`, `front end` or `preflight`.
    pub kind: String,
    /// `GET /api/items`.
    pub request: String,
    /// The status that it should be answered with.
    pub expected: u16,
    /// How many were due in a second.
    pub per_second: f64,
    /// How many were due in all.
    pub asked: u64,
    /// How many were answered as they should be.
    pub good: u64,
    /// How many were not.
    pub failed: u64,
    /// How many were sent twice, as browsers do, since a kept connection was closed just then.
    pub asked_again: u64,
    /// How many were sent on a connection that earlier ones had used.
    pub on_kept_connections: u64,
    /// How many were sent on one of their own.
    pub on_fresh_connections: u64,
    /// From when a request was due until its good answer was there; `None` without good answers.
    pub latency_ms: Option<Latency>,
    /// Good answers more than this apart are a gap, in milliseconds.
    pub gap_ms: u64,
    /// How often each reason was that of a failure.
    pub reasons: BTreeMap<String, u64>,
    /// Each request that failed.
    pub failures: Listed<Failure>,
    /// Each time without good answers that was too long.
    pub gaps: Listed<Gap>,
    /// How long each of `slices` is, in milliseconds.
    pub slice_ms: u64,
    /// What happened when, from the beginning.
    pub slices: Vec<Slice>,
}

/// Percentiles of latencies, in milliseconds, to within 1.6 %.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half were no longer.
    pub p50: f64,
    /// Nine tenths were no longer.
    pub p90: f64,
    /// 99 of 100 were no longer.
    pub p99: f64,
    /// The longest.
    pub longest: f64,
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// When it was due.
    pub due: When,
    /// How long until that was known, in milliseconds.
    pub waited_ms: u64,
    /// On what connection it was sent; `None` when it was not.
    pub connection: Option<Way>,
    /// The instance that answered, if one did and said so.
    pub instance: Option<String>,
    /// What was wrong.
    pub why: String,
}

/// A time without good answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last good answer before it, or the beginning of the watch.
    pub from: When,
    /// The first after it, or the end of the watch.
    pub to: When,
    /// Its length in milliseconds.
    pub ms: u64,
}

/// What became of the STOMP sessions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SessionsReport {
    /// Where they were opened.
    pub endpoint: String,
    /// What they were subscribed to.
    pub subscribed: Option<String>,
    /// How many there were to be.
    pub sessions: usize,
    /// How often the app servers agreed to send heart-beats, in milliseconds; `None` for never, so that a session that
    /// hangs would not be found out.
    pub heart_beat_ms: Option<u64>,
    /// Whether any of them was ever open.
    pub ever_open: bool,
    /// How many ends nobody noticed: closed in good order, and back in time.
    pub moved: u64,
    /// How many ends somebody noticed, those included that did not open in time.
    pub dropped: u64,
    /// How many attempts to open one failed.
    pub attempts_failed: u64,
    /// Each end.
    pub ends: Listed<End>,
    /// When each was open.
    pub spans: Listed<Span>,
}

/// The end of a session, and what came after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct End {
    /// Which, from 1.
    pub session: usize,
    /// When it ended.
    pub at: When,
    /// The instance that it was at.
    pub instance: Option<String>,
    /// How it ended.
    pub why: String,
    /// Whether it was closed with a Close frame that says that nothing is wrong: 1000, 1001, 1012, or 3000 of SockJS.
    pub in_order: bool,
    /// How many attempts to open it again failed.
    pub attempts_failed: u32,
    /// Why the last of them did.
    pub last_refusal: Option<String>,
    /// When it was back; `None` if it was not.
    pub back: Option<When>,
    /// The instance that it was back at.
    pub back_at: Option<String>,
    /// How long it was away, in milliseconds.
    pub away_ms: Option<u64>,
    /// Whether somebody noticed.
    pub noticed: bool,
}

/// A session was open for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Which, from 1.
    pub session: usize,
    /// From then on, in milliseconds since the beginning.
    pub from_ms: u64,
    /// Until then.
    pub to_ms: u64,
    /// At that instance.
    pub instance: Option<String>,
}

/// An instance that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceReport {
    /// What the header said.
    pub name: String,
    /// When its first answer came.
    pub first: When,
    /// When its last one did.
    pub last: When,
    /// How many answers it gave, handshakes included.
    pub answers: u64,
}

impl Report {
    /// Whether nothing was seen at all: no request is over, and no session was ever open.
    pub fn is_empty(&self) -> bool {
        let sessions = self.sessions.as_ref().is_some_and(|sessions| sessions.ever_open);
        !sessions && self.kinds.iter().all(|kind| kind.asked == 0)
    }

    /// The report as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
