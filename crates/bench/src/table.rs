//! Medians, their spread, ratios to nginx, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::cases::Case;
use crate::contender::Contender;
use crate::measure::{Metric, Sample};

/// What each contender came to in one case, in all rounds.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) case: &'static Case,
    pub(crate) samples: BTreeMap<Contender, Vec<Sample>>,
}

/// The middle of several measurements, and how far they lie apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Median {
    pub(crate) value: f64,
    /// Half the distance between the least and the greatest, as a part of the median.
    pub(crate) spread: f64,
}

impl Outcome {
    /// The median of what was measured, if it was.
    pub(crate) fn median(&self, contender: Contender, metric: Metric) -> Option<Median> {
        let samples = self.samples.get(&contender)?;
        let mut values: Vec<f64> = samples.iter().filter_map(|sample| sample.get(&metric).copied()).collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let value = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Some(Median { value, spread: if value == 0.0 { 0.0 } else { (greatest - least) / 2.0 / value } })
    }

    /// The reference proxy's median divided by nginx's.
    pub(crate) fn ratio(&self, metric: Metric) -> Option<f64> {
        let [nginx, reference] = Contender::PAIR.map(|contender| self.median(contender, metric));
        Some(reference?.value / nginx?.value).filter(|ratio| ratio.is_finite())
    }

    /// What the ratio is meant to be, and whether it is.
    fn goal(&self, metric: Metric) -> Option<(f64, bool)> {
        let ratio = self.ratio(metric)?;
        match metric {
            Metric::PerSecond => self.case.goal.speed.map(|goal| (goal, ratio >= goal)),
            // At a fixed rate the work is the same for everybody: the latency is what counts.
            Metric::P99 | Metric::PerSession => self.case.goal.cost.map(|goal| (goal, ratio <= goal)),
            Metric::Cpu if self.case.goal.speed.is_some() => {
                self.case.goal.cost.map(|goal| (goal, ratio <= goal))
            }
            _ => None,
        }
    }
}

/// What the table shows of what was measured.
const SHOWN: [(Metric, &str); 9] = [
    (Metric::PerSecond, "per second"),
    (Metric::Cpu, "CPU, µs"),
    (Metric::Busy, "cores used"),
    (Metric::P50, "p50, ms"),
    (Metric::P99, "p99, ms"),
    (Metric::PerSession, "bytes a session"),
    (Metric::Resident, "MiB before"),
    (Metric::Peak, "MiB at peak"),
    (Metric::StartUp, "ms"),
];

/// The table, one line for each case and measure.
pub(crate) fn markdown(outcomes: &[Outcome], contenders: &[Contender]) -> String {
    let others: Vec<Contender> =
        contenders.iter().copied().filter(|contender| !Contender::PAIR.contains(contender)).collect();
    let mut text = String::from("| case | | nginx | reference | ratio | goal |");
    for other in &others {
        let _ = write!(text, " {} |", other.name());
    }
    let _ = write!(text, "\n|---|---|--:|--:|--:|--:|{}\n", "--:|".repeat(others.len()));
    for outcome in outcomes {
        let mut name = outcome.case.name;
        for (metric, label) in SHOWN {
            let [nginx, reference] = Contender::PAIR.map(|contender| outcome.median(contender, metric));
            if nginx.is_none() && reference.is_none() {
                continue;
            }
            let ratio = outcome.ratio(metric).map(|ratio| format!("**{ratio:.2}**")).unwrap_or_default();
            let goal = outcome.goal(metric).map(|(goal, reached)| {
                let sign = if metric == Metric::PerSecond { '≥' } else { '≤' };
                format!("{sign} {goal:.2} {}", if reached { "✓" } else { "✗" })
            });
            let _ = write!(
                text,
                "| {name} | {label} | {} | {} | {ratio} | {} |",
                shown(metric, nginx),
                shown(metric, reference),
                goal.unwrap_or_default(),
            );
            for other in &others {
                let _ = write!(text, " {} |", shown(metric, outcome.median(*other, metric)));
            }
            text.push('\n');
            name = "";
        }
    }
    text
}

/// What failed that should not have, a line each.
pub(crate) fn failures(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        for contender in outcome.samples.keys() {
            let failed = outcome.median(*contender, Metric::Failed).map_or(0.0, |median| median.value);
            if failed > 0.0 {
                let name = contender.name();
                let _ = writeln!(text, "- {}: {name} failed {failed:.2} of 1000", outcome.case.name);
            }
        }
    }
    text
}

fn shown(metric: Metric, median: Option<Median>) -> String {
    let Some(Median { value, spread }) = median else { return "–".into() };
    let value = match metric {
        Metric::Resident | Metric::Peak => value / f64::from(1 << 20),
        _ => value,
    };
    let digits = match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    };
    let percent = spread * 100.0;
    format!("{digits} ±{percent:.0}%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CASES;

    fn outcome(nginx: &[f64], reference: &[f64]) -> Outcome {
        let samples =
            |values: &[f64]| values.iter().map(|value| Sample::from([(Metric::Cpu, *value)])).collect();
        let samples =
            BTreeMap::from([(Contender::Nginx, samples(nginx)), (Contender::Reference, samples(reference))]);
        Outcome { case: &CASES[0], samples }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let median = outcome(&[1.0, 40.0, 10.0, 20.0], &[]).median(Contender::Nginx, Metric::Cpu);
        assert_eq!(median.map(|median| (median.value, median.spread)), Some((15.0, 1.3)));
    }

    #[test]
    fn a_line_shows_both_the_ratio_and_whether_the_goal_was_reached() {
        let table = markdown(&[outcome(&[40.0], &[14.0])], &Contender::PAIR);
        assert_eq!(
            table.lines().last(),
            Some(
                "| API, the document's configuration | CPU, µs | 40.0 ±0% | 14.0 ±0% | **0.35** | ≤ 0.40 ✓ |"
            )
        );
    }
}
