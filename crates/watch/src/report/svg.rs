//! The timeline as SVG: a row for each kind of request, each instance and each session.

use maud::{Markup, PreEscaped, html};

use super::model::{KindReport, Report, SessionsReport};
use super::text::time;

/// The width of the drawing, in user units.
const WIDTH: f64 = 960.0;

/// The width of the labels, left of the timeline.
const LABEL_WIDTH: f64 = 110.0;

/// The height of a row of requests.
const REQUEST_ROW_HEIGHT: f64 = 56.0;

/// The height of a row of an instance or a session.
const LANE_HEIGHT: f64 = 17.0;

/// The gap between groups of rows.
const GROUP_GAP: f64 = 18.0;

/// The most sessions drawn.
const MAX_SESSIONS: usize = 24;

/// Latencies are drawn from 1 ms to 10 s, with grid lines at these.
const LATENCY_GRID: [(f64, &str); 3] = [(10.0, "10 ms"), (100.0, "100 ms"), (1000.0, "1 s")];

const STYLE: &str = "
.t-text { font: 12px system-ui, sans-serif; fill: var(--ink, #1c2430); }
.t-quiet { font: 11px system-ui, sans-serif; fill: var(--quiet, #586374); }
.t-small { font: 9px system-ui, sans-serif; fill: var(--quiet, #586374); }
.t-row { fill: var(--sunk, #f1f2ee); fill-opacity: .7; }
.t-open { fill: var(--good-fill, #3f9c6d); fill-opacity: .4; }
.t-line { stroke: var(--line, #dfe1dc); stroke-width: 1; }
.t-good { fill: var(--good-fill, #3f9c6d); }
.t-bad { fill: var(--bad-fill, #cf4a42); }
.t-gap { fill: var(--bad-fill, #cf4a42); fill-opacity: .25; }
.t-answer { fill: var(--link, #1f55b5); }
.t-end { stroke: var(--bad-fill, #cf4a42); stroke-width: 2; }
.t-moved { stroke: var(--quiet, #586374); stroke-width: 2; }
";

/// Maps times to x coordinates.
struct Scale {
    end_ms: f64,
}

impl Scale {
    fn x(&self, ms: u64) -> f64 {
        tenth(LABEL_WIDTH + (WIDTH - LABEL_WIDTH) * (ms as f64 / self.end_ms).min(1.0))
    }

    /// The left edge and a visible width.
    fn span(&self, from: u64, to: u64) -> (f64, f64) {
        let from = self.x(from);
        (from, tenth((self.x(to) - from).max(1.0)))
    }
}

/// The timeline, with a description for screen readers.
pub(super) fn timeline(report: &Report) -> Markup {
    let scale = Scale { end_ms: report.ended.offset_ms.max(1) as f64 };
    let mut top = 20.0;
    let mut rows = Vec::new();
    for kind in &report.kinds {
        rows.push(requests(kind, &scale, top));
        top += REQUEST_ROW_HEIGHT + GROUP_GAP;
    }
    for (number, instance) in report.instances.iter().enumerate() {
        rows.push(answers(report, number, &instance.name, &scale, top));
        top += LANE_HEIGHT + 4.0;
    }
    if let Some(sessions) = &report.sessions {
        top += GROUP_GAP - 4.0;
        for number in 1..=sessions.sessions.min(MAX_SESSIONS) {
            rows.push(session(sessions, number, &scale, top));
            top += LANE_HEIGHT + 4.0;
        }
    }
    let height = top + 24.0;
    html! {
        div.wide.panel role="region" tabindex="0" aria-label="Timeline" {
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby="t-title t-desc"
                style="width: 100%; min-width: 44rem; height: auto; display: block" {
                title #t-title { "Timeline of the watch" }
                desc #t-desc { (description(report)) }
                style { (PreEscaped(STYLE)) }
                (axis(report, &scale, top))
                @for row in &rows { (row) }
            }
        }
        p.quiet.small {
            "Bars: the longest latency at each moment, from 1 ms to 10 s on a logarithmic scale. Red on top: failed requests; "
            "red areas: gaps. Sessions are drawn while they are open; a red mark means dropped, a grey one closed cleanly and "
            "back in time. The tables below show the same."
        }
    }
}

/// The description for screen readers.
fn description(report: &Report) -> String {
    let kinds = report
        .kinds
        .iter()
        .map(|kind| format!("{}: {} failed, {} gaps.", kind.kind, kind.failed, kind.gaps.count()));
    let sessions = report
        .sessions
        .iter()
        .map(|sessions| format!("STOMP sessions: {} dropped, {} moved.", sessions.dropped, sessions.moved));
    let words: Vec<String> = kinds.chain(sessions).collect();
    format!("{} The tables below list everything.", words.join(" "))
}

/// Latencies as bars, failures above them, gaps behind.
fn requests(kind: &KindReport, scale: &Scale, top: f64) -> Markup {
    let bottom = top + REQUEST_ROW_HEIGHT;
    let slice = |number: usize| {
        let from = kind.slice_ms * number as u64;
        scale.span(from, from + kind.slice_ms)
    };
    html! {
        g {
            rect.t-row x=(LABEL_WIDTH) y=(top) width=(WIDTH - LABEL_WIDTH) height=(REQUEST_ROW_HEIGHT) {}
            text.t-text x="0" y=(top + 14.0) { (kind.kind) }
            text.t-quiet x="0" y=(top + 30.0) { (kind.failed) " failed" }
            @for gap in &kind.gaps.listed {
                @let (x, width) = scale.span(gap.from.offset_ms, gap.to.offset_ms);
                rect.t-gap x=(x) y=(top) width=(width) height=(REQUEST_ROW_HEIGHT) {
                    title { (gap.text()) }
                }
            }
            @for (latency, name) in LATENCY_GRID {
                @let y = tenth(bottom - height(latency));
                line.t-line x1=(LABEL_WIDTH) y1=(y) x2=(WIDTH) y2=(y) {}
                text.t-small x=(LABEL_WIDTH - 4.0) y=(y + 3.0) text-anchor="end" { (name) }
            }
            @for (number, happened) in kind.slices.iter().enumerate() {
                @let (x, width) = slice(number);
                @if happened.good > 0 {
                    @let height = tenth(height(f64::from(happened.longest_ms)).max(2.0));
                    rect.t-good x=(x) y=(tenth(bottom - height)) width=(width) height=(height) {}
                }
                @if happened.failed > 0 {
                    rect.t-bad x=(x) y=(top) width=(width.max(2.0)) height="12" {
                        title { (happened.failed) " failed at +" (time(kind.slice_ms * number as u64)) }
                    }
                }
            }
        }
    }
}

/// When an instance responded.
fn answers(report: &Report, number: usize, name: &str, scale: &Scale, top: f64) -> Markup {
    let answered = report.kinds.iter().flat_map(|kind| {
        let slices = kind.slices.iter().enumerate();
        slices
            .filter(move |(_, slice)| slice.instances >> number & 1 == 1)
            .map(|(nth, _)| (kind.slice_ms, nth))
    });
    html! {
        g {
            rect.t-row x=(LABEL_WIDTH) y=(top) width=(WIDTH - LABEL_WIDTH) height=(LANE_HEIGHT) {}
            text.t-text x="0" y=(top + 12.0) { (shorten(name)) }
            @for (length, nth) in answered {
                @let from = length * nth as u64;
                @let (x, width) = scale.span(from, from + length);
                rect.t-answer x=(x) y=(top + 3.0) width=(width) height=(LANE_HEIGHT - 6.0) {}
            }
        }
    }
}

/// When a session was open.
fn session(sessions: &SessionsReport, number: usize, scale: &Scale, top: f64) -> Markup {
    html! {
        g {
            rect.t-row x=(LABEL_WIDTH) y=(top) width=(WIDTH - LABEL_WIDTH) height=(LANE_HEIGHT) {}
            text.t-text x="0" y=(top + 12.0) { "session " (number) }
            @for span in sessions.spans.listed.iter().filter(|span| span.session == number) {
                @let (x, width) = scale.span(span.from_ms, span.to_ms);
                rect.t-open x=(x) y=(top + 2.0) width=(width) height=(LANE_HEIGHT - 4.0) {
                    title { "open" @if let Some(name) = &span.instance { " at " (name) } }
                }
                @if let (Some(name), true) = (&span.instance, width > 60.0) {
                    text.t-text x=(x + 5.0) y=(top + 12.0) { (shorten(name)) }
                }
            }
            @for end in sessions.ends.listed.iter().filter(|end| end.session == number) {
                @let x = scale.x(end.at.offset_ms);
                @let class = if end.noticed { "t-end" } else { "t-moved" };
                line.(class) x1=(x) y1=(top) x2=(x) y2=(top + LANE_HEIGHT) { title { (end.text()) } }
            }
        }
    }
}

/// The time axis.
fn axis(report: &Report, scale: &Scale, top: f64) -> Markup {
    const STEPS: [u64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    let seconds = report.ended.offset_ms / 1000;
    let step = STEPS.into_iter().find(|step| seconds / step <= 8).unwrap_or(seconds / 8 + 1);
    html! {
        g {
            @for second in (0..=seconds).step_by(usize::try_from(step).unwrap_or(1)) {
                @let x = scale.x(second * 1000);
                line.t-line x1=(x) y1="16" x2=(x) y2=(top) {}
                @if x < WIDTH - 50.0 { text.t-quiet x=(x + 2.0) y="12" { "+" (second) " s" } }
            }
            text.t-quiet x=(LABEL_WIDTH) y=(top + 14.0) { (report.began.time_of_day()) }
            text.t-quiet x=(WIDTH) y=(top + 14.0) text-anchor="end" { (report.ended.time_of_day()) }
        }
    }
}

/// The height of a latency in its row.
fn height(ms: f64) -> f64 {
    let share = ms.max(1.0).log10() / 4.0;
    share.min(1.0) * (REQUEST_ROW_HEIGHT - 12.0)
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Shortens a name so that it fits its label.
fn shorten(name: &str) -> String {
    const MAX_CHARS: usize = 14;
    if name.chars().count() <= MAX_CHARS {
        return name.to_owned();
    }
    name.chars().take(MAX_CHARS - 1).chain(['…']).collect()
}
