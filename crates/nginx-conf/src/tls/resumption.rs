//! Session resumption: sessions and tickets that expire after `ssl_session_timeout`.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::Ticketer;
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

/// The sessions of a `shared:` zone, or of a server's `builtin` cache. When it is full, the oldest are evicted.
#[derive(Debug, Clone)]
pub(crate) struct SessionCache(Arc<ServerSessionMemoryCache>);

/// A cache whose sessions expire.
#[derive(Debug)]
pub(super) struct ExpiringSessions {
    pub(super) cache: SessionCache,
    pub(super) timeout: Duration,
}

/// Tickets that expire.
#[derive(Debug)]
pub(super) struct ExpiringTickets {
    inner: Arc<dyn ProducesTickets>,
    timeout: Duration,
}

impl SessionCache {
    /// A cache with room for about that many sessions.
    pub(crate) fn new(sessions: usize) -> SessionCache {
        SessionCache(ServerSessionMemoryCache::new(sessions))
    }
}

impl ExpiringTickets {
    /// Tickets under keys of our own, which change every six hours.
    pub(super) fn new(timeout: Duration) -> Result<ExpiringTickets, rustls::Error> {
        Ok(ExpiringTickets { inner: Ticketer::new()?, timeout })
    }
}

impl StoresServerSessions for ExpiringSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.cache.0.put(key, with_timestamp(&value))
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        unexpired(self.cache.0.get(key)?, self.timeout)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        unexpired(self.cache.0.take(key)?, self.timeout)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl ProducesTickets for ExpiringTickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.inner.lifetime().min(u32::try_from(self.timeout.as_secs()).unwrap_or(u32::MAX))
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.inner.encrypt(&with_timestamp(plain))
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        unexpired(self.inner.decrypt(cipher)?, self.timeout)
    }
}

/// A session, preceded by the time.
fn with_timestamp(session: &[u8]) -> Vec<u8> {
    [&since_epoch().as_secs().to_be_bytes(), session].concat()
}

/// The session that follows the time, unless it has expired.
fn unexpired(session: Vec<u8>, timeout: Duration) -> Option<Vec<u8>> {
    let (time, session) = session.split_first_chunk()?;
    let age = since_epoch().as_secs().saturating_sub(u64::from_be_bytes(*time));
    (age < timeout.as_secs()).then(|| session.to_vec())
}

/// Time since the epoch; zero if the clock is set before 1970.
fn since_epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_expire() {
        let of =
            |timeout| ExpiringSessions { cache: SessionCache::new(8), timeout: Duration::from_secs(timeout) };
        let kept = |sessions: &ExpiringSessions| {
            sessions.put(b"key".to_vec(), b"session".to_vec());
            sessions.get(b"key")
        };
        assert_eq!((kept(&of(0)), kept(&of(60)).as_deref()), (None, Some(&b"session"[..])));
    }

    #[test]
    fn tickets_expire() -> Result<(), rustls::Error> {
        let opened = |timeout| -> Result<Option<Vec<u8>>, rustls::Error> {
            let tickets = ExpiringTickets::new(Duration::from_secs(timeout))?;
            Ok(tickets.encrypt(b"session").and_then(|ticket| tickets.decrypt(&ticket)))
        };
        assert_eq!((opened(0)?, opened(60)?.as_deref()), (None, Some(&b"session"[..])));
        assert_eq!(ExpiringTickets::new(Duration::from_secs(300))?.lifetime(), 300);
        Ok(())
    }
}
