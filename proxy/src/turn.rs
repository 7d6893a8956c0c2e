//! A turn of a worker's event loop: what is done between two waits. As in nginx, the time is read once for each turn
//! (`ngx_time_update`) and not once for each use.

use std::cell::{Cell, RefCell};
use std::ops::Sub;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime::Builder;
use tokio::time::Instant;

/// A turn ends after so many polls of connections, even if there was always something to do: time must not stand still
/// when a worker is busiest.
const MAX_POLLS: u32 = 64;

thread_local! {
    static TURN: Turn = const {
        Turn {
            is_worker: Cell::new(false),
            now: Cell::new(None),
            moment: Cell::new(None),
            since_epoch: Cell::new(None),
            polls: Cell::new(0),
            at_end: RefCell::new(None),
        }
    };
}

/// When moments began to be counted.
static BEGIN: OnceLock<Instant> = OnceLock::new();

/// A time on a monotonic clock. Unlike an [`Instant`], it is told from another by one subtraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// Nanoseconds since [`BEGIN`], which last for 584 years.
    nanoseconds: u64,
}

/// The turn of this thread.
struct Turn {
    /// Whether this thread has turns.
    is_worker: Cell<bool>,
    now: Cell<Option<Instant>>,
    moment: Cell<Option<Moment>>,
    since_epoch: Cell<Option<Duration>>,
    polls: Cell<u32>,
    at_end: RefCell<Option<Box<dyn Fn()>>>,
}

/// Makes a runtime end a turn before it waits.
pub(crate) fn observe(runtime: &mut Builder) -> &mut Builder {
    runtime.on_thread_park(end)
}

/// From now on this thread has turns, which end with that. Its runtime must be [observed](observe).
pub(crate) fn run(at_end: impl Fn() + 'static) {
    TURN.with(|turn| {
        turn.is_worker.set(true);
        turn.at_end.replace(Some(Box::new(at_end)));
    });
}

/// The time of this turn, to be told from that of another; where there are no turns, the time.
pub(crate) fn moment() -> Moment {
    TURN.with(|turn| turn.read(&turn.moment, || Moment::of(now())))
}

/// The time of this turn, for timers; where there are no turns, the time.
pub(crate) fn now() -> Instant {
    TURN.with(|turn| turn.read(&turn.now, Instant::now))
}

/// Time since the epoch, as of this turn; zero if the system's clock is before 1970.
pub(crate) fn since_epoch() -> Duration {
    let read = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TURN.with(|turn| turn.read(&turn.since_epoch, read))
}

/// Counts a poll of a connection, which may end the turn.
pub(crate) fn count_poll() {
    TURN.with(|turn| {
        let polls = turn.polls.get() + 1;
        turn.polls.set(polls);
        if polls >= MAX_POLLS {
            turn.end();
        }
    });
}

fn end() {
    TURN.with(Turn::end);
}

impl Moment {
    fn of(time: Instant) -> Moment {
        let age = time.saturating_duration_since(*BEGIN.get_or_init(|| time));
        Moment { nanoseconds: u64::try_from(age.as_nanos()).unwrap_or(u64::MAX) }
    }

    /// Whole seconds, far from 0.
    pub(crate) fn seconds(self) -> u64 {
        const START: u64 = 1 << 32;
        START + self.nanoseconds / 1_000_000_000
    }
}

impl Sub for Moment {
    type Output = Duration;

    /// The time since an earlier moment; zero if it is a later one.
    fn sub(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.nanoseconds.saturating_sub(earlier.nanoseconds))
    }
}

impl Turn {
    fn read<T: Copy>(&self, kept: &Cell<Option<T>>, read: impl Fn() -> T) -> T {
        if !self.is_worker.get() {
            return read();
        }
        kept.get().unwrap_or_else(|| {
            let value = read();
            kept.set(Some(value));
            value
        })
    }

    fn end(&self) {
        self.polls.set(0);
        self.now.set(None);
        self.moment.set(None);
        self.since_epoch.set(None);
        if let Some(at_end) = &*self.at_end.borrow() {
            at_end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn time_stands_still_within_a_turn() {
        let runtime = observe(&mut Builder::new_current_thread()).enable_all().build().unwrap();
        let ends = Rc::new(Cell::new(0));
        let counted = Rc::clone(&ends);
        runtime.block_on(async {
            run(move || counted.set(counted.get() + 1));
            let read = || (now(), moment(), since_epoch());
            let (time, moment, day) = read();
            std::thread::sleep(Duration::from_millis(2));
            assert_eq!(read(), (time, moment, day));
            tokio::time::sleep(Duration::from_millis(2)).await;
            let later = read();
            assert!(later.0 > time && later.2 > day && ends.get() > 0);
            assert_eq!(later.1 - moment, later.0 - time);
            assert_eq!(moment - later.1, Duration::ZERO);
        });
    }

    #[test]
    fn a_turn_in_which_there_is_always_something_to_do_ends_nevertheless() {
        let ends = Rc::new(Cell::new(0));
        let counted = Rc::clone(&ends);
        run(move || counted.set(counted.get() + 1));
        let time = now();
        std::thread::sleep(Duration::from_millis(2));
        (1..MAX_POLLS).for_each(|_| count_poll());
        assert_eq!((now(), ends.get()), (time, 0));
        count_poll();
        assert!(now() > time);
        assert_eq!(ends.get(), 1);
    }

    #[test]
    fn a_thread_without_turns_reads_the_time() {
        let time = now();
        std::thread::sleep(Duration::from_millis(2));
        assert!(now() > time);
    }
}
