//! The report as an HTML page: the verdict, a timeline, and tables.

use maud::{Markup, html};

use super::model::{KindReport, Report, SessionsReport, Timestamp};
use super::svg::timeline;
use super::text::{counted, rounded};
use crate::record::CappedList;
use hopcheck_report::html::page;

/// Styles in addition to those of the page's frame.
const STYLE: &str = "
.wide { overflow-x: auto; }
.wide table { min-width: 44rem; overflow-wrap: normal; }
h3 { margin: 1.8rem 0 .4rem; }
td, th { border-top: 1px solid var(--line); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.verdict { font-size: 1.15rem; }
";

impl Report {
    /// The report as a self-contained HTML page.
    pub fn html(&self) -> String {
        let title = format!("Watch of {}", self.target);
        let body = html! {
            style { (STYLE) }
            header {
                h1 { (title) }
                p.quiet {
                    (self.described) ". From " (self.began.date_and_time()) " to " (self.ended.date_and_time())
                    ", " (counted(self.ended.offset_ms / 1000, "second")) "."
                }
            }
            main #main {
                (self.verdict_panel())
                h2 { "Timeline" }
                (timeline(self))
                h2 { "Requests" }
                (self.requests())
                @for kind in &self.kinds { (kind.lists()) }
                @if let Some(sessions) = &self.sessions { (sessions.section()) }
                @if !self.instances.is_empty() { (self.instances_table()) }
            }
        };
        page(&title, &body)
    }

    fn verdict_panel(&self) -> Markup {
        let mut sentences = self.verdict.iter();
        let (class, mark) = if self.noticed { ("bad", "✗") } else { ("good", "✓") };
        html! {
            section.panel aria-label="Verdict" {
                p.verdict.mark.(class) { (mark) " " (sentences.next().map_or("", String::as_str)) }
                @for sentence in sentences { p { (sentence) } }
            }
        }
    }

    fn requests(&self) -> Markup {
        let header = ["requests", "good", "failed", "gaps", "p50", "p90", "p99", "longest"];
        html! {
            (wide("Requests by kind", html! {
                table {
                    thead { tr { th { "kind" } @for name in header { th.n { (name) } } } }
                    tbody {
                        @for kind in &self.kinds { (kind.row()) }
                    }
                }
            }))
            p.quiet.small {
                "Latency is measured from when a request was due, so that a stall counts against every request that should have "
                "been sent meanwhile. A gap is a time without good responses of " (self.gap_ms)
                " ms more than the interval between two requests."
            }
        }
    }

    fn instances_table(&self) -> Markup {
        html! {
            h2 { "Instances" }
            (wide("Instances", html! {
                table {
                    thead { tr { th { "instance" } th.n { "responses" } th { "first" } th { "last" } } }
                    tbody {
                        @for instance in &self.instances {
                            tr {
                                td { (instance.name) }
                                td.n { (instance.answers) }
                                td { (moment(&instance.first)) }
                                td { (moment(&instance.last)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

impl KindReport {
    fn row(&self) -> Markup {
        let class = if self.failed > 0 { "bad" } else { "" };
        html! {
            tr {
                th scope="row" {
                    (self.kind) br; code { (self.request) } " " span.quiet.small { "expecting " (self.expected) }
                }
                td.n { (self.asked) }
                td.n { (self.good) }
                td.n.mark[self.failed > 0].(class) { (self.failed) }
                td.n.mark[self.gaps.count() > 0].bad[self.gaps.count() > 0] { (self.gaps.count()) }
                @match &self.latency_ms {
                    Some(latency) => {
                        @for value in [latency.p50, latency.p90, latency.p99, latency.longest] {
                            td.n { (rounded(value)) }
                        }
                    }
                    None => { td.n colspan="4" { "–" } }
                }
            }
        }
    }

    /// Its gaps and failures, if any.
    fn lists(&self) -> Markup {
        html! {
            @if self.gaps.count() > 0 {
                h3 { (self.kind) ": " (counted(self.gaps.count(), "gap")) " without good responses" }
                (wide("Gaps", html! {
                    table {
                        thead { tr { th { "from" } th { "to" } th.n { "length" } } }
                        tbody {
                            @for gap in &self.gaps.listed {
                                tr { td { (moment(&gap.from)) } td { (moment(&gap.to)) } td.n { (gap.ms) " ms" } }
                            }
                        }
                    }
                    (not_listed(&self.gaps))
                }))
            }
            @if self.failures.count() > 0 {
                h3 { (self.kind) ": " (counted(self.failures.count(), "failed request")) }
                ul { @for (why, count) in &self.reasons { li { (count) " × " (why) } } }
                details {
                    summary { "All of them" }
                    (wide("Failed requests", self.failures_table()))
                }
            }
        }
    }

    fn failures_table(&self) -> Markup {
        html! {
            table {
                thead { tr { th { "due" } th { "problem" } th { "connection" } th { "instance" } th.n { "after" } } }
                tbody {
                    @for failure in &self.failures.listed {
                        tr {
                            td { (moment(&failure.due)) }
                            td { (failure.why) }
                            td { (failure.connection.map_or("–", |connection| connection.name())) }
                            td { (failure.instance.as_deref().unwrap_or("–")) }
                            td.n { (failure.waited_ms) " ms" }
                        }
                    }
                }
            }
            (not_listed(&self.failures))
        }
    }
}

impl SessionsReport {
    fn section(&self) -> Markup {
        html! {
            h2 { "STOMP sessions" }
            p {
                (counted(self.sessions as u64, "session")) " at " code { (self.endpoint) }
                @if let Some(destination) = &self.subscribed { ", subscribed to " code { (destination) } }
                ": " (self.dropped) " dropped, " (self.moved) " closed cleanly and back in time, "
                (counted(self.attempts_failed, "attempt")) " failed."
            }
            @if self.ends.count() > 0 { (wide("Ends of sessions", self.ends_table())) }
        }
    }

    fn ends_table(&self) -> Markup {
        html! {
            table {
                thead {
                    tr { th { "session" } th { "ended" } th { "how" } th { "back" } th.n { "away" } th { "noticed" } }
                }
                tbody {
                    @for end in &self.ends.listed {
                        tr {
                            td { (end.session) @if let Some(name) = &end.instance { " at " (name) } }
                            td { (moment(&end.at)) }
                            td {
                                (end.why)
                                @if let Some(refusal) = &end.last_refusal {
                                    "; " (counted(u64::from(end.attempts_failed), "attempt")) " failed: " (refusal)
                                }
                            }
                            td {
                                @match &end.back { Some(back) => (moment(back)), None => "not back" }
                                @if let Some(name) = &end.back_at { " at " (name) }
                            }
                            td.n { @if let Some(away) = end.away_ms { (away) " ms" } @else { "–" } }
                            td.bad[end.noticed] { (if end.noticed { "yes" } else { "no" }) }
                        }
                    }
                }
            }
            (not_listed(&self.ends))
        }
    }
}

/// Content that may be wider than a phone, scrolled by touch or keyboard.
fn wide(label: &str, inner: Markup) -> Markup {
    html! { div.wide role="region" tabindex="0" aria-label=(label) { (inner) } }
}

fn moment(when: &Timestamp) -> Markup {
    html! { time datetime=(when.at) { (when.with_offset()) } }
}

fn not_listed<T>(entries: &CappedList<T>) -> Markup {
    html! {
        @if entries.not_listed > 0 { p.quiet { "… and " (entries.not_listed) " more, not listed." } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Slice;
    use crate::report::model::{Gap, InstanceReport, SessionEnd, SessionSpan};

    #[test]
    fn the_page_escapes_foreign_text_and_fetches_nothing() {
        let when = |offset_ms| Timestamp { at: "2026-01-02T03:04:05.000Z".to_owned(), offset_ms };
        let odd = || "<i>&".to_owned();
        let end = SessionEnd {
            session: 1,
            at: when(1),
            instance: Some(odd()),
            why: odd(),
            in_order: false,
            attempts_failed: 1,
            last_refusal: Some(odd()),
            back: None,
            back_at: None,
            away_ms: None,
            noticed: true,
        };
        let report = Report {
            target: odd(),
            described: odd(),
            ended: when(60_000),
            verdict: vec![odd()],
            kinds: vec![KindReport {
                kind: odd(),
                request: odd(),
                failed: 2,
                reasons: [(odd(), 2)].into(),
                gaps: CappedList { listed: vec![Gap { from: when(0), to: when(9), ms: 9 }], not_listed: 0 },
                failures: CappedList { listed: Vec::new(), not_listed: 2 },
                slice_ms: 250,
                slices: vec![Slice { good: 1, failed: 1, longest_ms: 5, instances: 1 }],
                ..KindReport::default()
            }],
            sessions: Some(SessionsReport {
                sessions: 1,
                spans: CappedList {
                    listed: vec![SessionSpan {
                        session: 1,
                        from_ms: 0,
                        to_ms: 60_000,
                        instance: Some(odd()),
                    }],
                    not_listed: 0,
                },
                ends: CappedList { listed: vec![end], not_listed: 0 },
                ..SessionsReport::default()
            }),
            instances: vec![InstanceReport { name: odd(), first: when(0), last: when(1), answers: 1 }],
            ..Report::default()
        };
        let page = report.html();
        assert!(!page.contains("<i>"), "{page}");
        assert!(page.contains("… and 2 more, not listed."), "{page}");
        let fetching = ["http:", "https:", "url(", "@import", "src=", "<script"];
        assert!(!fetching.iter().any(|word| page.contains(word)), "{page}");
    }
}
