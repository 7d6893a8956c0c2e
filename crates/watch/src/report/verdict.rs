//! The verdict: whether somebody noticed, and what.

use super::model::{KindReport, Report, SessionsReport};
use super::words::{counted, time};

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
                noticed.push(match kind.gaps.count() {
                    1 => format!("{name}: no good answer for {}.", time(longest)),
                    gaps => {
                        format!("{name}: {gaps} gaps without good answers, the longest {}.", time(longest))
                    }
                });
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::NotWatched;
    use crate::record::Listed;
    use crate::{End, When};

    fn at(offset_ms: u64) -> When {
        When { at: String::new(), offset_ms }
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
    fn when_nobody_noticed_the_verdict_says_so_and_what_it_rests_on() {
        let sessions = SessionsReport {
            sessions: 3,
            moved: 4,
            ever_open: true,
            heart_beat_ms: Some(1000),
            ..SessionsReport::default()
        };
        let mut report = judged(kind(), Some(sessions));
        let expected = "Nobody noticed: 50 requests answered as they should be, no gap of more than 1000 ms, 3 STOMP \
                        sessions closed in good order and soon back, 4 in all.";
        assert_eq!((report.noticed, report.verdict.join("\n").as_str()), (false, expected));
        report.not_watched = vec![NotWatched { what: "API".to_owned(), why: "why not".to_owned() }];
        report.late_ms = 1500;
        report.judge();
        let doubts = [
            "This machine itself was late to send a request by up to 1.5 s: doubt latencies and gaps of that order.",
            "Not watched: API: why not.",
        ];
        assert_eq!((report.noticed, &report.verdict[1..]), (false, &doubts.map(str::to_owned)[..]));
    }

    #[test]
    fn one_loss_of_a_session_is_enough() {
        let end = |back: Option<u64>| End {
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
        let sessions = |ends: Vec<End>, ever_open| SessionsReport {
            sessions: 3,
            dropped: ends.len() as u64,
            ever_open,
            heart_beat_ms: Some(1000),
            ends: Listed { listed: ends, not_listed: 0 },
            ..SessionsReport::default()
        };
        let sentence = |sessions| judged(kind(), Some(sessions)).verdict.remove(1);
        let two = sentence(sessions(vec![end(Some(3000)), end(None)], true));
        assert_eq!(
            two,
            "STOMP: 2 sessions dropped, the longest away for 2.0 s, 1 not back when the watch ended."
        );
        let none = sentence(sessions(vec![end(None)], false));
        assert_eq!(none, "STOMP: no session ever opened: no answer in time.");
    }
}
