//! How fast a response is sent: `limit_rate`.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::turn::{self, Moment};
use crate::wire::Deadline;

/// A limit on the bytes of a response in a second, as `ngx_http_write_filter` has it.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Bytes in a second.
    rate: u64,
    /// Bytes before the limit holds.
    after: u64,
    /// When the request began.
    started: Moment,
    /// Until when nothing is sent.
    pause: Deadline,
    is_paused: bool,
}

impl Pace {
    /// A limit of at least one byte in a second.
    pub(crate) fn new(rate: u64, after: u64, started: Moment) -> Pace {
        Pace { rate: rate.max(1), after, started, pause: Deadline::default(), is_paused: false }
    }

    /// How many bytes may be sent now, if so many were sent before.
    pub(super) fn poll_room(&mut self, sent: u64, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            if self.is_paused {
                if self.pause.poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.is_paused = false;
            }
            let seconds = (turn::moment() - self.started).as_secs() + 1;
            let allowed = self.rate.saturating_mul(seconds).saturating_add(self.after);
            if allowed > sent {
                return Poll::Ready(usize::try_from(allowed - sent).unwrap_or(usize::MAX));
            }
            self.pause_for(sent - allowed + 1);
        }
    }

    /// Counts bytes as sent, of which there were so many before.
    pub(super) fn sent(&mut self, before: u64, count: u64) {
        let limited = (before + count).saturating_sub(self.after.max(before));
        if limited > 0 {
            self.pause_for(limited);
        }
    }

    /// Whether it is this that a response waits for.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused
    }

    fn pause_for(&mut self, bytes: u64) {
        let pause = Duration::from_millis(bytes.saturating_mul(1000) / self.rate);
        if !pause.is_zero() {
            self.pause.start(pause);
            self.is_paused = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn room(pace: &mut Pace, sent: u64) -> Option<usize> {
        match pace.poll_room(sent, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(room) => Some(room),
            Poll::Pending => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_is_waited_for() {
        let mut pace = Pace::new(1000, 0, turn::moment());
        assert_eq!(room(&mut pace, 0), Some(1000));
        pace.sent(0, 1000);
        assert_eq!((room(&mut pace, 1000), pace.is_paused()), (None, true));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(room(&mut pace, 1000), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_bytes_are_free() {
        let mut pace = Pace::new(1000, 500, turn::moment());
        assert_eq!(room(&mut pace, 0), Some(1500));
        pace.sent(0, 400);
        assert_eq!(room(&mut pace, 400), Some(1100));
        pace.sent(400, 100);
        assert_eq!(room(&mut pace, 500), Some(1000));
        pace.sent(500, 1);
        assert_eq!(room(&mut pace, 501), None);
    }
}
