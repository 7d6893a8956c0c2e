//! What passes over a connection, and how much of it is of use: nginx's guard against floods of frames that cost little to send
//! (RFC 9113 §10.5), such as PING, SETTINGS, PRIORITY and empty DATA.

use std::cell::Cell;

/// How many times the payload, and more, may pass over a connection.
const MAX_OVERHEAD: u64 = 8;

/// What payload is taken for granted, as for a connection that has just begun.
const FREE_PAYLOAD: u64 = 1024 * 1024;

/// Counts the bytes of a connection, in both directions.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    total: Cell<u64>,
    payload: Cell<u64>,
}

impl Traffic {
    /// Counts what passes over the connection.
    pub(super) fn add(&self, count: usize) {
        self.total.set(self.total.get().saturating_add(count as u64));
    }

    /// Counts what of that was a part of a message.
    pub(super) fn add_payload(&self, count: usize) {
        self.payload.set(self.payload.get().saturating_add(count as u64));
    }

    /// Whether far more has passed than messages need.
    pub(super) fn is_flood(&self) -> bool {
        self.total.get() / MAX_OVERHEAD > self.payload.get().saturating_add(FREE_PAYLOAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_a_flood_when_messages_are_an_eighth_of_them() {
        let traffic = Traffic::default();
        traffic.add(8 * 1024 * 1024 + 7);
        assert!(!traffic.is_flood());
        traffic.add(1);
        assert!(traffic.is_flood());
        traffic.add_payload(1);
        assert!(!traffic.is_flood());
        traffic.add(1_000_000);
        traffic.add_payload(125_000);
        assert!(!traffic.is_flood());
    }
}
