//! The sessions of one instance.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::session::{Incoming, Outgoing, Session};

/// How many there may be at once.
const MAX_SESSIONS: usize = 1024;

/// After this time without a request that receives, a session is over, as with sockjs-node.
const DISCONNECT_DELAY: Duration = Duration::from_secs(5);

/// The sessions of one instance, by the names that clients have chosen.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    by_name: Arc<Mutex<BTreeMap<String, Arc<Session>>>>,
    disconnect_delay: Duration,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { by_name: Arc::default(), disconnect_delay: DISCONNECT_DELAY }
    }
}

impl Sessions {
    /// The session of that name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Session>> {
        self.lock().get(name).cloned()
    }

    /// Opens a session, unless there are too many, or one of that name.
    pub(crate) fn open(&self, name: &str) -> Option<(Arc<Session>, Incoming, Outgoing)> {
        let mut sessions = self.lock();
        if sessions.len() >= MAX_SESSIONS || sessions.contains_key(name) {
            return None;
        }
        let (session, incoming, outgoing) = Session::open();
        sessions.insert(name.to_owned(), Arc::clone(&session));
        tokio::spawn(self.clone().remove_when_left(name.to_owned(), Arc::clone(&session)));
        Some((session, incoming, outgoing))
    }

    /// Ends all of them at once, as the end of the process does.
    pub(crate) fn clear(&self) {
        for session in std::mem::take(&mut *self.lock()).into_values() {
            session.interrupt();
        }
    }

    async fn remove_when_left(self, name: String, session: Arc<Session>) {
        let mut received = session.received();
        let is_left = async {
            loop {
                // The session, which this task holds, has the sender.
                let _ = received.wait_for(|received| !*received).await;
                let back = received.wait_for(|received| *received);
                if tokio::time::timeout(self.disconnect_delay, back).await.is_err() {
                    return;
                }
            }
        };
        is_left.await;
        session.interrupt();
        let mut sessions = self.lock();
        // After a restart the name may be another's.
        if sessions.get(&name).is_some_and(|other| Arc::ptr_eq(other, &session)) {
            sessions.remove(&name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Session>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_that_nobody_receives_from_is_removed() {
        let sessions = Sessions { disconnect_delay: Duration::from_millis(5), ..Sessions::default() };
        let removed = async |name: &str| {
            while sessions.get(name).is_some() {
                tokio::task::yield_now().await;
            }
        };
        let (held, ..) = sessions.open("held").unwrap();
        assert!(sessions.open("held").is_none(), "there is one");
        let receiver = held.receive().unwrap();
        assert!(held.receive().is_none(), "one at a time");
        let (left, ..) = sessions.open("left").unwrap();
        removed("left").await;
        assert!(!left.send("[]".to_owned()).await);
        assert!(sessions.get("held").is_some());
        receiver.finish();
        removed("held").await;
    }

    #[tokio::test]
    async fn there_are_not_more_than_so_many() {
        let sessions = Sessions::default();
        let open = (0..MAX_SESSIONS + 1).filter(|number| sessions.open(&number.to_string()).is_some());
        assert_eq!(open.count(), MAX_SESSIONS);
    }
}
