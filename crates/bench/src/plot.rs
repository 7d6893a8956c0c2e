//! The ratios to nginx as a picture: bars to the left of the line are better.

use std::fmt::Write;

use crate::measure::Metric;
use crate::table::Outcome;

const ROW: usize = 22;
const LEFT: usize = 330;
/// Pixels of a ratio of 1.
const ONE: f64 = 260.0;

/// CPU time of a unit, p99 and memory of the reference proxy as parts of nginx's, as SVG.
pub(crate) fn svg(outcomes: &[Outcome]) -> String {
    let bars: Vec<(String, f64)> = outcomes
        .iter()
        .flat_map(|outcome| {
            [(Metric::Cpu, "CPU"), (Metric::P99, "p99"), (Metric::PerSession, "memory")]
                .into_iter()
                .filter_map(|(metric, label)| {
                    Some((format!("{} · {label}", outcome.case.name), outcome.ratio(metric)?))
                })
        })
        .collect();
    let height = (bars.len() + 2) * ROW;
    let line = LEFT as f64 + ONE;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="900" height="{height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="{LEFT}" y="15" fill="#555">the reference proxy as a part of nginx: less is better, the line is nginx</text>
"##
    );
    for (nth, (label, ratio)) in bars.iter().enumerate() {
        let y = (nth + 1) * ROW + 6;
        let width = (ratio * ONE).min(540.0);
        let colour = if *ratio <= 1.0 { "#2a7de1" } else { "#c2410c" };
        let _ = writeln!(
            svg,
            r##"<text x="{}" y="{}" text-anchor="end">{label}</text><rect x="{LEFT}" y="{y}" width="{width:.0}" height="14" fill="{colour}"/><text x="{:.0}" y="{}">{ratio:.2}</text>"##,
            LEFT - 8,
            y + 12,
            LEFT as f64 + width + 6.0,
            y + 12,
        );
    }
    let _ = write!(
        svg,
        r##"<line x1="{line}" y1="{ROW}" x2="{line}" y2="{height}" stroke="#000" stroke-dasharray="4 3"/>
</svg>
"##
    );
    svg
}
