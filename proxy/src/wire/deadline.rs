//! Timers that are cheap to postpone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::turn;

/// A deadline that moves with every byte. Almost every deadline is moved before it passes, so the timer underneath is
/// only touched when it fires too early.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    sleep: Option<Pin<Box<Sleep>>>,
    at: Option<Instant>,
}

impl Deadline {
    /// Sets the deadline to `timeout` from now.
    pub(crate) fn start(&mut self, timeout: Duration) {
        self.at = turn::now().checked_add(timeout);
    }

    /// Sets the deadline to `timeout` from now, unless it is set already.
    pub(crate) fn start_once(&mut self, timeout: Duration) {
        if self.at.is_none() {
            self.start(timeout);
        }
    }

    /// Clears the deadline.
    pub(crate) fn stop(&mut self) {
        self.at = None;
    }

    /// Clears the deadline and frees the timer, for connections that may be silent for hours.
    pub(crate) fn release(&mut self) {
        self.at = None;
        self.sleep = None;
    }

    /// Ready once the deadline has passed; never if none is set.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= at {
                self.at = None;
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_fires_when_it_was_last_set_to() {
        let (mut deadline, begin) = (Deadline::default(), Instant::now());
        for seconds in [5, 60, 2] {
            deadline.start(Duration::from_secs(seconds));
            assert!(std::future::poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await.is_pending());
        }
        std::future::poll_fn(|cx| deadline.poll(cx)).await;
        assert_eq!(begin.elapsed().as_secs(), 2);
        deadline.start(Duration::from_secs(10));
        std::future::poll_fn(|cx| deadline.poll(cx)).await;
        assert_eq!(begin.elapsed().as_secs(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_given_back_never_fires() {
        let mut deadline = Deadline::default();
        deadline.start(Duration::from_secs(5));
        deadline.release();
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert!(std::future::poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await.is_pending());
    }
}
