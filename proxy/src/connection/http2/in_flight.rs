//! What the connection holds of a response and has not sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;

/// Counts the pieces of a response's body that h2 holds, of which it tells nothing itself.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    pieces: AtomicUsize,
    waker: AtomicWaker,
}

/// A piece, which counts for as long as it is held.
struct Piece {
    data: Box<[u8]>,
    in_flight: Arc<InFlight>,
}

impl InFlight {
    /// A copy of `data` that counts.
    pub(super) fn piece(self: &Arc<Self>, data: &[u8]) -> Bytes {
        self.pieces.fetch_add(1, Ordering::Relaxed);
        Bytes::from_owner(Piece { data: data.into(), in_flight: Arc::clone(self) })
    }

    /// Ready when nothing is held.
    pub(super) fn poll_sent(&self, cx: &Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        match self.pieces.load(Ordering::Acquire) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if self.in_flight.pieces.fetch_sub(1, Ordering::Release) == 1 {
            self.in_flight.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_piece_counts_until_its_last_part_is_let_go() {
        let in_flight = Arc::new(InFlight::default());
        let is_sent = || in_flight.poll_sent(&Context::from_waker(Waker::noop())).is_ready();
        assert!(is_sent());
        let (mut first, second) = (in_flight.piece(b"abc"), in_flight.piece(b"d"));
        let part = first.split_to(1);
        assert_eq!((&part[..], &first[..]), (&b"a"[..], &b"bc"[..]));
        drop((first, second));
        assert!(!is_sent());
        drop(part);
        assert!(is_sent());
    }
}
