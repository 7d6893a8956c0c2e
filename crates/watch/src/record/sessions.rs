//! The record of the STOMP sessions.

use std::time::Duration;

use super::CappedList;

/// The sessions that are kept open.
#[derive(Debug)]
pub(crate) struct Sessions {
    each: Vec<SessionState>,
    /// A session that was closed cleanly but is away for longer counts as dropped.
    away: Duration,
    /// Every end of a session, and every session that did not open at once.
    pub(crate) losses: CappedList<SessionLoss>,
    /// When each was open.
    pub(crate) spans: CappedList<SessionSpan>,
    /// How many were closed cleanly and back in time.
    pub(crate) moved: u64,
    /// How many were not.
    pub(crate) dropped: u64,
    /// How many attempts to open one failed.
    pub(crate) refused: u64,
    /// The interval of the app servers' heart-beats, as negotiated last.
    pub(crate) beat: Option<Duration>,
}

#[derive(Debug)]
enum SessionState {
    Open { since: Duration, instance: Option<String> },
    Away(Absence),
}

#[derive(Debug, Default)]
struct Absence {
    since: Duration,
    /// The instance it was at.
    instance: Option<String>,
    /// How it ended, and whether cleanly; `None` if it has not been open yet.
    end: Option<(String, bool)>,
    /// How many attempts to open it failed, and why the last one did.
    refused: u32,
    refusal: String,
}

/// A session that was not open for a while. Times are since the beginning.
#[derive(Debug, Clone)]
pub(crate) struct SessionLoss {
    pub(crate) session: usize,
    pub(crate) at: Duration,
    /// The instance it was at.
    pub(crate) instance: Option<String>,
    pub(crate) why: String,
    /// Whether it was closed with a Close frame that reports no error.
    pub(crate) in_order: bool,
    /// How many attempts to reconnect failed, and why the last one did.
    pub(crate) refused: u32,
    pub(crate) refusal: String,
    /// When it was back, and at which instance; `None` where it was not.
    pub(crate) back: Option<(Duration, Option<String>)>,
    /// Whether a visitor would have noticed.
    pub(crate) noticed: bool,
}

/// A session was open from one time to another.
#[derive(Debug, Clone)]
pub(crate) struct SessionSpan {
    pub(crate) session: usize,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    pub(crate) instance: Option<String>,
}

impl Sessions {
    pub(super) fn new(count: usize, away: Duration) -> Sessions {
        Sessions {
            each: std::iter::repeat_with(|| SessionState::Away(Absence::default())).take(count).collect(),
            away,
            losses: CappedList::default(),
            spans: CappedList::default(),
            moved: 0,
            dropped: 0,
            refused: 0,
            beat: None,
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.each.len()
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.each.iter().filter(|session| matches!(session, SessionState::Open { .. })).count()
    }

    pub(super) fn open_failed(&mut self, number: usize, why: String) {
        self.refused += 1;
        if let Some(SessionState::Away(away)) = self.each.get_mut(number) {
            away.refused += 1;
            away.refusal = why;
        }
    }

    pub(super) fn opened(
        &mut self,
        number: usize,
        now: Duration,
        name: Option<String>,
        beat: Option<Duration>,
    ) {
        self.beat = beat;
        let open = SessionState::Open { since: now, instance: name.clone() };
        let Some(session) = self.each.get_mut(number) else { return };
        if let SessionState::Away(away) = std::mem::replace(session, open) {
            self.away_until(number, away, Some((now, name)), now);
        }
    }

    pub(super) fn ended(&mut self, number: usize, now: Duration, why: String, in_order: bool) {
        let Some(session) = self.each.get_mut(number) else { return };
        let SessionState::Open { since, instance } = session else { return };
        let (since, instance) = (*since, instance.take());
        self.spans.push(SessionSpan { session: number, from: since, to: now, instance: instance.clone() });
        let end = Some((why, in_order));
        *session = SessionState::Away(Absence { since: now, instance, end, ..Absence::default() });
    }

    /// Ends the watch: open sessions were open until now, others are not back.
    pub(crate) fn close(&mut self, now: Duration) {
        for (number, session) in std::mem::take(&mut self.each).into_iter().enumerate() {
            match session {
                SessionState::Open { since, instance } => {
                    self.spans.push(SessionSpan { session: number, from: since, to: now, instance });
                }
                SessionState::Away(away) => self.away_until(number, away, None, now),
            }
        }
    }

    fn away_until(
        &mut self,
        session: usize,
        away: Absence,
        back: Option<(Duration, Option<String>)>,
        now: Duration,
    ) {
        let Absence { since: at, instance, end, refused, refusal } = away;
        let too_long = now.saturating_sub(at) > self.away;
        let (why, in_order) = match end {
            Some(end) => end,
            // The first attempt may take any time.
            None if refused == 0 && back.is_some() => return,
            None => ("it did not open".to_owned(), true),
        };
        let noticed = !in_order || too_long;
        if noticed {
            self.dropped += 1
        } else {
            self.moved += 1
        }
        self.losses.push(SessionLoss {
            session,
            at,
            instance,
            why,
            in_order,
            refused,
            refusal,
            back,
            noticed,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Moved and dropped sessions when one ends, and is back after `back` milliseconds, of which 1000 are tolerated.
    fn counted(in_order: bool, back: Option<u64>) -> (u64, u64) {
        let mut sessions = Sessions::new(1, ms(1000));
        sessions.opened(0, ms(10), Some("blue".to_owned()), None);
        sessions.ended(0, ms(500), "why".to_owned(), in_order);
        if let Some(back) = back {
            sessions.opened(0, ms(500 + back), Some("green".to_owned()), None);
        }
        sessions.close(ms(9000));
        (sessions.moved, sessions.dropped)
    }

    #[test]
    fn a_session_closed_cleanly_and_back_in_time_is_not_dropped() {
        assert_eq!(counted(true, Some(200)), (1, 0));
        assert_eq!(counted(true, Some(1001)), (0, 1));
        assert_eq!(counted(true, None), (0, 1));
        assert_eq!(counted(false, Some(1)), (0, 1));
    }

    #[test]
    fn a_session_that_never_opens_is_dropped_and_one_that_opens_late_is_not() {
        let mut sessions = Sessions::new(2, ms(1000));
        sessions.open_failed(0, "502".to_owned());
        sessions.opened(1, ms(3000), None, None);
        sessions.close(ms(9000));
        let loss = &sessions.losses.listed[0];
        assert_eq!((sessions.dropped, sessions.moved, loss.session, loss.refused), (1, 0, 0, 1));
        assert_eq!((loss.refusal.as_str(), loss.noticed), ("502", true));
    }
}
