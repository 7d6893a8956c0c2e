//! What happened when, in bounded memory: the time since the beginning in slices that become longer as it goes on.

use std::time::Duration;

use serde::Serialize;

/// A slice's length at the beginning.
const SHORTEST: Duration = Duration::from_millis(250);

/// No more slices than this: then each two become one.
const MOST: usize = 480;

/// The slices so far.
#[derive(Debug, Clone)]
pub(crate) struct Slices {
    length: Duration,
    slices: Vec<Slice>,
}

/// What happened within one slice of time. A request belongs to the one in which it was due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Slice {
    /// Requests that were answered as they should be.
    pub good: u32,
    /// Those that were not.
    pub failed: u32,
    /// The longest time to a good answer, in milliseconds.
    pub longest_ms: u32,
    /// Which instances answered: bit n for the n-th of the report's list.
    pub instances: u64,
}

impl Default for Slices {
    fn default() -> Slices {
        Slices { length: SHORTEST, slices: Vec::new() }
    }
}

impl Slices {
    /// The slice that `at` falls in.
    pub(crate) fn at(&mut self, at: Duration) -> Option<&mut Slice> {
        while self.number(at) >= MOST {
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

    /// How long each is.
    pub(crate) fn length(&self) -> Duration {
        self.length
    }

    /// All of them, from the beginning.
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
    fn hours_take_no_more_slices_and_nothing_is_lost() {
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
