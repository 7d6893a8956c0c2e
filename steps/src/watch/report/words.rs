//! The verdict, and the report in words.

use std::fmt::Write as _;

use super::model::{End, Failure, Gap, KindReport, Report, SessionsReport, When};
use crate::watch::record::{Listed, Way};

/// Of each list, so many entries are printed; the JSON and the page have more.
const PRINTED: usize = 20;

/// A machine that is later than this with its own requests cannot be trusted with latencies.
const LATE_MS: u64 = 250;

impl Report {
    /// Makes up its mind.
    pub(super) fn judge(&mut self) {
        let mut noticed = Vec::new();
        for kind in &self.kinds {
            let KindReport { kind: name, asked, failed, .. } = kind;
            if *failed > 0 {
                noticed.push(format!("{name}: {failed} of {} failed.", counted(*asked, "request")));
            }
            if kind.gaps.count() > 0 {
                let longest = kind.gaps.listed.iter().map(|gap| gap.ms).max().unwrap_or(0);
                let gaps = counted(kind.gaps.count(), "gap");
                noticed.push(format!("{name}: {gaps} without good answers, the longest {}.", time(longest)));
            }
        }
        if let Some(sessions) = &self.sessions {
            noticed.extend(sessions.noticed());
        }
        self.noticed = !noticed.is_empty();
        let asked: u64 = self.kinds.iter().map(|kind| kind.asked).sum();
        let head = match self.noticed {
            true => "Somebody noticed.".to_owned(),
            false => format!(
                "Nobody noticed: {} answered as they should be, no gap of more than {} ms{}.",
                counted(asked, "request"),
                self.gap_ms,
                self.sessions.as_ref().map_or_else(String::new, SessionsReport::unnoticed)
            ),
        };
        self.verdict = std::iter::once(head).chain(noticed).collect();
        if self.late_ms > LATE_MS {
            self.verdict.push(format!(
                "This machine itself was late to send a request by up to {}: doubt latencies and gaps of that order.",
                time(self.late_ms)
            ));
        }
        if self
            .sessions
            .as_ref()
            .is_some_and(|sessions| sessions.ever_open && sessions.heart_beat_ms.is_none())
        {
            let verdict =
                "The app servers agreed to no heart-beats: a session that hangs would not be found out.";
            self.verdict.push(verdict.to_owned());
        }
        for missing in &self.not_watched {
            self.verdict.push(format!("Not watched: {}: {}.", missing.what, missing.why));
        }
    }

    /// The verdict and what led to it, for a terminal.
    pub fn words(&self) -> String {
        let mut out = String::new();
        for sentence in &self.verdict {
            let _ = writeln!(out, "{sentence}");
        }
        for kind in &self.kinds {
            let _ = write!(out, "\n{}", kind.words());
        }
        if let Some(sessions) = &self.sessions {
            let _ = write!(out, "\n{}", sessions.words());
        }
        if !self.instances.is_empty() {
            let _ = writeln!(out, "\ninstances");
        }
        for instance in &self.instances {
            let (first, last) = (instance.first.told(), instance.last.told());
            let answers = counted(instance.answers, "answer");
            let _ = writeln!(out, "  {}: {answers}, first {first}, last {last}", instance.name);
        }
        out
    }
}

impl KindReport {
    fn words(&self) -> String {
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
            let _ =
                write!(out, "; {} sent twice, as a kept connection was closed just then", self.asked_again);
        }
        out.push('\n');
        for (why, count) in &self.reasons {
            let _ = writeln!(out, "  {count} × {why}");
        }
        out + &list(&self.gaps, Gap::words) + &list(&self.failures, Failure::words)
    }
}

