//! The verdict: whether visitors would have noticed, and what.

use super::model::{KindReport, Report, SessionsReport};
use super::text::{counted, time};

/// If this machine is later than this with its requests, its latencies are doubtful.
const MAX_LATENESS_MS: u64 = 250;

impl Report {
    /// Sets the verdict.
    pub(super) fn judge(&mut self) {
        let mut noticed = Vec::new();
        for kind in &self.kinds {
            let KindReport { kind: name, asked, failed, .. } = kind;
            if *failed > 0 {
                noticed.push(format!("{name}: {failed} of {} failed.", counted(*asked, "request")));
            }
            if kind.gaps.count() > 0 {
                let longest = kind.gaps.listed.iter().map(|gap| gap.ms).max().unwrap_or(0);
                noticed.push(match kind.gaps.count() {
                    1 => format!("{name}: no good response for {}.", time(longest)),
                    gaps => {
                        format!("{name}: {gaps} gaps without good responses, the longest {}.", time(longest))
                    }
                });
            }
        }
        if let Some(sessions) = &self.sessions {
            noticed.extend(sessions.problems());
        }
        self.noticed = !noticed.is_empty();
        let asked: u64 = self.kinds.iter().map(|kind| kind.asked).sum();
        let head = match self.noticed {
            true => "Visitors noticed.".to_owned(),
            false => format!(
                "Nothing to notice: {} answered as expected, no gap over {} ms{}.",
                counted(asked, "request"),
                self.gap_ms,
                self.sessions.as_ref().map_or_else(String::new, SessionsReport::uptime_summary)
            ),
        };
        self.verdict = std::iter::once(head).chain(noticed).collect();
        if self.late_ms > MAX_LATENESS_MS {
            self.verdict.push(format!(
                "This machine was late to send requests by up to {}: latencies and gaps of that order are doubtful.",
                time(self.late_ms)
            ));
        }
        if self
            .sessions
            .as_ref()
            .is_some_and(|sessions| sessions.ever_open && sessions.heart_beat_ms.is_none())
        {
            let verdict = "The app servers agreed to no heart-beats: a session that hangs goes undetected.";
            self.verdict.push(verdict.to_owned());
        }
        for missing in &self.not_watched {
            self.verdict.push(format!("Not watched: {}: {}.", missing.what, missing.why));
        }
    }
}

impl SessionsReport {
    fn problems(&self) -> Vec<String> {
        let mut noticed = Vec::new();
        if self.sessions > 0 && !self.ever_open {
            let why = self.ends.listed.first().and_then(|end| end.last_refusal.as_deref());
            noticed.push(format!("STOMP: no session ever opened: {}.", why.unwrap_or("no response in time")));
        } else if self.dropped > 0 {
            let ends = &self.ends.listed;
            let away = ends.iter().filter(|end| end.noticed).filter_map(|end| end.away_ms).max();
            let gone = ends.iter().filter(|end| end.back.is_none()).count();
            let longest = away.map_or_else(String::new, |away| format!(", for up to {}", time(away)));
            let gone = if gone > 0 { format!(", {gone} still down at the end") } else { String::new() };
            noticed.push(format!("STOMP: {} dropped{longest}{gone}.", counted(self.dropped, "session")));
        }
        noticed
    }

    fn uptime_summary(&self) -> String {
        let sessions = counted(self.sessions as u64, "STOMP session");
        match self.moved {
            0 => format!(", {sessions} open throughout"),
            moved => format!(", {sessions} closed cleanly {moved} times and back in time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Unwatched;
    use crate::record::CappedList;
    use crate::report::model::{SessionEnd, Timestamp};

    fn at(offset_ms: u64) -> Timestamp {
        Timestamp { at: String::new(), offset_ms }
    }

    fn kind() -> KindReport {
        KindReport {
            kind: "API".to_owned(),
            request: "GET /api/items".to_owned(),
            expected: 200,
            asked: 50,
            good: 50,
            ..KindReport::default()
        }
    }

    fn judged(kind: KindReport, sessions: Option<SessionsReport>) -> Report {
        let mut report = Report { kinds: vec![kind], sessions, gap_ms: 1000, ..Report::default() };
        report.judge();
        report
    }

    #[test]
    fn a_good_verdict_says_what_it_is_based_on() {
        let sessions = SessionsReport {
            sessions: 3,
            moved: 4,
            ever_open: true,
            heart_beat_ms: Some(1000),
            ..SessionsReport::default()
        };
        let mut report = judged(kind(), Some(sessions));
        let expected = "Nothing to notice: 50 requests answered as expected, no gap over 1000 ms, 3 STOMP sessions closed cleanly 4 times \
                        and back in time.";
        assert_eq!((report.noticed, report.verdict.join("\n").as_str()), (false, expected));
        report.not_watched = vec![Unwatched { what: "API".to_owned(), why: "why not".to_owned() }];
        report.late_ms = 1500;
        report.judge();
        let doubts = [
            "This machine was late to send requests by up to 1.5 s: latencies and gaps of that order are doubtful.",
            "Not watched: API: why not.",
        ];
        assert_eq!((report.noticed, &report.verdict[1..]), (false, &doubts.map(str::to_owned)[..]));
    }

    #[test]
    fn one_dropped_session_is_enough() {
        let end = |back: Option<u64>| SessionEnd {
            session: 1,
            at: at(1000),
            instance: None,
            why: "dropped".to_owned(),
            in_order: false,
            attempts_failed: 0,
            last_refusal: None,
            back: back.map(at),
            back_at: None,
            away_ms: back.map(|back| back - 1000),
            noticed: true,
        };
        let sessions = |ends: Vec<SessionEnd>, ever_open| SessionsReport {
            sessions: 3,
            dropped: ends.len() as u64,
            ever_open,
            heart_beat_ms: Some(1000),
            ends: CappedList { listed: ends, not_listed: 0 },
            ..SessionsReport::default()
        };
        let sentence = |sessions| judged(kind(), Some(sessions)).verdict.remove(1);
        let two = sentence(sessions(vec![end(Some(3000)), end(None)], true));
        assert_eq!(two, "STOMP: 2 sessions dropped, for up to 2.0 s, 1 still down at the end.");
        let none = sentence(sessions(vec![end(None)], false));
        assert_eq!(none, "STOMP: no session ever opened: no response in time.");
    }
}
