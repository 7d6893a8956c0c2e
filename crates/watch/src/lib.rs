//! Watches a live deployment while its operator switches from blue to green: did visitors notice?
//!
//! `plan` decides what to send, from the deployment's profile. `schedule` sends requests of each kind at a steady rate,
//! whether or not earlier ones have been answered, and `probe` judges the responses; `sessions` keeps STOMP sessions
//! open and reconnects them. All of them write to `record`, in bounded memory, whatever a visitor would have noticed:
//! failed requests, gaps without good responses, dropped sessions. `status` shows it live; `report` turns it into a
//! verdict, as text, JSON and HTML.
//!
//! Nothing is changed on the deployment: the clients' [`RequestPolicy`](hopcheck_clients::RequestPolicy) enforces that.

mod plan;
mod probe;
mod record;
mod report;
mod schedule;
mod sessions;
mod status;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use hopcheck_clients::Visit;
use hopcheck_site::Mask;
use hopcheck_site::profile::Profile;
use hopcheck_targets::target::{Deployment, TargetError};

pub use plan::{Unwatched, WatchOptions};
pub use record::{CappedList, ConnectionUse, Slice};
pub use report::{
    Failure, Gap, InstanceReport, KindReport, Latency, Report, SessionEnd, SessionSpan, SessionsReport,
    Timestamp,
};
pub use status::{Status, StatusDisplay};

use plan::Plan;
use probe::Prober;
use record::Log;
use report::Watched;
use schedule::{Schedule, Stop, run_schedule};
use sessions::SessionKeeper;

/// A watch that is ready to start.
#[derive(Debug)]
pub struct Watch {
    deployment: Deployment,
    plan: Plan,
    options: WatchOptions,
}

impl Watch {
    /// Plans what to send to the deployment that `profile` describes, and contacts it once.
    ///
    /// # Errors
    /// As [`Deployment::open`], when `options` exceed the limits of the profile, and when it names nothing to watch.
    pub async fn prepare(
        name: &str,
        mut profile: Profile,
        options: WatchOptions,
    ) -> Result<Watch, TargetError> {
        let wrong = |what: String| TargetError::Deployment(format!("{name}: {what}"));
        let (rate, limits) = (plan::total_rate(&profile, &options), profile.limits.clone());
        if rate > limits.requests_per_second {
            return Err(wrong(format!(
                "--rate {} makes {rate:.1} requests per second in total, and the profile allows {} ([limits] \
                 requests-per-second)",
                options.rate, limits.requests_per_second
            )));
        }
        // The schedule observes the limits itself. Were the policy to pace requests too, they would not be sent when due;
        // it still decides what may be sent at all.
        profile.limits.requests_per_second = 1000.0;
        profile.limits.in_flight = (limits.in_flight + 1) * 4 + options.sessions;
        let deployment = Deployment::open(name, profile).await?;
        let plan = Plan::of(&deployment, &options, limits.in_flight);
        if plan.probes.is_empty() && plan.stomp.is_none() {
            return Err(wrong(
                "the profile names nothing to watch\n  help: `hopcheck init --target URL` writes a profile of what it finds"
                    .to_owned(),
            ));
        }
        Ok(Watch { deployment, plan, options })
    }

    /// What will be sent, line by line; and what will not, and why.
    pub fn describe(&self) -> Vec<String> {
        let Plan { probes, stomp, not_watched, in_flight, .. } = &self.plan;
        let mut lines = vec![format!("watching {}", self.deployment.describe())];
        for probe in probes {
            let (request, status) = (probe.request(), probe.status);
            lines.push(format!("  {:<9} {request}, expecting {status}, {}", probe.label, rate(probe.rate())));
        }
        if let Some(stomp) = stomp {
            let subscribed = stomp.subscribe.as_ref().map_or_else(
                || "no subscription, as the profile names no destination".to_owned(),
                |destination| format!("subscribed to {destination}"),
            );
            lines.push(format!("  STOMP     {} sessions at {}, {subscribed}", stomp.count, stomp.endpoint));
        }
        for Unwatched { what, why } in not_watched {
            lines.push(format!("  not watched: {what}: {why}"));
        }
        let turns = match self.deployment.info().offers_http2() {
            true => {
                "of three requests, one reuses a connection, one is a stream of a connection over HTTP/2, and one opens its own"
            }
            false => "every other request reuses a connection",
        };
        lines.push(format!(
            "  {turns}, unless it opens a WebSocket; at most {in_flight} of a kind in flight; a gap is {} ms more than the \
             interval without a good response",
            self.options.gap.as_millis()
        ));
        let mask = self.mask();
        lines.iter().map(|line| mask.text(line)).collect()
    }

    /// What is masked in all output.
    fn mask(&self) -> Mask {
        if self.options.show_secrets { Mask::default() } else { self.deployment.mask().clone() }
    }

    /// Starts the watch.
    pub fn begin(self) -> RunningWatch {
        let mask = self.mask();
        let Watch { deployment, plan, options } = self;
        let gaps: Vec<Duration> = plan.probes.iter().map(|probe| plan.gap_of(probe)).collect();
        let sessions = plan.stomp.as_ref().map_or(0, |stomp| stomp.count);
        let log = Log::begin(&gaps, sessions, plan.gap, &mask);
        let (end, stop) = Stop::new(plan.gap.min(plan.timeout));
        let mut tasks = JoinSet::new();
        let visit = deployment.info().offers_http2().then(|| Visit::new(deployment.route().clone()));
        for (number, probe) in plan.probes.iter().enumerate() {
            // Kinds start a little apart, so that their requests do not always coincide.
            let first = log.began() + Duration::from_millis(37 * number as u64);
            let (interval, timeout) = (probe.interval, plan.timeout);
            let schedule = Schedule { first, interval, places: plan.in_flight, timeout };
            let route = deployment.route().clone();
            let prober =
                Prober::new(number, probe.clone(), route, visit.clone(), &plan, log.clone(), stop.clone());
            tasks.spawn(run_schedule(schedule, stop.clone(), Arc::new(prober)));
        }
        for number in 0..sessions {
            let Some(stomp) = plan.stomp.clone() else { break };
            let (route, instance) = (deployment.route().clone(), plan.instance.clone());
            let keeper = SessionKeeper { number, stomp, route, instance, log: log.clone() };
            tasks.spawn(keeper.keep(stop.clone()));
        }
        let began = jiff::Timestamp::now();
        RunningWatch { watched: Watched { deployment, plan, options, log, began }, end, tasks }
    }
}

/// `5 per second`, `one every 2 s`.
fn rate(per_second: f64) -> String {
    if per_second < 1.0 {
        format!("one every {} s", (10.0 / per_second).round() / 10.0)
    } else {
        format!("{} per second", (per_second * 10.0).round() / 10.0)
    }
}

/// A watch in progress.
#[derive(Debug)]
pub struct RunningWatch {
    watched: Watched,
    end: watch::Sender<Option<Instant>>,
    tasks: JoinSet<()>,
}

impl RunningWatch {
    /// Its current status.
    pub fn status(&self) -> Status {
        status::of(&self.watched.plan, &self.watched.log)
    }

    /// Ends it, and waits for outstanding responses for at most the length of a gap.
    pub async fn end(mut self) -> Report {
        let Watched { log, .. } = &self.watched;
        let over = log.now();
        self.end.send_replace(Some(Instant::now()));
        while self.tasks.join_next().await.is_some() {}
        let mut record = log.record();
        record.kinds.iter_mut().for_each(|kind| kind.gap_until(over));
        record.sessions.close(over);
        report::of(&self.watched, &record, over)
    }
}
