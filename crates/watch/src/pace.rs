//! Open-loop pacing: every request has a time at which it is due, whether or not earlier ones have been answered.
//!
//! A client that waits for an answer before it asks again asks less while the system stalls, and so reports one slow
//! answer where a hundred visitors waited. Here each of the hundred is sent on time, as long as there is a place among
//! those in flight; one that finds none waits for it, and its waiting counts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// When requests are due, and how many may wait for their answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    pub(super) first: Instant,
    pub(super) interval: Duration,
    pub(super) places: usize,
    /// One that has waited so long for a place is not sent any more.
    pub(super) patience: Duration,
}

/// Tells all parts of a watch that it is over.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    at: watch::Receiver<Option<Instant>>,
    /// How long after that answers still count.
    grace: Duration,
}

impl Stop {
    /// A `Stop`, and what brings it about.
    pub(super) fn new(grace: Duration) -> (watch::Sender<Option<Instant>>, Stop) {
        let (sender, at) = watch::channel(None);
        (sender, Stop { at, grace })
    }

    /// Waits until the watch is over; when that was.
    pub(super) async fn over(&self) -> Instant {
        let mut at = self.at.clone();
        let over = at.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        over.unwrap_or_else(Instant::now)
    }

    /// Waits until even late answers do not count any more.
    pub(super) async fn over_for_good(&self) {
        sleep_until(self.over().await + self.grace).await;
    }
}

/// What is done with requests that are due.
pub(super) trait Asker: Send + Sync + 'static {
    /// Sends the request of that number, and deals with its answer.
    fn ask(self: Arc<Self>, number: u64, due: Instant) -> impl Future<Output = ()> + Send;

    /// There was no place for one that was due then.
    fn missed(&self, due: Instant);

    /// This machine noticed so late that one was due.
    fn late(&self, by: Duration);
}

/// Sends requests in this rhythm until the watch is over, and waits until all are done.
pub(super) async fn pace(rhythm: Rhythm, stop: Stop, asker: Arc<impl Asker>) {
    let places = Arc::new(Semaphore::new(rhythm.places.max(1)));
    let mut asked = JoinSet::new();
    let mut over = None;
    // After a stall, those that wait are sent at no more than twice the rate: nobody is flooded.
    let mut earliest = rhythm.first;
    for number in 0_u32.. {
        let due = rhythm.first + rhythm.interval.saturating_mul(number);
        let at = due.max(earliest);
        match over {
            None => tokio::select! {
                biased;
                end = stop.over() => over = Some(end),
                () = sleep_until(at) => {}
            },
            Some(_) => tokio::select! {
                () = sleep_until(at) => {}
                () = stop.over_for_good() => {}
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
                () = sleep_until(due + rhythm.patience) => None,
                () = stop.over_for_good() => None,
                place = Arc::clone(&places).acquire_owned() => place.ok(),
            },
        };
        while asked.try_join_next().is_some() {}
        let Some(place) = place else {
            asker.missed(due);
            continue;
        };
        let now = Instant::now();
        earliest = now + rhythm.interval / 2;
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

    /// A server that hangs from the second second to the fifth, and otherwise answers at once. What is noted: when a
    /// request was due, and when it was answered, in milliseconds.
    struct Hanging {
        began: Instant,
        answered: Mutex<Vec<(u128, u128)>>,
        missed: Mutex<Vec<u128>>,
    }

    impl Asker for Hanging {
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

    /// A request each second for eight seconds, so many at once, each waiting so many seconds for its place.
    async fn paced(places: usize, patience: u64) -> (Vec<(u128, u128)>, Vec<u128>) {
        let began = Instant::now();
        let rhythm = Rhythm {
            first: began,
            interval: Duration::from_secs(1),
            places,
            patience: Duration::from_secs(patience),
        };
        let asker = Arc::new(Hanging { began, answered: Mutex::default(), missed: Mutex::default() });
        let (end, stop) = Stop::new(Duration::from_secs(1));
        let pacing = tokio::spawn(pace(rhythm, stop, Arc::clone(&asker)));
        sleep(Duration::from_millis(7900)).await;
        end.send_replace(Some(Instant::now()));
        pacing.await.unwrap();
        let answered = std::mem::take(&mut *asker.answered.lock().unwrap());
        let missed = std::mem::take(&mut *asker.missed.lock().unwrap());
        (answered, missed)
    }

    #[tokio::test(start_paused = true)]
    async fn requests_go_out_on_time_though_earlier_ones_hang() {
        let (mut answered, missed) = paced(8, 60).await;
        answered.sort_unstable();
        let stalled = [(2000, 5000), (3000, 5000), (4000, 5000)];
        let expected = [&[(0, 0), (1000, 1000)], &stalled[..], &[(5000, 5000), (6000, 6000), (7000, 7000)]];
        assert_eq!((answered, missed), (expected.concat(), vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_waits_for_a_place_counts_its_waiting_and_those_behind_do_not_rush() {
        let (answered, missed) = paced(1, 60).await;
        let behind = [(2000, 5000), (3000, 5000), (4000, 5500), (5000, 6000), (6000, 6500), (7000, 7000)];
        assert_eq!((answered, missed), ([&[(0, 0), (1000, 1000)], &behind[..]].concat(), vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_waits_too_long_is_not_sent_any_more() {
        let (answered, missed) = paced(1, 1).await;
        let after = [(2000, 5000), (5000, 5000), (6000, 6000), (7000, 7000)];
        assert_eq!((answered, missed), ([&[(0, 0), (1000, 1000)], &after[..]].concat(), vec![3000, 4000]));
    }
}
