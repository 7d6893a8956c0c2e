//! Open-loop pacing: every request is due at a fixed time, whether or not earlier ones have been answered.
//!
//! A client that waits for a response before it sends the next request sends less while the system stalls, and so reports
//! one slow response where a hundred visitors waited. Here each of the hundred is sent on time, as long as there is a
//! free slot; otherwise it waits for one, and the wait counts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// When requests are due, and how many may be in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    pub(super) first: Instant,
    pub(super) interval: Duration,
    pub(super) places: usize,
    /// A request that has waited this long for a slot is not sent.
    pub(super) timeout: Duration,
}

/// Tells all tasks of a watch that it is over.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    at: watch::Receiver<Option<Instant>>,
    /// How long responses still count after that.
    grace: Duration,
}

impl Stop {
    /// A `Stop`, and the sender that triggers it.
    pub(super) fn new(grace: Duration) -> (watch::Sender<Option<Instant>>, Stop) {
        let (sender, at) = watch::channel(None);
        (sender, Stop { at, grace })
    }

    /// Waits until the watch is over, and returns when that was.
    pub(super) async fn over(&self) -> Instant {
        let mut at = self.at.clone();
        let over = at.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        over.unwrap_or_else(Instant::now)
    }

    /// Waits until late responses no longer count.
    pub(super) async fn grace_period_over(&self) {
        sleep_until(self.over().await + self.grace).await;
    }
}

/// Sends the requests of a schedule.
pub(super) trait RequestSender: Send + Sync + 'static {
    /// Sends request `number`, and records the outcome.
    fn ask(self: Arc<Self>, number: u64, due: Instant) -> impl Future<Output = ()> + Send;

    /// There was no slot for the request that was due then.
    fn missed(&self, due: Instant);

    /// This machine was late to send a request.
    fn late(&self, by: Duration);
}

/// Sends requests on schedule until the watch is over, and waits until all are done.
pub(super) async fn run_schedule(schedule: Schedule, stop: Stop, asker: Arc<impl RequestSender>) {
    let places = Arc::new(Semaphore::new(schedule.places.max(1)));
    let mut asked = JoinSet::new();
    let mut over = None;
    // After a stall, the backlog is sent at no more than twice the rate.
    let mut earliest = schedule.first;
    for number in 0_u32.. {
        let due = schedule.first + schedule.interval.saturating_mul(number);
        let at = due.max(earliest);
        match over {
            None => tokio::select! {
                biased;
                end = stop.over() => over = Some(end),
                () = sleep_until(at) => {}
            },
            Some(_) => tokio::select! {
                () = sleep_until(at) => {}
                () = stop.grace_period_over() => {}
            },
        }
        if over.is_some_and(|over| due > over) {
            break;
        }
        let place = match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                asker.late(if at == due { due.elapsed() } else { Duration::ZERO });
                Some(place)
            }
            Err(_) => tokio::select! {
                biased;
                () = sleep_until(due + schedule.timeout) => None,
                () = stop.grace_period_over() => None,
                place = Arc::clone(&places).acquire_owned() => place.ok(),
            },
        };
        while asked.try_join_next().is_some() {}
        let Some(place) = place else {
            asker.missed(due);
            continue;
        };
        let now = Instant::now();
        earliest = now + schedule.interval / 2;
        let asker = Arc::clone(&asker);
        asked.spawn(async move {
            asker.ask(u64::from(number), due).await;
            drop(place);
        });
    }
    while asked.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::sleep;

    use super::*;

    /// A server that stalls from second 2 to 5, and otherwise responds at once. Records when each request was due and when
    /// it was answered, in milliseconds.
    struct StallingServer {
        began: Instant,
        answered: Mutex<Vec<(u128, u128)>>,
        missed: Mutex<Vec<u128>>,
    }

    impl RequestSender for StallingServer {
        async fn ask(self: Arc<Self>, _number: u64, due: Instant) {
            let now = self.began.elapsed();
            if (2..5).contains(&now.as_secs()) {
                sleep(Duration::from_secs(5) - now).await;
            }
            let entry = ((due - self.began).as_millis(), self.began.elapsed().as_millis());
            self.answered.lock().unwrap().push(entry);
        }

        fn missed(&self, due: Instant) {
            self.missed.lock().unwrap().push((due - self.began).as_millis());
        }

        fn late(&self, _by: Duration) {}
    }

    /// Sends a request per second for eight seconds; each waits `timeout` seconds for one of `places` slots.
    async fn paced(places: usize, timeout: u64) -> (Vec<(u128, u128)>, Vec<u128>) {
        let began = Instant::now();
        let schedule = Schedule {
            first: began,
            interval: Duration::from_secs(1),
            places,
            timeout: Duration::from_secs(timeout),
        };
        let asker = Arc::new(StallingServer { began, answered: Mutex::default(), missed: Mutex::default() });
        let (end, stop) = Stop::new(Duration::from_secs(1));
        let pacing = tokio::spawn(run_schedule(schedule, stop, Arc::clone(&asker)));
        sleep(Duration::from_millis(7900)).await;
        end.send_replace(Some(Instant::now()));
        pacing.await.unwrap();
        let answered = std::mem::take(&mut *asker.answered.lock().unwrap());
        let missed = std::mem::take(&mut *asker.missed.lock().unwrap());
        (answered, missed)
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_sent_on_time_while_earlier_ones_stall() {
        let (mut answered, missed) = paced(8, 60).await;
        answered.sort_unstable();
        let stalled = [(2000, 5000), (3000, 5000), (4000, 5000)];
        let expected = [&[(0, 0), (1000, 1000)], &stalled[..], &[(5000, 5000), (6000, 6000), (7000, 7000)]];
        assert_eq!((answered, missed), (expected.concat(), vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn time_spent_waiting_for_a_slot_counts_and_a_backlog_is_not_sent_at_once() {
        let (answered, missed) = paced(1, 60).await;
        let behind = [(2000, 5000), (3000, 5000), (4000, 5500), (5000, 6000), (6000, 6500), (7000, 7000)];
        assert_eq!((answered, missed), ([&[(0, 0), (1000, 1000)], &behind[..]].concat(), vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_too_long_is_not_sent() {
        let (answered, missed) = paced(1, 1).await;
        let after = [(2000, 5000), (5000, 5000), (6000, 6000), (7000, 7000)];
        assert_eq!((answered, missed), ([&[(0, 0), (1000, 1000)], &after[..]].concat(), vec![3000, 4000]));
    }
}
