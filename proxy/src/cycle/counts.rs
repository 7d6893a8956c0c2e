//! How many connections and requests there are and have been, in all workers: `stub_status`.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts of the process: nginx's `ngx_stat_…`.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Connections that were accepted.
    pub(crate) accepted: Count,
    /// Those of them for which there was room.
    pub(crate) handled: Count,
    /// Requests.
    pub(crate) requests: Count,
    /// Open connections of clients.
    pub(crate) active: Count,
    /// Requests whose head is being read.
    pub(crate) reading: Count,
    /// Requests that are being answered.
    pub(crate) writing: Count,
    /// Connections that wait for a request.
    pub(crate) waiting: Count,
}

/// One of them.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// The number.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn subtract(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that counts, for as long as this lives.
#[derive(Debug)]
pub(crate) struct CountedRequest<'c> {
    counts: &'c Counts,
    is_read: bool,
}

impl<'c> CountedRequest<'c> {
    /// A request whose head is about to be read.
    pub(crate) fn new(counts: &'c Counts) -> CountedRequest<'c> {
        counts.requests.add();
        counts.reading.add();
        CountedRequest { counts, is_read: false }
    }

    /// Its head has been read, and it is answered from now on.
    pub(crate) fn is_read(&mut self) {
        self.is_read = true;
        self.counts.reading.subtract();
        self.counts.writing.add();
    }
}

impl Drop for CountedRequest<'_> {
    fn drop(&mut self) {
        let count = if self.is_read { &self.counts.writing } else { &self.counts.reading };
        count.subtract();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_then_answered() {
        let counts = Counts::default();
        let now = || (counts.requests.get(), counts.reading.get(), counts.writing.get());
        let mut first = CountedRequest::new(&counts);
        let second = CountedRequest::new(&counts);
        assert_eq!(now(), (2, 2, 0));
        first.is_read();
        drop(second);
        assert_eq!(now(), (2, 0, 1));
        drop(first);
        assert_eq!(now(), (2, 0, 0));
    }
}
