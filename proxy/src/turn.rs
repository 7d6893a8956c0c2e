//! A turn of a worker's event loop: what is done between two waits. As in nginx, the time is read once for each turn
//! (`ngx_time_update`) and not once for each use.

use std::cell::{Cell, RefCell};
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
            since_epoch: Cell::new(None),
            polls: Cell::new(0),
            at_end: RefCell::new(None),
        }
    };
}

/// The turn of this thread.
struct Turn {
    /// Whether this thread has turns.
    is_worker: Cell<bool>,
    now: Cell<Option<Instant>>,
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

/// The time of this turn; where there are no turns, the time.
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
            let (time, day) = (now(), since_epoch());
            std::thread::sleep(Duration::from_millis(2));
            assert_eq!((now(), since_epoch()), (time, day));
            tokio::time::sleep(Duration::from_millis(2)).await;
            assert!(now() > time && since_epoch() > day && ends.get() > 0);
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
