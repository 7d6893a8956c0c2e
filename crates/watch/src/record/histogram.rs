//! Latencies, in bounded memory however many there are.

use std::time::Duration;

/// Each power of two is cut into so many classes, so that no percentile is off by more than 1/64.
const CLASSES: usize = 64;

/// How many of them it takes: up to some 19 hours, in microseconds.
const LENGTH: usize = CLASSES * 31;

/// How often each latency was seen, to within 1.6 %.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: vec![0; LENGTH], total: 0, longest: Duration::ZERO }
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(class_of(micros).min(LENGTH - 1)) {
            *count += 1;
        }
        self.total += 1;
        self.longest = self.longest.max(latency);
    }

    /// The latency that so many percent of all did not exceed; `None` without any.
    pub(crate) fn percentile(&self, percent: f64) -> Option<Duration> {
        let rank = (percent / 100.0 * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let class = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_micros(end_of(class)).min(self.longest))
    }

    /// The longest of all.
    pub(crate) fn longest(&self) -> Option<Duration> {
        (self.total > 0).then_some(self.longest)
    }

    /// Those of both.
    pub(crate) fn with(&self, other: &Histogram) -> Histogram {
        let counts = self.counts.iter().zip(&other.counts).map(|(one, two)| one + two).collect();
        let longest = self.longest.max(other.longest);
        Histogram { counts, total: self.total + other.total, longest }
    }

    pub(crate) fn clear(&mut self) {
        *self = Histogram::default();
    }
}

/// Below twice 64 each number has a class of its own; above, the six bits behind the first one tell it.
fn class_of(micros: u64) -> usize {
    let bits = (64 - micros.leading_zeros()) as usize;
    let shift = bits.saturating_sub(7);
    shift * CLASSES + usize::try_from(micros >> shift).unwrap_or(0)
}

/// The last number of a class.
fn end_of(class: usize) -> u64 {
    let shift = (class / CLASSES).saturating_sub(1);
    let first = (class - shift * CLASSES) as u64;
    ((first + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_its_class_and_classes_follow_one_another() {
        for class in 0..LENGTH {
            assert_eq!(class_of(end_of(class)), class);
            assert_eq!(class_of(end_of(class) + 1), class + 1);
        }
    }

    #[test]
    fn percentiles_are_within_two_percent() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|ms| histogram.add(Duration::from_millis(ms)));
        for (percent, ms) in [(50.0, 500.0), (90.0, 900.0), (99.0, 990.0), (100.0, 1000.0)] {
            let found = histogram.percentile(percent).unwrap().as_secs_f64() * 1000.0;
            assert!((found / ms - 1.0).abs() < 0.02, "p{percent} is {found}");
        }
        assert_eq!(histogram.longest(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn without_latencies_there_is_no_percentile() {
        assert_eq!(Histogram::default().percentile(99.0), None);
    }
}
