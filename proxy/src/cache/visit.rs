//! A request that looks for an answer in a cache, and perhaps brings one: `ngx_http_cache_t`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::node::Update;
use super::stored::{Key, StoredResponse};
use super::zone::{Keys, Zone};

/// A request's part in a cache. While it lives, its key is not forgotten.
#[derive(Debug)]
pub(crate) struct Visit {
    zone: Arc<Zone>,
    /// The key of the request, and that of its variant, if that is another one.
    main: Key,
    key: Key,
    min_uses: u64,
    /// `proxy_cache_lock_age`, with `proxy_cache_lock`.
    lock_age: Option<Duration>,
    /// Whether the node counts it.
    is_counted: bool,
    /// What it has noted down in the node as the one that fetches the answer.
    update: Option<Update>,
    /// An error that is to stand for the answer.
    error: Option<(u16, u64)>,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Found {
    /// An answer.
    Fresh(Arc<StoredResponse>),
    /// One that is too old.
    Stale {
        response: Arc<StoredResponse>,
        /// Whether another request is fetching a new one.
        is_updated: bool,
    },
    /// An error that stands for an answer.
    Error(u16),
    /// Nothing: the answer is to be fetched and kept.
    Nothing,
    /// Nothing, and the answer is not to be kept: there is no room, or it was not asked for often enough.
    NotKept,
    /// Another request is fetching it.
    Busy,
}

impl Visit {
    /// A request for a key, which has not looked for it yet.
    pub(crate) fn new(zone: &Arc<Zone>, key: Key, min_uses: u64, lock_age: Option<Duration>) -> Visit {
        Visit {
            zone: Arc::clone(zone),
            main: key,
            key,
            min_uses,
            lock_age,
            is_counted: false,
            update: None,
            error: None,
        }
    }

    /// Looks for the answer: `ngx_http_file_cache_open`. `variant` tells the key of a request for a `Vary`.
    pub(crate) fn look_up(&mut self, now: u64, variant: impl Fn(&[u8]) -> Key) -> Found {
        let zone = Arc::clone(&self.zone);
        let mut keys = zone.keys();
        loop {
            let Some(is_known) = self.enter(&mut keys, now) else { return Found::NotKept };
            let Some(node) = keys.get(&self.key) else { return Found::NotKept };
            if let Some((status, _)) = node.error {
                return Found::Error(status);
            }
            let Some(response) = node.response.clone() else {
                let is_often = self.min_uses <= 1 || (is_known && node.uses >= self.min_uses);
                return if is_often { self.lock(&mut keys) } else { Found::NotKept };
            };
            if let Some((vary, of)) = &response.vary {
                let wanted = variant(vary);
                if wanted != *of {
                    if self.key != self.main {
                        return Found::Nothing;
                    }
                    self.leave(&mut keys);
                    self.key = wanted;
                    continue;
                }
            }
            if response.valid >= now {
                return Found::Fresh(response);
            }
            let is_updated = node.update.is_some();
            if !is_updated {
                self.begin_update(&mut keys, None);
            }
            return Found::Stale { response, is_updated };
        }
    }

    /// Waits until somebody has ended fetching an answer, but no longer than `most`.
    pub(crate) async fn changed(&self, most: Duration) {
        let changed = self.zone.changed.notified();
        let until =
            self.zone.keys().get(&self.key).and_then(|node| node.update).and_then(|update| update.until);
        let Some(until) = until else { return };
        let age = until.saturating_duration_since(Instant::now());
        // An error means that the time is over.
        let _ = tokio::time::timeout(most.min(age), changed).await;
    }

    /// Keeps an answer.
    pub(crate) fn store(&mut self, response: StoredResponse, now: u64) {
        let zone = Arc::clone(&self.zone);
        let mut keys = zone.keys();
        let is_variant = response.vary.as_ref().is_some_and(|(_, of)| *of == self.key);
        if self.key != self.main && !is_variant {
            self.leave(&mut keys);
            self.key = self.main;
        }
        if self.enter(&mut keys, now).is_none() {
            return;
        }
        keys.change(&self.key, |node| {
            node.response = Some(Arc::new(response));
            node.error = None;
            node.update = None;
        });
        self.update = None;
        self.leave(&mut keys);
        keys.shrink_to(zone.max_size());
        drop(keys);
        zone.changed.notify_waiters();
    }

    /// Has an error stand for the answer until the end of that second.
    pub(crate) fn keep_error(&mut self, status: u16, valid: u64) {
        self.error = Some((status, valid));
    }

    /// Counts the request for its key, once; whether the key was there before, or nothing if there is no room for it.
    fn enter(&mut self, keys: &mut Keys, now: u64) -> Option<bool> {
        let is_known = keys.has(&self.key, now);
        if !is_known && !keys.add(self.key) {
            return None;
        }
        let node = keys.touch(&self.key, now)?;
        if !std::mem::replace(&mut self.is_counted, true) {
            node.uses += 1;
            node.count += 1;
        }
        if node.error.is_some_and(|(_, valid)| valid < now) {
            (node.error, node.response) = (None, None);
            return Some(false);
        }
        Some(is_known)
    }

    /// Lets one request at a time fetch the answer: `ngx_http_file_cache_lock`.
    fn lock(&mut self, keys: &mut Keys) -> Found {
        let Some(age) = self.lock_age else { return Found::Nothing };
        let now = Instant::now();
        let is_busy = keys
            .get(&self.key)
            .and_then(|node| node.update)
            .is_some_and(|update| update.until.is_some_and(|until| until > now));
        if is_busy {
            return Found::Busy;
        }
        self.begin_update(keys, Some(now + age));
        Found::Nothing
    }

