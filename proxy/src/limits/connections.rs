//! How many requests are being answered for each key: `ngx_http_limit_conn_module`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::memory::{Memory, TREE_NODE_SIZE};

/// nginx's memory for a key, without the key.
const NODE_SIZE: usize = TREE_NODE_SIZE + 4;

/// A zone of `limit_conn_zone`.
#[derive(Debug)]
pub(crate) struct ConnectionZone(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    of: HashMap<Box<[u8]>, u32>,
    memory: Memory,
}

/// A request that counts, for as long as this lives.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    zone: Arc<ConnectionZone>,
    key: Box<[u8]>,
}

/// Why a request may not be answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionRefusal {
    /// There are as many as there may be.
    TooMany,
    /// The zone is full.
    NoMemory,
}

impl ConnectionZone {
    /// A zone of that many bytes.
    pub(super) fn new(size: usize) -> ConnectionZone {
        ConnectionZone(Mutex::new(Counts { of: HashMap::new(), memory: Memory::new(size) }))
    }

    /// Counts a request, if there are not `most` already.
    pub(crate) fn enter(
        self: &Arc<Self>,
        key: &[u8],
        most: u32,
    ) -> Result<ConnectionSlot, ConnectionRefusal> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { of, memory } = &mut *counts;
        match of.get_mut(key) {
            Some(count) if *count >= most => return Err(ConnectionRefusal::TooMany),
            Some(count) => *count += 1,
            None if !memory.take(NODE_SIZE + key.len()) => return Err(ConnectionRefusal::NoMemory),
            None => drop(of.insert(key.into(), 1)),
        }
        Ok(ConnectionSlot { zone: Arc::clone(self), key: key.into() })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut counts = self.zone.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.of.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.of.remove(&self.key);
                counts.memory.give_back(NODE_SIZE + self.key.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_may_be_and_then_another_when_one_has_left() {
        let zone = Arc::new(ConnectionZone::new(32 * 1024));
        let first = zone.enter(b"a", 2).unwrap();
        let _second = zone.enter(b"a", 2).unwrap();
        assert_eq!(zone.enter(b"a", 2).unwrap_err(), ConnectionRefusal::TooMany);
        assert!(zone.enter(b"b", 1).is_ok());
        drop(first);
        assert!(zone.enter(b"a", 2).is_ok());
    }

    #[test]
    fn a_zone_that_is_full_lets_nobody_in() {
        let zone = Arc::new(ConnectionZone::new(32 * 1024));
        let slots: Vec<_> = (0_u32..10_000).map_while(|key| zone.enter(&key.to_be_bytes(), 1).ok()).collect();
        assert!((300..600).contains(&slots.len()), "{}", slots.len());
        assert_eq!(zone.enter(b"next", 1).unwrap_err(), ConnectionRefusal::NoMemory);
    }
}
