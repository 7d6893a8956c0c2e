//! What all workers know of sessions: `sticky learn`. As in nginx, a zone outlives the configuration that declared it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};

use nginx_conf::model::{Http, Sticky, StickyLearn};

/// How much memory nginx takes for a session: a megabyte holds some 4000.
const SESSION_SIZE: usize = 256;

/// The zones of a configuration, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct SessionZones(HashMap<String, (usize, Arc<Sessions>)>);

impl SessionZones {
    /// The zones of a configuration: those of an earlier one where they are the same.
    pub(crate) fn of(&self, http: Option<&Http>) -> SessionZones {
        let upstreams = http.map(|http| &http.upstreams[..]).unwrap_or_default();
        let declared = upstreams.iter().filter_map(|upstream| match &upstream.sticky {
            Some(Sticky::Learn(StickyLearn { zone, size, .. })) => Some((zone, *size)),
            _ => None,
        });
        let zone = |(name, size): (&String, usize)| {
            let earlier = self.0.get(name).filter(|(known, _)| *known == size).cloned();
            (name.clone(), earlier.unwrap_or_else(|| (size, Arc::new(Sessions::new(size)))))
        };
        SessionZones(declared.map(zone).collect())
    }

    /// The zone of that name.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Sessions>> {
        self.0.get(name).map(|(_, sessions)| Arc::clone(sessions))
    }
}

/// Sessions, and the routes of the servers that they belong to.
#[derive(Debug)]
pub(crate) struct Sessions {
    capacity: usize,
    known: Mutex<Known>,
}

/// What is known of a session's name: it may be of any length.
type Key = [u8; 16];

#[derive(Debug, Default)]
struct Known {
    sessions: HashMap<Key, Session>,
    /// By when they were used last.
    order: BTreeMap<u64, Key>,
    uses: u64,
}

#[derive(Debug)]
struct Session {
    route: Arc<str>,
    used: Instant,
    /// Its place in the order.
    number: u64,
}

impl Sessions {
    fn new(size: usize) -> Sessions {
        Sessions { capacity: size / SESSION_SIZE, known: Mutex::default() }
    }

    /// The route of a session, which is used by that.
    pub(crate) fn find(&self, name: &[u8], timeout: Duration) -> Option<Arc<str>> {
        let (key, now) = (key(name), Instant::now());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let session = known.sessions.remove(&key)?;
        known.order.remove(&session.number);
        if now.saturating_duration_since(session.used) > timeout {
            return None;
        }
        let route = session.route;
        known.insert(key, Arc::clone(&route), now);
        Some(route)
    }

    /// Notes the route of a session. If there is no more room, the one gives way that was not used for longest.
    pub(crate) fn note(&self, name: &[u8], route: &str) {
        let (key, now) = (key(name), Instant::now());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = known.sessions.remove(&key) {
            known.order.remove(&old.number);
        }
        while known.sessions.len() >= self.capacity
            && let Some((_, oldest)) = known.order.pop_first()
        {
            known.sessions.remove(&oldest);
        }
        known.insert(key, route.into(), now);
    }
}

impl Known {
    fn insert(&mut self, key: Key, route: Arc<str>, used: Instant) {
        self.uses += 1;
        self.order.insert(self.uses, key);
        self.sessions.insert(key, Session { route, used, number: self.uses });
    }
}

fn key(name: &[u8]) -> Key {
    Md5::digest(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_that_was_not_used_for_longest_gives_way() {
        let sessions = Sessions::new(3 * SESSION_SIZE);
        let find = |name: &str| sessions.find(name.as_bytes(), Duration::from_secs(60));
        for name in ["a", "b", "c"] {
            sessions.note(name.as_bytes(), name);
        }
        assert_eq!(find("a").as_deref(), Some("a"));
        sessions.note(b"d", "d");
        assert_eq!(["a", "b", "c", "d"].map(|name| find(name).is_some()), [true, false, true, true]);
        sessions.note(b"a", "other");
        assert_eq!(find("a").as_deref(), Some("other"));
        assert_eq!(sessions.known.lock().unwrap().order.len(), 3);
    }

    #[test]
    fn a_session_that_is_not_used_is_forgotten() {
        let sessions = Sessions::new(1 << 20);
        sessions.note(b"a", "a");
        assert_eq!(sessions.find(b"a", Duration::ZERO), None);
        assert_eq!(sessions.find(b"a", Duration::from_secs(60)), None);
    }

    #[test]
    fn a_zone_outlives_its_configuration() {
        let zones = |size: &str, earlier: &SessionZones| {
            let learn = format!("sticky learn create=$upstream_cookie_a lookup=$cookie_a zone=s:{size};");
            let conf = format!("events {{}} http {{ upstream u {{ server 127.0.0.1:1; {learn} }} }}");
            earlier.of(nginx_conf::read_text(conf.as_bytes()).unwrap().http.as_ref())
        };
        let first = zones("1m", &SessionZones::default());
        let is_same = |other: &SessionZones| Arc::ptr_eq(&first.get("s").unwrap(), &other.get("s").unwrap());
        assert!(is_same(&zones("1m", &first)) && !is_same(&zones("2m", &first)));
    }
}
