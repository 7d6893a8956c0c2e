//! The record of a watch in progress, in bounded memory however long it takes.

mod histogram;
mod kind;
mod sessions;
mod slices;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hopcheck_site::Mask;
use serde::Serialize;
use tokio::time::Instant;

pub(super) use histogram::Histogram;
pub use kind::ConnectionUse;
pub(super) use kind::{Kind, Outcome};
pub(super) use sessions::{SessionLoss, Sessions};
pub use slices::Slice;
pub(super) use slices::Slices;

/// The most entries of each list of failures, gaps and sessions; further ones are only counted.
pub(super) const MAX_LISTED: usize = 1000;

/// The most instances; [`Slice::instances`] has a bit for each.
const MAX_INSTANCES: usize = 64;

/// A list of bounded length.
#[derive(Debug, Clone, Serialize)]
pub struct CappedList<T> {
    /// The first 1000.
    pub listed: Vec<T>,
    /// The number of further entries.
    pub not_listed: u64,
}

impl<T> Default for CappedList<T> {
    fn default() -> CappedList<T> {
        CappedList { listed: Vec::new(), not_listed: 0 }
    }
}

impl<T> CappedList<T> {
    pub(super) fn push(&mut self, entry: T) {
        if self.listed.len() < MAX_LISTED { self.listed.push(entry) } else { self.not_listed += 1 }
    }

    /// The number of all entries.
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.not_listed
    }

    pub(super) fn map<U>(&self, change: impl Fn(&T) -> U) -> CappedList<U> {
        CappedList { listed: self.listed.iter().map(change).collect(), not_listed: self.not_listed }
    }
}

/// An instance that has responded.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) first: Duration,
    pub(super) last: Duration,
    pub(super) answers: u64,
}

/// Everything that was recorded.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) kinds: Vec<Kind>,
    pub(super) sessions: Sessions,
    /// In order of their first response.
    pub(super) instances: Vec<Instance>,
    /// By how much this machine was late to send a request, at most.
    pub(super) late: Duration,
    /// The latest failure or session loss, and when.
    pub(super) latest: Option<(Duration, String)>,
}

impl Record {
    fn note_instance(&mut self, name: &str, at: Duration) -> Option<usize> {
        if let Some(number) = self.instances.iter().position(|instance| instance.name == name) {
            let instance = self.instances.get_mut(number)?;
            instance.first = instance.first.min(at);
            instance.last = instance.last.max(at);
            instance.answers += 1;
            return Some(number);
        }
        if self.instances.len() == MAX_INSTANCES {
            return None;
        }
        self.instances.push(Instance { name: name.to_owned(), first: at, last: at, answers: 1 });
        Some(self.instances.len() - 1)
    }
}

/// The shared record that all tasks of a watch write to, and its clock. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Log {
    began: Instant,
    /// What to mask in any output.
    mask: Arc<Mask>,
    record: Arc<Mutex<Record>>,
}

impl Log {
    /// Starts now, with a kind of requests for each of `gaps`.
    pub(super) fn begin(gaps: &[Duration], sessions: usize, away: Duration, mask: &Mask) -> Log {
        let record = Record {
            kinds: gaps.iter().map(|gap| Kind::new(*gap)).collect(),
            sessions: Sessions::new(sessions, away),
            instances: Vec::new(),
            late: Duration::ZERO,
            latest: None,
        };
        Log { began: Instant::now(), mask: Arc::new(mask.clone()), record: Arc::new(Mutex::new(record)) }
    }

    /// When it started.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// The time since then.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Masks secrets in `text`.
    pub(super) fn mask(&self, text: &str) -> String {
        self.mask.text(text)
    }

    /// This machine was late to send a request by this much.
    pub(super) fn late(&self, by: Duration) {
        let mut record = self.record();
        record.late = record.late.max(by);
    }

