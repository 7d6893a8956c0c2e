use std::time::Duration;

use tokio::time::Instant;

/// After how many intervals of silence a client is given up.
const MAX_SILENT_INTERVALS: u32 = 3;

/// The heart-beats of both sides.
#[derive(Debug)]
pub(super) struct HeartBeats {
    /// How often the server sends one.
    send_interval: Option<Duration>,
    /// How often the client has promised one.
    receive_interval: Option<Duration>,
    last_sent: Instant,
    last_received: Instant,
}

impl Default for HeartBeats {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl HeartBeats {
    /// Intervals in milliseconds; 0 for never.
    pub(super) fn new(send_interval: u32, receive_interval: u32) -> Self {
        let interval = |ms: u32| (ms > 0).then(|| Duration::from_millis(u64::from(ms)));
        let now = Instant::now();
        Self {
            send_interval: interval(send_interval),
            receive_interval: interval(receive_interval),
            last_sent: now,
            last_received: now,
        }
    }

    /// Something was sent.
    pub(super) fn sent(&mut self) {
        self.last_sent = Instant::now();
    }

    /// Something was received.
    pub(super) fn received(&mut self) {
        self.last_received = Instant::now();
    }

    /// When to send the next: a little before the interval is over, so that it arrives in time.
    pub(super) fn send_at(&self) -> Option<Instant> {
        Some(self.last_sent + self.send_interval? * 9 / 10)
    }

    /// When to give up a client that stays silent.
    pub(super) fn give_up_at(&self) -> Option<Instant> {
        Some(self.last_received + self.receive_interval? * MAX_SILENT_INTERVALS)
    }
}
