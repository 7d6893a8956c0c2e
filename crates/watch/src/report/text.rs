//! The report as text.

use std::fmt::Write as _;

use super::model::{Failure, Gap, KindReport, Report, SessionEnd, SessionsReport, Timestamp};
use crate::record::{CappedList, ConnectionUse};

/// The most entries printed of each list; JSON and HTML have more.
const MAX_PRINTED: usize = 20;

impl Report {
    /// The report for a terminal.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for sentence in &self.verdict {
            let _ = writeln!(out, "{sentence}");
        }
        for kind in &self.kinds {
            let _ = write!(out, "\n{}", kind.text());
        }
        if let Some(sessions) = &self.sessions {
            let _ = write!(out, "\n{}", sessions.text());
        }
        if !self.instances.is_empty() {
            let _ = writeln!(out, "\ninstances");
        }
        for instance in &self.instances {
            let (first, last) = (instance.first.with_offset(), instance.last.with_offset());
            let answers = counted(instance.answers, "response");
            let _ = writeln!(out, "  {}: {answers}, first {first}, last {last}", instance.name);
        }
        out
    }
}

impl KindReport {
    fn text(&self) -> String {
        let mut out = format!(
            "{}: {}, expecting {}: {}, {} failed",
            self.kind,
            self.request,
            self.expected,
            counted(self.asked, "request"),
            self.failed
        );
        if let Some(latency) = &self.latency_ms {
            let [p50, p99, longest] = [latency.p50, latency.p99, latency.longest].map(rounded);
            let _ = write!(out, "; p50 {p50}, p99 {p99}, longest {longest}");
        }
        if self.asked_again > 0 {
            let _ = write!(out, "; {} retried, as a connection was closed", self.asked_again);
        }
        out.push('\n');
        for (why, count) in &self.reasons {
            let _ = writeln!(out, "  {count} × {why}");
        }
        out + &list(&self.gaps, Gap::text) + &list(&self.failures, Failure::text)
    }
}

impl SessionsReport {
    fn text(&self) -> String {
        let mut out = format!(
            "STOMP: {} at {}: {} dropped, {} closed cleanly and back in time, {} failed\n",
            counted(self.sessions as u64, "session"),
            self.endpoint,
            self.dropped,
            self.moved,
            counted(self.attempts_failed, "attempt"),
        );
        out += &list(&self.ends, SessionEnd::text);
        out
    }
}

impl Gap {
    pub(super) fn text(&self) -> String {
        format!("{}: no good response for {}", self.from.with_offset(), time(self.ms))
    }
}

impl Failure {
    pub(super) fn text(&self) -> String {
        let mut out = format!("{}: {}", self.due.with_offset(), self.why);
        if let Some(instance) = &self.instance {
            let _ = write!(out, ", by {instance}");
        }
        let way = match self.connection {
            Some(ConnectionUse::Kept) => ", on a kept connection",
            Some(ConnectionUse::Fresh) => ", on a fresh connection",
            Some(ConnectionUse::Stream) => ", over HTTP/2",
            None => "",
        };
        let _ = write!(out, " (after {}{way})", time(self.waited_ms));
        out
    }
}

impl SessionEnd {
    pub(super) fn text(&self) -> String {
        let at = self.instance.as_ref().map_or_else(String::new, |instance| format!(" at {instance}"));
        let mut out = format!("{}: session {}{at}: {}", self.at.with_offset(), self.session, self.why);
        let back_at = self.back_at.as_ref().map_or_else(String::new, |instance| format!(" at {instance}"));
        match self.away_ms {
            Some(away) => out += &format!("; back{back_at} after {}", time(away)),
            None => out += "; still down at the end",
        }
        if let Some(refusal) = &self.last_refusal {
            let attempts = counted(u64::from(self.attempts_failed), "attempt");
            let _ = write!(out, ", {attempts} failed: {refusal}");
        }
        if !self.noticed {
            out += " (not noticed)";
        }
        out
    }
}

impl Timestamp {
    /// `18:31:07.123 (+4.2 s)`, in local time.
    pub(super) fn with_offset(&self) -> String {
        format!("{} (+{})", self.time_of_day(), time(self.offset_ms))
    }

    /// `18:31:07.123`, in local time.
    pub(super) fn time_of_day(&self) -> String {
        let Ok(at) = self.at.parse::<jiff::Timestamp>() else { return self.at.clone() };
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
    }

    /// The local date, time and offset from UTC.
    pub(super) fn date_and_time(&self) -> String {
        let Ok(at) = self.at.parse::<jiff::Timestamp>() else { return self.at.clone() };
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }
}

/// The first entries of a list, one per line.
fn list<T>(entries: &CappedList<T>, words: impl Fn(&T) -> String) -> String {
    let mut out = String::new();
    let mut more = entries.count();
    for entry in entries.listed.iter().take(MAX_PRINTED) {
        let _ = writeln!(out, "  {}", words(entry));
        more -= 1;
    }
    if more > 0 {
        let _ = writeln!(out, "  … and {more} more");
    }
    out
}

/// `1 request`, `2 requests`.
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `120 ms`, `1.2 s`, `75 s`.
pub(super) fn time(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => format!("{} s", ms / 1000),
    }
}

/// A latency: `0.8 ms`, `12 ms`, `1.2 s`.
pub(crate) fn rounded(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { time(ms.round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset_ms: u64) -> Timestamp {
        Timestamp { at: format!("2026-01-02T03:04:{:02}.000Z", offset_ms / 1000), offset_ms }
    }

    #[test]
    fn the_text_has_the_verdict_and_then_the_entries() {
        let failure = Failure {
            due: at(2000),
            waited_ms: 1200,
            connection: Some(ConnectionUse::Fresh),
            instance: Some("blue".to_owned()),
            why: "502, not 200".to_owned(),
        };
        let failures = CappedList { listed: vec![failure], not_listed: 4 };
        let gaps = CappedList { listed: vec![Gap { from: at(1000), to: at(4000), ms: 3000 }], not_listed: 0 };
        let reasons = [("502, not 200".to_owned(), 5)].into();
        let kind = KindReport {
            kind: "API".to_owned(),
            request: "GET /api/items".to_owned(),
            expected: 200,
            asked: 50,
            failed: 5,
            failures,
            gaps,
            reasons,
            ..KindReport::default()
        };
        let mut report = Report { kinds: vec![kind], ..Report::default() };
        report.judge();
        let verdict =
            ["Visitors noticed.", "API: 5 of 50 requests failed.", "API: no good response for 3.0 s."];
        assert_eq!(report.verdict, verdict);
        let time = |offset| at(offset).time_of_day();
        let expected = format!(
            "{}\n\nAPI: GET /api/items, expecting 200: 50 requests, 5 failed\n  5 × 502, not 200\n  \
             {} (+1.0 s): no good response for 3.0 s\n  \
             {} (+2.0 s): 502, not 200, by blue (after 1.2 s, on a fresh connection)\n  … and 4 more\n",
            verdict.join("\n"),
            time(1000),
            time(2000)
        );
        assert_eq!(report.text(), expected);
    }
}
