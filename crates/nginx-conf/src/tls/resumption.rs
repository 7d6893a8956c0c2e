//! Sessions that a client may take up again without another full handshake, for as long as `ssl_session_timeout` says.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::Ticketer;
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

/// The sessions of a `shared:` zone, or of a server's `builtin` cache. When it is full the oldest go.
#[derive(Debug, Clone)]
pub(crate) struct Cache(Arc<ServerSessionMemoryCache>);

/// A cache whose sessions end.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) cache: Cache,
    pub(super) timeout: Duration,
}

/// Tickets that end.
#[derive(Debug)]
pub(super) struct Tickets {
    inner: Arc<dyn ProducesTickets>,
    timeout: Duration,
}

impl Cache {
    /// Room for about so many sessions.
    pub(crate) fn new(sessions: usize) -> Cache {
        Cache(ServerSessionMemoryCache::new(sessions))
    }
}

impl Tickets {
    /// Tickets under keys of our own, which change every six hours.
    pub(super) fn new(timeout: Duration) -> Result<Tickets, rustls::Error> {
        Ok(Tickets { inner: Ticketer::new()?, timeout })
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.cache.0.put(key, dated(&value))
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        fresh(self.cache.0.get(key)?, self.timeout)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        fresh(self.cache.0.take(key)?, self.timeout)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.inner.lifetime().min(u32::try_from(self.timeout.as_secs()).unwrap_or(u32::MAX))
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.inner.encrypt(&dated(plain))
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        fresh(self.inner.decrypt(cipher)?, self.timeout)
    }
}

/// A session with the time before it.
fn dated(session: &[u8]) -> Vec<u8> {
    [&since_epoch().as_secs().to_be_bytes(), session].concat()
}

/// The session again, unless it is too old.
fn fresh(dated: Vec<u8>, timeout: Duration) -> Option<Vec<u8>> {
    let (time, session) = dated.split_first_chunk()?;
    let age = since_epoch().as_secs().saturating_sub(u64::from_be_bytes(*time));
    (age < timeout.as_secs()).then(|| session.to_vec())
}

/// Time since the epoch; zero on a machine whose clock stands before 1970.
fn since_epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_in_time() {
        let of = |timeout| Sessions { cache: Cache::new(8), timeout: Duration::from_secs(timeout) };
        let kept = |sessions: &Sessions| {
            sessions.put(b"key".to_vec(), b"session".to_vec());
            sessions.get(b"key")
        };
        assert_eq!((kept(&of(0)), kept(&of(60)).as_deref()), (None, Some(&b"session"[..])));
    }

    #[test]
    fn a_ticket_ends_in_time() -> Result<(), rustls::Error> {
        let opened = |timeout| -> Result<Option<Vec<u8>>, rustls::Error> {
            let tickets = Tickets::new(Duration::from_secs(timeout))?;
            Ok(tickets.encrypt(b"session").and_then(|ticket| tickets.decrypt(&ticket)))
        };
        assert_eq!((opened(0)?, opened(60)?.as_deref()), (None, Some(&b"session"[..])));
        assert_eq!(Tickets::new(Duration::from_secs(300))?.lifetime(), 300);
        Ok(())
    }
}
