//! How many requests too many each key has made: the leaky bucket of `ngx_http_limit_req_module`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::memory::{Memory, TREE_NODE_SIZE};

/// nginx's memory for a key, without the key.
const NODE_SIZE: usize = TREE_NODE_SIZE + 48;

/// Keys whose last request is longer ago are forgotten, in milliseconds.
const EXPIRY: u64 = 60_000;

/// A zone of `limit_req_zone`.
#[derive(Debug)]
pub(crate) struct RequestZone {
    buckets: Mutex<Buckets>,
    created: Instant,
}

#[derive(Debug)]
struct Buckets {
    of: HashMap<Arc<[u8]>, Bucket>,
    /// Keys by their last use.
    by_use: BTreeMap<u64, Arc<[u8]>>,
    uses: u64,
    memory: Memory,
}

/// The requests of a key.
#[derive(Debug)]
struct Bucket {
    /// Thousandths of a request too many.
    excess: u64,
    /// When that was so, in milliseconds; `None` before the first request has passed.
    last: Option<u64>,
    last_use: u64,
    /// Requests that have passed this zone and not yet the others.
    pending: u32,
}

/// A zone with the limits of a `limit_req`.
#[derive(Debug, Clone)]
pub(crate) struct RequestLimit {
    pub(crate) zone: Arc<RequestZone>,
    /// Thousandths of a request in a second.
    pub(crate) rate: u64,
    /// How many thousandths too many are not refused.
    pub(crate) burst: u64,
    /// How many of those are not delayed.
    pub(crate) delay: u64,
}

/// What a zone says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// It may pass, with so many thousandths too many.
    Yes(u64),
    /// There are too many.
    Refused(u64),
    /// The zone is full.
    NoMemory,
}

impl RequestZone {
    /// A zone of that many bytes.
    pub(super) fn new(size: usize) -> RequestZone {
        let (of, by_use, memory) = (HashMap::new(), BTreeMap::new(), Memory::new(size));
        RequestZone { buckets: Mutex::new(Buckets { of, by_use, uses: 0, memory }), created: Instant::now() }
    }

