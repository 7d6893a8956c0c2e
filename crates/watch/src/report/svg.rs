//! The time drawn: a row for each kind of request, one for the instances, one for each session.

use maud::{Markup, PreEscaped, html};

use super::model::{KindReport, Report, SessionsReport};
use super::words::time;

/// The drawing's width, in units of its own.
const WIDTH: f64 = 960.0;

/// Where time begins; left of it stand the names.
const LEFT: f64 = 110.0;

/// A row of requests.
const REQUESTS: f64 = 56.0;

/// A row of an instance or a session.
const LANE: f64 = 17.0;

/// Between two groups of rows.
const SPACE: f64 = 18.0;

/// The most sessions drawn.
const SESSIONS: usize = 24;

/// Latencies are drawn from 1 ms to 10 s, with lines at these in between.
const LATENCIES: [(f64, &str); 3] = [(10.0, "10 ms"), (100.0, "100 ms"), (1000.0, "1 s")];

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

/// From times to places.
struct Scale {
    end_ms: f64,
}

impl Scale {
    fn x(&self, ms: u64) -> f64 {
        tenth(LEFT + (WIDTH - LEFT) * (ms as f64 / self.end_ms).min(1.0))
    }

    /// From the left edge, so wide that it can be seen.
    fn span(&self, from: u64, to: u64) -> (f64, f64) {
        let from = self.x(from);
        (from, tenth((self.x(to) - from).max(1.0)))
    }
}

/// The drawing, and in words what it shows.
pub(super) fn timeline(report: &Report) -> Markup {
    let scale = Scale { end_ms: report.ended.offset_ms.max(1) as f64 };
    let mut top = 20.0;
    let mut rows = Vec::new();
    for kind in &report.kinds {
        rows.push(requests(kind, &scale, top));
        top += REQUESTS + SPACE;
    }
    for (number, instance) in report.instances.iter().enumerate() {
        rows.push(answers(report, number, &instance.name, &scale, top));
        top += LANE + 4.0;
    }
    if let Some(sessions) = &report.sessions {
        top += SPACE - 4.0;
        for number in 1..=sessions.sessions.min(SESSIONS) {
            rows.push(session(sessions, number, &scale, top));
            top += LANE + 4.0;
        }
    }
    let height = top + 24.0;
    html! {
        div.wide.panel role="region" tabindex="0" aria-label="Timeline" {
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby="t-title t-desc"
                style="width: 100%; min-width: 44rem; height: auto; display: block" {
                title #t-title { "Timeline of the watch" }
                desc #t-desc { (in_words(report)) }
                style { (PreEscaped(STYLE)) }
                (axis(report, &scale, top))
                @for row in &rows { (row) }
            }
        }
        p.quiet.small {
            "Bars: the longest latency of each moment, from 1 ms to 10 s, each line ten times the one below. Red on top: failed "
            "requests; red areas: gaps. Sessions are drawn while they are open; a red mark is one that was dropped, "
            "a grey one that was closed in good order and soon back. The tables below say the same."
        }
    }
}

/// What somebody who does not see the drawing is told.
fn in_words(report: &Report) -> String {
    let kinds = report
        .kinds
        .iter()
        .map(|kind| format!("{}: {} failed, {} gaps.", kind.kind, kind.failed, kind.gaps.count()));
    let sessions = report
        .sessions
        .iter()
        .map(|sessions| format!("STOMP sessions: {} dropped, {} moved.", sessions.dropped, sessions.moved));
    let words: Vec<String> = kinds.chain(sessions).collect();
    format!("{} The tables below list all of it.", words.join(" "))
}

/// Latencies as bars, failures above them, gaps behind.
fn requests(kind: &KindReport, scale: &Scale, top: f64) -> Markup {
    let bottom = top + REQUESTS;
    let slice = |number: usize| {
        let from = kind.slice_ms * number as u64;
        scale.span(from, from + kind.slice_ms)
    };
    html! {
        g {
            rect.t-row x=(LEFT) y=(top) width=(WIDTH - LEFT) height=(REQUESTS) {}
            text.t-text x="0" y=(top + 14.0) { (kind.kind) }
            text.t-quiet x="0" y=(top + 30.0) { (kind.failed) " failed" }
            @for gap in &kind.gaps.listed {
                @let (x, width) = scale.span(gap.from.offset_ms, gap.to.offset_ms);
                rect.t-gap x=(x) y=(top) width=(width) height=(REQUESTS) {
                    title { (gap.words()) }
                }
            }
            @for (latency, name) in LATENCIES {
                @let y = tenth(bottom - height(latency));
                line.t-line x1=(LEFT) y1=(y) x2=(WIDTH) y2=(y) {}
                text.t-small x=(LEFT - 4.0) y=(y + 3.0) text-anchor="end" { (name) }
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

/// When an instance answered.
fn answers(report: &Report, number: usize, name: &str, scale: &Scale, top: f64) -> Markup {
    let answered = report.kinds.iter().flat_map(|kind| {
        let slices = kind.slices.iter().enumerate();
        slices
            .filter(move |(_, slice)| slice.instances >> number & 1 == 1)
            .map(|(nth, _)| (kind.slice_ms, nth))
    });
    html! {
        g {
            rect.t-row x=(LEFT) y=(top) width=(WIDTH - LEFT) height=(LANE) {}
            text.t-text x="0" y=(top + 12.0) { (short(name)) }
            @for (length, nth) in answered {
                @let from = length * nth as u64;
                @let (x, width) = scale.span(from, from + length);
                rect.t-answer x=(x) y=(top + 3.0) width=(width) height=(LANE - 6.0) {}
            }
        }
    }
}

/// When a session was open.
fn session(sessions: &SessionsReport, number: usize, scale: &Scale, top: f64) -> Markup {
    html! {
        g {
            rect.t-row x=(LEFT) y=(top) width=(WIDTH - LEFT) height=(LANE) {}
            text.t-text x="0" y=(top + 12.0) { "session " (number) }
            @for span in sessions.spans.listed.iter().filter(|span| span.session == number) {
                @let (x, width) = scale.span(span.from_ms, span.to_ms);
                rect.t-open x=(x) y=(top + 2.0) width=(width) height=(LANE - 4.0) {
                    title { "open" @if let Some(name) = &span.instance { " at " (name) } }
                }
                @if let (Some(name), true) = (&span.instance, width > 60.0) {
                    text.t-text x=(x + 5.0) y=(top + 12.0) { (short(name)) }
                }
            }
            @for end in sessions.ends.listed.iter().filter(|end| end.session == number) {
                @let x = scale.x(end.at.offset_ms);
                @let class = if end.noticed { "t-end" } else { "t-moved" };
                line.(class) x1=(x) y1=(top) x2=(x) y2=(top + LANE) { title { (end.words()) } }
            }
        }
    }
}

/// Times of day, about six of them.
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
            text.t-quiet x=(LEFT) y=(top + 14.0) { (report.began.time_of_day()) }
            text.t-quiet x=(WIDTH) y=(top + 14.0) text-anchor="end" { (report.ended.time_of_day()) }
        }
    }
}

/// How high a latency of so many milliseconds stands in its row.
fn height(ms: f64) -> f64 {
    let share = ms.max(1.0).log10() / 4.0;
    share.min(1.0) * (REQUESTS - 12.0)
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// A name that fits beside its row.
fn short(name: &str) -> String {
    const FITS: usize = 14;
    if name.chars().count() <= FITS {
        return name.to_owned();
    }
    name.chars().take(FITS - 1).chain(['…']).collect()
}