    /// A request of kind `number`, called `label`, is done.
    pub(super) fn over(&self, number: usize, label: &str, mut outcome: Outcome) {
        outcome.instance = outcome.instance.map(|instance| self.mask(&instance));
        let mut record = self.record();
        let record = &mut *record;
        let (due, done) = (outcome.due, outcome.done);
        let instance = outcome.instance.as_ref().and_then(|name| record.note_instance(name, done));
        let Some(kind) = record.kinds.get_mut(number) else { return };
        match outcome.way {
            Some(ConnectionUse::Kept) => kind.kept += 1,
            Some(ConnectionUse::Fresh) => kind.fresh += 1,
            Some(ConnectionUse::Stream) => kind.streams += 1,
            None => {}
        }
        kind.again += u64::from(outcome.again);
        if let Some(slice) = kind.slices.at(due) {
            match outcome.result {
                Ok(()) => {
                    let ms = u32::try_from(done.saturating_sub(due).as_millis()).unwrap_or(u32::MAX);
                    slice.good += 1;
                    slice.longest_ms = slice.longest_ms.max(ms);
                }
                Err(_) => slice.failed += 1,
            }
            slice.instances |= instance.map_or(0, |number| 1 << number);
        }
        match outcome.result.clone() {
            Ok(()) => kind.good(done, done.saturating_sub(due)),
            Err(why) => {
                let why = self.mask(&why);
                record.latest = Some((done, format!("{label}: {why}")));
                kind.failed(outcome, why);
            }
        }
    }

    /// A session could not be opened.
    pub(super) fn open_failed(&self, session: usize, why: &str) {
        let (now, why) = (self.now(), self.mask(why));
        let mut record = self.record();
        record.latest = Some((now, format!("session {}: {why}", session + 1)));
        record.sessions.open_failed(session, why);
    }

    /// A session was opened, at that instance.
    pub(super) fn opened(&self, session: usize, instance: Option<&str>, beat: Option<Duration>) {
        let (now, name) = (self.now(), instance.map(|name| self.mask(name)));
        let mut record = self.record();
        if let Some(name) = &name {
            record.note_instance(name, now);
        }
        record.sessions.opened(session, now, name, beat);
    }

    /// A session has ended, cleanly or not.
    pub(super) fn ended(&self, session: usize, why: &str, in_order: bool) {
        let (now, why) = (self.now(), self.mask(why));
        let mut record = self.record();
        record.latest = Some((now, format!("session {}: {why}", session + 1)));
        record.sessions.ended(session, now, why, in_order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(due: u64, done: u64, result: Result<(), &str>) -> Outcome {
        let (due, done) = (Duration::from_millis(due), Duration::from_millis(done));
        let result = result.map_err(str::to_owned);
        Outcome {
            due,
            done,
            way: Some(ConnectionUse::Fresh),
            again: false,
            instance: Some("blue".to_owned()),
            result,
        }
    }

    fn log() -> Log {
        Log::begin(&[Duration::from_secs(1)], 0, Duration::ZERO, &Mask::of_secrets(["hush".to_owned()]))
    }

    #[tokio::test]
    async fn failures_are_listed_up_to_a_limit_and_counted_beyond() {
        let log = log();
        (0..1500).for_each(|n| log.over(0, "API", outcome(n, n + 1, Err("502, not 200 (hush)"))));
        let record = log.record();
        let kind = &record.kinds[0];
        assert_eq!((kind.failures.listed.len(), kind.failures.count(), kind.failed), (1000, 1500, 1500));
        assert_eq!(kind.reasons.get("502, not 200 (•••)"), Some(&1500));
    }

    #[tokio::test]
    async fn a_gap_lies_between_good_responses_whatever_failed_within() {
        let log = log();
        for (at, result) in
            [(100, Ok(())), (900, Ok(())), (1500, Err("502, not 200")), (2500, Ok(())), (3400, Ok(()))]
        {
            log.over(0, "API", outcome(at, at + 1, result));
        }
        let record = log.record();
        let gap = (Duration::from_millis(901), Duration::from_millis(2501));
        assert_eq!(record.kinds[0].gaps.listed, [gap]);
        let blue = &record.instances[0];
        assert_eq!((blue.first.as_millis(), blue.last.as_millis(), blue.answers), (101, 3401, 5));
    }
}
