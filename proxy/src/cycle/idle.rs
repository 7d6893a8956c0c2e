//! Client connections that wait for a request, which may be closed to make room: nginx's `reusable_connections_queue`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use slab::Slab;

use super::counts::Counts;

/// Client connections of a worker that wait for a request. To come and go costs the same however many there are.
#[derive(Debug)]
pub(super) struct IdleList {
    entries: RefCell<Slab<IdleEntry>>,
    /// The number of the next one.
    next: Cell<u64>,
    /// Those that were told to close and have not done so yet.
    evicting: Cell<usize>,
    draining: Cell<bool>,
    counts: Arc<Counts>,
}

/// One of them.
#[derive(Debug)]
struct IdleEntry {
    /// Numbers grow, so the smallest has waited longest.
    number: u64,
    /// Whether it waits for its first request, which it may still send while the worker drains.
    first: bool,
    waker: Option<Waker>,
}

/// Marks a client connection as idle, so that it may be closed to make room, until this is dropped. See
/// [`Connections::idle`](super::connections::Connections::idle).
#[derive(Debug)]
pub(crate) struct IdleConnection {
    list: Rc<IdleList>,
    key: usize,
    number: u64,
}

impl IdleList {
    /// Nobody waits yet.
    pub(super) fn new(counts: Arc<Counts>) -> IdleList {
        IdleList {
            entries: RefCell::default(),
            next: Cell::new(0),
            evicting: Cell::new(0),
            draining: Cell::new(false),
            counts,
        }
    }

    /// One that waits for its `first` request, or for the next one.
    pub(super) fn add(list: &Rc<IdleList>, first: bool) -> IdleConnection {
        let number = list.next.get();
        list.next.set(number + 1);
        let key = list.entries.borrow_mut().insert(IdleEntry { number, first, waker: None });
        list.counts.waiting.add();
        IdleConnection { list: Rc::clone(list), key, number }
    }

    /// How many wait and were not told to close.
    pub(super) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// How many were told to close and have not done so yet.
    pub(super) fn evicting(&self) -> usize {
        self.evicting.get()
    }

    /// Tells those to close that have waited longest, at most `count`; false if nobody waits.
    pub(super) fn evict(&self, count: usize) -> bool {
        let mut entries = self.entries.borrow_mut();
        let mut longest: Vec<_> = entries.iter().map(|(key, entry)| (entry.number, key)).collect();
        if count < longest.len() {
            longest.select_nth_unstable(count);
            longest.truncate(count);
        }
        for (_, key) in &longest {
            entries.remove(*key).wake();
        }
        self.evicting.set(self.evicting.get() + longest.len());
        !longest.is_empty()
    }

    /// Tells all to close, now and later, except those that wait for their first request.
    pub(super) fn drain(&self) {
        self.draining.set(true);
        for (_, waiting) in self.entries.borrow_mut().iter_mut().filter(|(_, waiting)| !waiting.first) {
            waiting.wake();
        }
    }
}

impl IdleEntry {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl IdleConnection {
    /// Ready when the connection is to be closed, because the worker needs room or drains.
    pub(crate) fn poll_closing(&self, cx: &Context<'_>) -> Poll<()> {
        let mut entries = self.list.entries.borrow_mut();
        // A key is given again, a number is not.
        match entries.get_mut(self.key).filter(|waiting| waiting.number == self.number) {
            Some(waiting) if waiting.first || !self.list.draining.get() => {
                match &mut waiting.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// Waits until the connection is to be closed.
    pub(crate) async fn closing(&self) {
        poll_fn(|cx| self.poll_closing(cx)).await;
    }
}

impl Drop for IdleConnection {
    fn drop(&mut self) {
        self.list.counts.waiting.subtract();
        let mut entries = self.list.entries.borrow_mut();
        if entries.get(self.key).is_some_and(|waiting| waiting.number == self.number) {
            entries.remove(self.key);
        } else {
            self.list.evicting.set(self.list.evicting.get().saturating_sub(1));
        }
    }
}
