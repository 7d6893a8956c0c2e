//! The status of a watch in progress: redrawn in place on a terminal, elsewhere printed now and then.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use crate::plan::Plan;
use crate::record::Log;

/// How often the status is redrawn on a terminal.
const REDRAW_INTERVAL: Duration = Duration::from_millis(250);

/// How often it is printed elsewhere.
const PRINT_INTERVAL: Duration = Duration::from_secs(5);

/// Rates are averages over this many drawings.
const RATE_WINDOW: usize = 20;

/// The status of a watch at one moment.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The time since the start.
    pub after: Duration,
    /// Each kind of request.
    pub kinds: Vec<KindStatus>,
    /// STOMP sessions that are open, and in total.
    pub sessions: (usize, usize),
    /// How often sessions were closed cleanly and back in time.
    pub moved: u64,
    /// How often sessions were dropped.
    pub dropped: u64,
    /// Instances by name, and the number of responses from each.
    pub instances: Vec<(String, u64)>,
    /// The latest failure, and when.
    pub latest: Option<(Duration, String)>,
}

/// The status of one kind of request.
#[derive(Debug, Clone)]
pub struct KindStatus {
    /// `API`, `front end` or `preflight`.
    pub label: &'static str,
    /// How many got the expected response.
    pub good: u64,
    /// How many did not.
    pub failed: u64,
    /// The median and the 99th percentile of the latency of recent good responses.
    pub latency: Option<(Duration, Duration)>,
}

/// The current status.
pub(super) fn of(plan: &Plan, log: &Log) -> Status {
    let record = log.record();
    let kinds = plan.probes.iter().zip(&record.kinds).map(|(probe, kind)| {
        let recent = kind.recent();
        KindStatus {
            label: probe.label,
            good: kind.good,
            failed: kind.failed,
            latency: recent.percentile(50.0).zip(recent.percentile(99.0)),
        }
    });
    Status {
        after: log.now(),
        kinds: kinds.collect(),
        sessions: (record.sessions.open(), record.sessions.count()),
        moved: record.sessions.moved,
        dropped: record.sessions.dropped,
        instances: record.instances.iter().map(|each| (each.name.clone(), each.answers)).collect(),
        latest: record.latest.clone(),
    }
}

/// Shows a watch on standard output.
#[derive(Debug)]
pub struct StatusDisplay {
    /// Whether lines are redrawn in place.
    terminal: bool,
    /// How many lines were drawn last.
    drawn: usize,
    before: VecDeque<Status>,
}

impl StatusDisplay {
    /// Redrawn in place on a terminal only.
    pub fn detect() -> StatusDisplay {
        StatusDisplay { terminal: std::io::stdout().is_terminal(), drawn: 0, before: VecDeque::new() }
    }

    /// How long to wait until the next [`StatusDisplay::show`].
    pub fn pause(&self) -> Duration {
        if self.terminal { REDRAW_INTERVAL } else { PRINT_INTERVAL }
    }

    /// Shows a status.
    pub fn show(&mut self, status: Status) {
        let lines = lines(&status, self.before.front());
        let mut out = String::new();
        if self.terminal {
            let width = width();
            if self.drawn > 0 {
                let _ = write!(out, "\x1b[{}A", self.drawn);
            }
            for line in &lines {
                let _ = writeln!(out, "\r{}\x1b[K", line.chars().take(width).collect::<String>());
            }
            out += "\x1b[J";
            self.drawn = lines.len();
        } else {
            lines.iter().for_each(|line| out += &format!("{line}\n"));
        }
        hopcheck_report::out!("{out}");
        // A closed terminal ends the watch by SIGHUP.
        let _ = std::io::stdout().flush();
        self.before.push_back(status);
        if self.before.len() > RATE_WINDOW {
            self.before.pop_front();
        }
    }
}

/// A line for each kind, one for the sessions, one for the latest failure.
fn lines(now: &Status, before: Option<&Status>) -> Vec<String> {
    let mut lines = Vec::new();
    let since = now.after.saturating_sub(before.map_or(Duration::ZERO, |before| before.after));
    for (number, kind) in now.kinds.iter().enumerate() {
        let earlier =
            before.and_then(|before| before.kinds.get(number)).map_or(0, |kind| kind.good + kind.failed);
        let done = kind.good + kind.failed - earlier.min(kind.good + kind.failed);
        let rate = done as f64 / since.as_secs_f64().max(0.001);
        let latency = kind.latency.map_or_else(
            || "no good response yet".to_owned(),
            |(p50, p99)| format!("p50 {}  p99 {}", format_duration(p50), format_duration(p99)),
        );
        let label = kind.label;
        lines.push(format!(
            "{} {label:<9} {rate:5.1}/s  {latency}  {} good  {} failed",
            clock(now.after),
            kind.good,
            kind.failed
        ));
    }
    let (open, wanted) = now.sessions;
    if wanted > 0 {
        lines.push(format!(
            "{} STOMP     {open} of {wanted} open  {} moved  {} dropped",
            clock(now.after),
            now.moved,
            now.dropped
        ));
    }
    if !now.instances.is_empty() {
        let each = now.instances.iter().map(|(name, answers)| format!("{name} {answers}"));
        lines.push(format!("{} responses {}", clock(now.after), each.collect::<Vec<_>>().join("  ")));
    }
    if let Some((at, what)) = &now.latest {
        lines.push(format!(
            "{} latest    +{} {}",
            clock(now.after),
            format_duration(*at),
            what.replace('\n', " ")
        ));
    }
    lines
}

/// `00:01:05`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn format_duration(time: Duration) -> String {
    crate::report::text::rounded(time.as_secs_f64() * 1000.0)
}

/// How many columns the terminal has.
fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 20).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_show_recent_rates() {
        let kind = |good, failed| KindStatus {
            label: "API",
            good,
            failed,
            latency: Some((Duration::from_micros(1200), Duration::from_millis(45))),
        };
        let before =
            Status { after: Duration::from_secs(60), kinds: vec![kind(300, 0)], ..Status::default() };
        let now = Status {
            after: Duration::from_secs(65),
            kinds: vec![kind(323, 2)],
            sessions: (2, 3),
            moved: 4,
            dropped: 1,
            instances: vec![("blue".to_owned(), 200), ("green".to_owned(), 123)],
            latest: Some((Duration::from_millis(61_500), "API: 502, not 200".to_owned())),
        };
        let expected = [
            "00:01:05 API         5.0/s  p50 1.2 ms  p99 45 ms  323 good  2 failed",
            "00:01:05 STOMP     2 of 3 open  4 moved  1 dropped",
            "00:01:05 responses blue 200  green 123",
            "00:01:05 latest    +61 s API: 502, not 200",
        ];
        assert_eq!(lines(&now, Some(&before)), expected);
    }
}
