//! The report of a watch, which is rendered as text, JSON and HTML.

mod model;
mod page;
mod svg;
pub(super) mod text;
mod verdict;

use std::time::Duration;

use super::plan::{Plan, WatchOptions};
use super::record::{Kind, Log, Record, SessionLoss, Sessions};
use hopcheck_targets::target::Deployment;

pub use model::{
    Failure, Gap, InstanceReport, KindReport, Latency, Report, SessionEnd, SessionSpan, SessionsReport,
    Timestamp,
};

/// What a watch was about.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) deployment: Deployment,
    pub(super) plan: Plan,
    pub(super) options: WatchOptions,
    pub(super) log: Log,
    pub(super) began: jiff::Timestamp,
}

/// The report of what was recorded until `over`.
pub(super) fn of(watched: &Watched, record: &Record, over: Duration) -> Report {
    let Watched { deployment, plan, options, log, began } = watched;
    let clock = Clock(*began);
    let kinds = plan.probes.iter().zip(&record.kinds).map(|(probe, kind)| KindReport {
        kind: probe.label.to_owned(),
        request: log.mask(&probe.request()),
        expected: probe.status,
        per_second: (probe.rate() * 1000.0).round() / 1000.0,
        asked: kind.over(),
        good: kind.good,
        failed: kind.failed,
        asked_again: kind.again,
        on_kept_connections: kind.kept,
        on_fresh_connections: kind.fresh,
        on_streams: kind.streams,
        ..clock.kind(kind)
    });
    let instances = record.instances.iter().map(|instance| InstanceReport {
        name: instance.name.clone(),
        first: clock.when(instance.first),
        last: clock.when(instance.last),
        answers: instance.answers,
    });
    let mut report = Report {
        hopcheck: env!("CARGO_PKG_VERSION").to_owned(),
        target: deployment.name().to_owned(),
        url: log.mask(deployment.url().as_str()),
        described: log.mask(&deployment.describe()),
        began: clock.when(Duration::ZERO),
        ended: clock.when(over),
        gap_ms: millis(options.gap),
        in_flight: plan.in_flight,
        noticed: false,
        verdict: Vec::new(),
        kinds: kinds.collect(),
        sessions: clock.sessions(plan, &record.sessions).map(|sessions| SessionsReport {
            endpoint: log.mask(&sessions.endpoint),
            subscribed: sessions.subscribed.map(|destination| log.mask(&destination)),
            ..sessions
        }),
        instances: instances.collect(),
        not_watched: plan.not_watched.clone(),
        late_ms: millis(record.late),
    };
    report.judge();
    report
}

/// Turns times since the start into timestamps.
struct Clock(jiff::Timestamp);

impl Clock {
    fn when(&self, offset: Duration) -> Timestamp {
        let offset = Duration::from_millis(millis(offset));
        let at = self.0.checked_add(offset).unwrap_or(self.0);
        Timestamp { at: at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), offset_ms: millis(offset) }
    }

    /// The times and lists of one kind of requests.
    fn kind(&self, kind: &Kind) -> KindReport {
        let percentile = |percent| kind.latency.percentile(percent).map_or(0.0, rounded);
        let latency_ms = kind.latency.longest().map(|longest| Latency {
            p50: percentile(50.0),
            p90: percentile(90.0),
            p99: percentile(99.0),
            longest: rounded(longest),
        });
        KindReport {
            latency_ms,
            gap_ms: millis(kind.gap),
            reasons: kind.reasons.clone(),
            failures: kind.failures.map(|failed| Failure {
                due: self.when(failed.due),
                waited_ms: millis(failed.done.saturating_sub(failed.due)),
                connection: failed.way,
                instance: failed.instance.clone(),
                why: failed.why.clone(),
            }),
            gaps: kind.gaps.map(|(from, to)| Gap {
                from: self.when(*from),
                to: self.when(*to),
                ms: millis(to.saturating_sub(*from)),
            }),
            slice_ms: millis(kind.slices.length()),
            slices: kind.slices.all().to_vec(),
            ..KindReport::default()
        }
    }

    fn sessions(&self, plan: &Plan, sessions: &Sessions) -> Option<SessionsReport> {
        let stomp = plan.stomp.as_ref()?;
        Some(SessionsReport {
            endpoint: stomp.endpoint.clone(),
            subscribed: stomp.subscribe.clone(),
            sessions: stomp.count,
            heart_beat_ms: sessions.beat.map(millis),
            ever_open: sessions.spans.count() > 0,
            moved: sessions.moved,
            dropped: sessions.dropped,
            attempts_failed: sessions.refused,
            ends: sessions.losses.map(|loss| self.end(loss)),
            spans: sessions.spans.map(|span| SessionSpan {
                session: span.session + 1,
                from_ms: millis(span.from),
                to_ms: millis(span.to),
                instance: span.instance.clone(),
            }),
        })
    }

    fn end(&self, loss: &SessionLoss) -> SessionEnd {
        let back = loss.back.as_ref();
        SessionEnd {
            session: loss.session + 1,
            at: self.when(loss.at),
            instance: loss.instance.clone(),
            why: loss.why.clone(),
            in_order: loss.in_order,
            attempts_failed: loss.refused,
            last_refusal: (loss.refused > 0).then(|| loss.refusal.clone()),
            back: back.map(|(at, _)| self.when(*at)),
            back_at: back.and_then(|(_, instance)| instance.clone()),
            away_ms: back.map(|(at, _)| millis(at.saturating_sub(loss.at))),
            noticed: loss.noticed,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds, to a tenth.
fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