    fn begin_update(&mut self, keys: &mut Keys, until: Option<Instant>) {
        if let Some(node) = keys.get(&self.key) {
            let update = Update { id: node.turn, until };
            node.update = Some(update);
            self.update = Some(update);
        }
    }

    /// Is done with its key: `ngx_http_file_cache_free`.
    fn leave(&mut self, keys: &mut Keys) {
        if !std::mem::take(&mut self.is_counted) {
            return;
        }
        let (update, error) = (self.update.take(), self.error.take());
        let Some(node) = keys.get(&self.key) else { return };
        node.count = node.count.saturating_sub(1);
        if update.is_some() && node.update == update {
            node.update = None;
        }
        if error.is_some() {
            node.error = error;
        } else if node.response.is_none() && node.error.is_none() && node.count == 0 && self.min_uses <= 1 {
            keys.remove(&self.key);
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let zone = Arc::clone(&self.zone);
        let mut keys = zone.keys();
        if self.error.is_some() && !self.is_counted {
            // Without having looked for the answer, which only happens when the cache is bypassed.
            self.error = None;
        }
        self.leave(&mut keys);
        drop(keys);
        zone.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use nginx_conf::model::CacheZone;

    use super::*;
    use crate::message::Headers;
    use crate::wire::Framing;

    const NOW: u64 = 1_700_000_000;

    fn zone(size: usize, max_size: Option<u64>) -> Arc<Zone> {
        let (name, path) = (String::new(), std::path::PathBuf::new());
        Arc::new(Zone::new(&CacheZone { name, path, size, inactive: Duration::from_secs(60), max_size }))
    }

    fn response(length: usize, valid: u64) -> StoredResponse {
        StoredResponse {
            status: 200,
            status_text: Vec::new(),
            framing: Framing::Length(length as u64),
            fields: Headers::new(),
            body: Bytes::from(vec![0; length]),
            valid,
            updating: 0,
            error: 0,
            vary: None,
        }
    }

    fn key(number: u8) -> Key {
        [number; 16]
    }

    fn look_up(zone: &Arc<Zone>, number: u8, now: u64) -> Found {
        Visit::new(zone, key(number), 1, None).look_up(now, |_| key(number))
    }

    fn store(zone: &Arc<Zone>, number: u8, response: StoredResponse) {
        let mut visit = Visit::new(zone, key(number), 1, None);
        assert!(matches!(visit.look_up(NOW, |_| key(number)), Found::Nothing));
        visit.store(response, NOW);
    }

    #[test]
    fn an_answer_is_fresh_then_stale_then_forgotten() {
        let zone = zone(1 << 20, None);
        store(&zone, 1, response(1, NOW + 5));
        assert!(matches!(look_up(&zone, 1, NOW + 5), Found::Fresh(_)));
        assert!(matches!(look_up(&zone, 1, NOW + 6), Found::Stale { is_updated: false, .. }));
        assert!(matches!(look_up(&zone, 1, NOW + 66), Found::Stale { .. }), "it was asked for a minute ago");
        assert!(matches!(look_up(&zone, 1, NOW + 127), Found::Nothing));
    }

    #[test]
    fn what_was_not_asked_for_the_longest_makes_room() {
        let zone = zone(1 << 20, Some(1000));
        store(&zone, 1, response(400, NOW + 5));
        store(&zone, 2, response(400, NOW + 5));
        assert!(matches!(look_up(&zone, 1, NOW), Found::Fresh(_)));
        store(&zone, 3, response(400, NOW + 5));
        let is_there = [1, 2, 3].map(|number| matches!(look_up(&zone, number, NOW), Found::Fresh(_)));
        assert_eq!(is_there, [true, false, true]);
        store(&zone, 4, response(2000, NOW + 5));
        assert!(matches!(look_up(&zone, 4, NOW), Found::Nothing), "there is never so much room");
    }

    #[test]
    fn a_zone_holds_so_many_keys() {
        let zone = zone(32 * 1024, None);
        let mut visits: Vec<Visit> =
            (0..=255).map(|number| Visit::new(&zone, key(number), 1, None)).collect();
        let kept = |visit: &mut Visit| matches!(visit.look_up(NOW, |_| key(0)), Found::Nothing);
        let count = visits.iter_mut().map(kept).filter(|kept| *kept).count();
        assert!((150..250).contains(&count), "{count}");
        drop(visits);
        assert!(matches!(look_up(&zone, 255, NOW), Found::Nothing));
    }

    #[test]
    fn one_at_a_time_fetches_an_answer() {
        let zone = zone(1 << 20, None);
        let new = || Visit::new(&zone, key(1), 1, Some(Duration::from_secs(60)));
        let (mut first, mut second) = (new(), new());
        assert!(matches!(first.look_up(NOW, |_| key(1)), Found::Nothing));
        assert!(matches!(second.look_up(NOW, |_| key(1)), Found::Busy));
        drop(first);
        assert!(matches!(second.look_up(NOW, |_| key(1)), Found::Nothing));
        second.keep_error(502, NOW + 1);
        drop(second);
        assert!(matches!(look_up(&zone, 1, NOW + 1), Found::Error(502)));
        assert!(matches!(look_up(&zone, 1, NOW + 2), Found::Nothing));
    }

    #[test]
    fn an_answer_is_kept_once_it_was_asked_for_often_enough() {
        let zone = zone(1 << 20, None);
        let found = || Visit::new(&zone, key(1), 3, None).look_up(NOW, |_| key(1));
        assert!(matches!([found(), found(), found()], [Found::NotKept, Found::NotKept, Found::Nothing]));
    }
}
