//! A timeline in bounded memory: slices of time that double in length as the watch goes on.

use std::time::Duration;

use serde::Serialize;

/// The length of a slice at first.
const MIN_SLICE: Duration = Duration::from_millis(250);

/// The most slices; when exceeded, pairs are merged.
const MAX_SLICES: usize = 480;

/// The slices so far.
#[derive(Debug, Clone)]
pub(crate) struct Slices {
    length: Duration,
    slices: Vec<Slice>,
}

/// One slice of time. A request belongs to the slice in which it was due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Slice {
    /// Requests that got the expected response.
    pub good: u32,
    /// Requests that did not.
    pub failed: u32,
    /// The longest latency of a good response, in milliseconds.
    pub longest_ms: u32,
    /// The instances that responded: bit n for the n-th in the report's list.
    pub instances: u64,
}

impl Default for Slices {
    fn default() -> Slices {
        Slices { length: MIN_SLICE, slices: Vec::new() }
    }
}

impl Slices {
    /// The slice that contains `at`.
    pub(crate) fn at(&mut self, at: Duration) -> Option<&mut Slice> {
        while self.number(at) >= MAX_SLICES {
            self.slices = self.slices.chunks(2).map(Slice::of).collect();
            self.length *= 2;
        }
        let number = self.number(at);
        if self.slices.len() <= number {
            self.slices.resize(number + 1, Slice::default());
        }
        self.slices.get_mut(number)
    }

    fn number(&self, at: Duration) -> usize {
        usize::try_from(at.as_millis() / self.length.as_millis().max(1)).unwrap_or(usize::MAX)
    }

    /// The length of each.
    pub(crate) fn length(&self) -> Duration {
        self.length
    }

    /// All slices, from the start.
    pub(crate) fn all(&self) -> &[Slice] {
        &self.slices
    }
}

impl Slice {
    fn of(slices: &[Slice]) -> Slice {
        slices.iter().fold(Slice::default(), |whole, slice| Slice {
            good: whole.good + slice.good,
            failed: whole.failed + slice.failed,
            longest_ms: whole.longest_ms.max(slice.longest_ms),
            instances: whole.instances | slice.instances,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_watch_has_longer_slices_and_loses_nothing() {
        let mut slices = Slices::default();
        for second in 0..7200 {
            slices.at(Duration::from_secs(second)).unwrap().good += 1;
        }
        slices.at(Duration::from_secs(3600)).unwrap().failed += 1;
        let all = slices.all();
        assert_eq!((slices.length(), all.len()), (Duration::from_secs(16), 450));
        assert_eq!(all.iter().map(|slice| slice.good).sum::<u32>(), 7200);
        assert_eq!(all.iter().position(|slice| slice.failed > 0), Some(3600 / 16));
    }
}