    fn lock(&self) -> (MutexGuard<'_, Buckets>, u64) {
        let now = u64::try_from(self.created.elapsed().as_millis()).unwrap_or(u64::MAX);
        (self.buckets.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

impl RequestLimit {
    /// Asks whether a request may pass. After the `last` zone it counts at once; in those before, only when
    /// [`account`] or [`RequestLimit::withdraw`] is called.
    pub(crate) fn ask(&self, key: &[u8], last: bool) -> Pass {
        let (mut buckets, now) = self.zone.lock();
        buckets.touch(key);
        if let Some(bucket) = buckets.of.get_mut(key) {
            let excess = bucket.excess_at(now, self.rate);
            if excess > self.burst {
                return Pass::Refused(excess);
            }
            match last {
                true => bucket.set(excess, now),
                false => bucket.pending += 1,
            }
            return Pass::Yes(excess);
        }
        buckets.expire(now, self.rate, false);
        if !buckets.memory.take(NODE_SIZE + key.len()) {
            buckets.expire(now, self.rate, true);
            if !buckets.memory.take(NODE_SIZE + key.len()) {
                return Pass::NoMemory;
            }
        }
        buckets.add(key, if last { Some(now) } else { None });
        Pass::Yes(0)
    }

    /// Takes back a request that another zone has refused.
    pub(crate) fn withdraw(&self, key: &[u8]) {
        let (mut buckets, _) = self.zone.lock();
        if let Some(bucket) = buckets.of.get_mut(key) {
            bucket.pending = bucket.pending.saturating_sub(1);
        }
    }

    /// How long a request with that excess waits.
    fn wait(&self, excess: u64) -> u64 {
        (excess.saturating_sub(self.delay) * 1000).checked_div(self.rate).unwrap_or(0)
    }

    /// Counts a request that has passed all zones; the excess.
    fn count(&self, key: &[u8]) -> u64 {
        let (mut buckets, now) = self.zone.lock();
        let Some(bucket) = buckets.of.get_mut(key) else { return 0 };
        let excess = bucket.excess_at(now, self.rate);
        bucket.set(excess, now);
        bucket.pending = bucket.pending.saturating_sub(1);
        excess
    }
}

/// Counts a request in all zones but the last, which has done so already, and returns how long it has to wait: for the
/// sake of which limit, and with how many thousandths too many.
pub(crate) fn account(
    last: Option<(usize, &RequestLimit, u64)>,
    others: &[(usize, RequestLimit, Vec<u8>)],
) -> Option<(Duration, usize, u64)> {
    let mut longest = last.map(|(index, limit, excess)| (limit.wait(excess), index, excess));
    for (index, limit, key) in others.iter().rev() {
        let excess = limit.count(key);
        let wait = limit.wait(excess);
        if wait > longest.map_or(0, |(longest, ..)| longest) {
            longest = Some((wait, *index, excess));
        }
    }
    let (wait, index, excess) = longest.filter(|(wait, ..)| *wait > 0)?;
    Some((Duration::from_millis(wait), index, excess))
}

impl Bucket {
    fn excess_at(&self, now: u64, rate: u64) -> u64 {
        let Some(last) = self.last else { return 0 };
        let leaked = rate.saturating_mul(now.saturating_sub(last)) / 1000;
        (self.excess + 1000).saturating_sub(leaked)
    }

    fn set(&mut self, excess: u64, now: u64) {
        self.excess = excess;
        self.last = Some(now);
    }
}

impl Buckets {
    fn add(&mut self, key: &[u8], last: Option<u64>) {
        let key: Arc<[u8]> = key.into();
        self.uses += 1;
        let pending = u32::from(last.is_none());
        self.by_use.insert(self.uses, Arc::clone(&key));
        self.of.insert(key, Bucket { excess: 0, last, last_use: self.uses, pending });
    }

    /// Notes that a key is in use.
    fn touch(&mut self, key: &[u8]) {
        let Some(bucket) = self.of.get_mut(key) else { return };
        self.uses += 1;
        if let Some(key) = self.by_use.remove(&bucket.last_use) {
            self.by_use.insert(self.uses, key);
        }
        bucket.last_use = self.uses;
    }

    /// Forgets up to two keys that have been idle for long; `force`: the one unused for longest, however long that is.
    fn expire(&mut self, now: u64, rate: u64, force: bool) {
        for round in 0..if force { 3 } else { 2 } {
            let Some((&used, key)) = self.by_use.first_key_value() else { return };
            let Some(bucket) = self.of.get(key) else { return };
            let idle = now.saturating_sub(bucket.last.unwrap_or(0));
            let is_over = idle >= EXPIRY && rate.saturating_mul(idle) / 1000 >= bucket.excess;
            if bucket.pending > 0 || !(is_over || (force && round == 0)) {
                return;
            }
            if let Some(key) = self.by_use.remove(&used) {
                self.memory.give_back(NODE_SIZE + key.len());
                self.of.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(rate: u64, burst: u64, delay: u64) -> RequestLimit {
        RequestLimit { zone: Arc::new(RequestZone::new(32 * 1024)), rate, burst, delay }
    }

    #[test]
    fn a_burst_passes_and_no_more() {
        // A request in an hour, that is.
        let limit = limit(1, 2000, 0);
        let asked: Vec<Pass> = (0..4).map(|_| limit.ask(b"a", true)).collect();
        assert_eq!(asked, [Pass::Yes(0), Pass::Yes(1000), Pass::Yes(2000), Pass::Refused(3000)]);
        assert_eq!(limit.ask(b"b", true), Pass::Yes(0));
    }

    #[test]
    fn a_request_waits_for_what_is_more_than_its_delay() {
        let limit = limit(1000, 5000, 1000);
        let wait = |excess| account(Some((0, &limit, excess)), &[]);
        assert_eq!(wait(1000), None);
        assert_eq!(wait(3000), Some((Duration::from_secs(2), 0, 3000)));
    }

    #[test]
    fn a_request_counts_in_every_zone_once_it_has_passed_them_all() {
        let (first, last) = (limit(1, 1000, 0), limit(1, 0, 0));
        let key = b"a".to_vec();
        assert_eq!((first.ask(&key, false), last.ask(&key, true)), (Pass::Yes(0), Pass::Yes(0)));
        assert_eq!(account(Some((1, &last, 0)), &[(0, first.clone(), key.clone())]), None);
        assert_eq!(first.ask(&key, false), Pass::Yes(1000));
        assert_eq!(last.ask(&key, true), Pass::Refused(1000));
        first.withdraw(&key);
        assert_eq!(first.ask(&key, true), Pass::Yes(1000));
    }

    #[test]
    fn a_full_zone_forgets_whom_it_has_not_seen_for_longest() {
        let limit = limit(1, 0, 0);
        for key in 0_u32..1000 {
            assert_eq!(limit.ask(&key.to_be_bytes(), true), Pass::Yes(0));
        }
        assert_eq!(limit.ask(&0_u32.to_be_bytes(), true), Pass::Yes(0));
        assert!(matches!(limit.ask(&999_u32.to_be_bytes(), true), Pass::Refused(_)));
    }
}
