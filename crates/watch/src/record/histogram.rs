//! Latencies, in bounded memory however many there are.

use std::time::Duration;

/// Buckets per power of two, so that no percentile is off by more than 1/64.
const BUCKETS_PER_POWER: usize = 64;

/// All buckets: up to some 19 hours, in microseconds.
const BUCKETS: usize = BUCKETS_PER_POWER * 31;

/// How often each latency was seen, to within 1.6 %.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: vec![0; BUCKETS], total: 0, longest: Duration::ZERO }
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket_of(micros).min(BUCKETS - 1)) {
            *count += 1;
        }
        self.total += 1;
        self.longest = self.longest.max(latency);
    }

    /// The latency that `percent` percent did not exceed; `None` if there are none.
    pub(crate) fn percentile(&self, percent: f64) -> Option<Duration> {
        let rank = (percent / 100.0 * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_micros(end_of(bucket)).min(self.longest))
    }

    /// The longest of all.
    pub(crate) fn longest(&self) -> Option<Duration> {
        (self.total > 0).then_some(self.longest)
    }

    /// Both together.
    pub(crate) fn with(&self, other: &Histogram) -> Histogram {
        let counts = self.counts.iter().zip(&other.counts).map(|(one, two)| one + two).collect();
        let longest = self.longest.max(other.longest);
        Histogram { counts, total: self.total + other.total, longest }
    }

    pub(crate) fn clear(&mut self) {
        *self = Histogram::default();
    }
}

/// Below 128 each number has its own bucket; above, the six bits after the leading one select it.
fn bucket_of(micros: u64) -> usize {
    let bits = (64 - micros.leading_zeros()) as usize;
    let shift = bits.saturating_sub(7);
    shift * BUCKETS_PER_POWER + usize::try_from(micros >> shift).unwrap_or(0)
}

/// The largest number in a bucket.
fn end_of(bucket: usize) -> u64 {
    let shift = (bucket / BUCKETS_PER_POWER).saturating_sub(1);
    let first = (bucket - shift * BUCKETS_PER_POWER) as u64;
    ((first + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_contiguous() {
        for bucket in 0..BUCKETS {
            assert_eq!(bucket_of(end_of(bucket)), bucket);
            assert_eq!(bucket_of(end_of(bucket) + 1), bucket + 1);
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