impl SessionsReport {
    fn noticed(&self) -> Vec<String> {
        let mut noticed = Vec::new();
        if self.sessions > 0 && !self.ever_open {
            let why = self.ends.listed.first().and_then(|end| end.last_refusal.as_deref());
            noticed.push(format!("STOMP: no session ever opened: {}.", why.unwrap_or("no answer in time")));
        } else if self.dropped > 0 {
            let ends = &self.ends.listed;
            let away = ends.iter().filter(|end| end.noticed).filter_map(|end| end.away_ms).max();
            let gone = ends.iter().filter(|end| end.back.is_none()).count();
            let longest =
                away.map_or_else(String::new, |away| format!(", the longest away for {}", time(away)));
            let gone =
                if gone > 0 { format!(", {gone} not back when the watch ended") } else { String::new() };
            noticed.push(format!("STOMP: {} dropped{longest}{gone}.", counted(self.dropped, "session")));
        }
        noticed
    }

    fn unnoticed(&self) -> String {
        let sessions = counted(self.sessions as u64, "STOMP session");
        match self.moved {
            0 => format!(", {sessions} open all the time"),
            moved => format!(", {sessions} closed in good order and soon back, {moved} in all"),
        }
    }

    fn words(&self) -> String {
        let mut out = format!(
            "STOMP: {} at {}: {} dropped, {} closed in good order and soon back, {} failed\n",
            counted(self.sessions as u64, "session"),
            self.endpoint,
            self.dropped,
            self.moved,
            counted(self.attempts_failed, "attempt"),
        );
        out += &list(&self.ends, End::words);
        out
    }
}

impl Gap {
    pub(super) fn words(&self) -> String {
        format!("{}: no good answer for {}", self.from.told(), time(self.ms))
    }
}

impl Failure {
    pub(super) fn words(&self) -> String {
        let mut out = format!("{}: {}", self.due.told(), self.why);
        if let Some(instance) = &self.instance {
            let _ = write!(out, ", by {instance}");
        }
        let way = match self.connection {
            Some(Way::Kept) => ", on a kept connection",
            Some(Way::Fresh) => ", on a fresh connection",
            None => "",
        };
        let _ = write!(out, " (after {}{way})", time(self.waited_ms));
        out
    }
}

impl End {
    pub(super) fn words(&self) -> String {
        let at = self.instance.as_ref().map_or_else(String::new, |instance| format!(" at {instance}"));
        let mut out = format!("{}: session {}{at}: {}", self.at.told(), self.session, self.why);
        let back_at = self.back_at.as_ref().map_or_else(String::new, |instance| format!(" at {instance}"));
        match self.away_ms {
            Some(away) => out += &format!("; back{back_at} after {}", time(away)),
            None => out += "; not back when the watch ended",
        }
        if let Some(refusal) = &self.last_refusal {
            let attempts = counted(u64::from(self.attempts_failed), "attempt");
            let _ = write!(out, ", {attempts} failed: {refusal}");
        }
        if !self.noticed {
            out += " (nobody noticed)";
        }
        out
    }
}

impl When {
    /// `18:31:07.123 (+4.2 s)`, the time of day being this machine's.
    pub(super) fn told(&self) -> String {
        format!("{} (+{})", self.time_of_day(), time(self.offset_ms))
    }

    /// `18:31:07.123`, as this machine's clock has it.
    pub(super) fn time_of_day(&self) -> String {
        let Ok(at) = self.at.parse::<jiff::Timestamp>() else { return self.at.clone() };
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
    }

    /// The date, the time and the difference to UTC.
    pub(super) fn date_and_time(&self) -> String {
        let Ok(at) = self.at.parse::<jiff::Timestamp>() else { return self.at.clone() };
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }
}

/// The first entries of a list, a line each.
fn list<T>(entries: &Listed<T>, words: impl Fn(&T) -> String) -> String {
    let mut out = String::new();
    for entry in entries.listed.iter().take(PRINTED) {
        let _ = writeln!(out, "  {}", words(entry));
    }
    let more = entries.count().saturating_sub(PRINTED as u64);
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
pub(in crate::watch) fn rounded(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { time(ms.round() as u64) }
}
