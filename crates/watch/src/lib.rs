//! Watching a live system while its operator switches from blue to green: did anybody notice?
//!
//! Requests of each kind go out at a modest, steady rate ([`pace`](self)), STOMP sessions are kept open, and all that a
//! visitor would have noticed is written down: requests that failed, times without good answers, sessions that were
//! lost. Nothing is changed there; what may be asked is enforced by the [`client`](hopcheck_clients)'s manners.

mod glance;
mod pace;
mod plan;
mod probe;
mod record;
mod report;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use hopcheck_site::profile::Profile;
use hopcheck_targets::target::{Deployment, TargetError};

pub use glance::{Display, Glance};
pub use plan::{NotWatched, Wishes};
pub use record::{Listed, Slice, Way};
pub use report::{
    End, Failure, Gap, InstanceReport, KindReport, Latency, Report, SessionsReport, Span, When,
};

use pace::{Rhythm, Stop, pace as pace_requests};
use plan::Plan;
use probe::Prober;
use record::Log;
use sessions::Keeper;

/// A watch that could begin.
#[derive(Debug)]
pub struct Watch {
    deployment: Deployment,
    plan: Plan,
    wishes: Wishes,
}

impl Watch {
    /// Makes out what can be asked of the deployment that `profile` describes, and asks it once.
    ///
    /// # Errors
    /// As [`Deployment::open`]; and when `wishes` are for more than the profile allows.
    pub async fn prepare(name: &str, mut profile: Profile, wishes: Wishes) -> Result<Watch, TargetError> {
        let wrong = |what: String| TargetError::Deployment(format!("{name}: {what}"));
        let (rate, limits) = (plan::total_rate(&profile, &wishes), profile.limits.clone());
        if rate > limits.requests_per_second {
            return Err(wrong(format!(
                "--rate {} comes to {rate:.1} requests a second in all, and the profile allows {} ([limits] \
                 requests-per-second)",
                wishes.rate, limits.requests_per_second
            )));
        }
        // The rhythm of a watch is its own, and within the limits. Manners that paced requests once more would move them
        // away from the times at which they are due; what may be asked at all they still decide.
        profile.limits.requests_per_second = 1000.0;
        profile.limits.in_flight = (limits.in_flight + 1) * 3 + wishes.sessions;
        let deployment = Deployment::open(name, profile).await?;
        let plan = Plan::of(&deployment, &wishes, limits.in_flight);
        Ok(Watch { deployment, plan, wishes })
    }

    /// What will be asked, a line each; and what will not be, and why.
    pub fn describe(&self) -> Vec<String> {
        let Plan { probes, stomp, not_watched, in_flight, .. } = &self.plan;
        let mut lines = vec![format!("watching {}", self.deployment.describe())];
        for probe in probes {
            let (request, status) = (probe.request(), probe.status);
            lines.push(format!("  {:<9} {request}, expecting {status}, {}", probe.label, rate(probe.rate())));
        }
        if let Some(stomp) = stomp {
            let subscribed = stomp.subscribe.as_ref().map_or_else(
                || "subscribed to nothing, as the profile names no destination".to_owned(),
                |destination| format!("subscribed to {destination}"),
            );
            lines.push(format!("  STOMP     {} sessions at {}, {subscribed}", stomp.count, stomp.endpoint));
        }
        for NotWatched { what, why } in not_watched {
            lines.push(format!("  not watched: {what}: {why}"));
        }
        lines.push(format!(
            "  every other request on a connection that is kept, at most {in_flight} of a kind unanswered; {} ms more than \
             planned without a good answer are a gap",
            self.wishes.gap.as_millis()
        ));
        lines.iter().map(|line| self.masked(line)).collect()
    }

    fn masked(&self, text: &str) -> String {
        record::masked(&record::longest_first(self.deployment.secrets()), text)
    }

    /// Begins to ask.
    pub fn begin(self) -> Running {
        let Watch { deployment, plan, wishes } = self;
        let gaps: Vec<Duration> = plan.probes.iter().map(|probe| plan.gap_of(probe)).collect();
        let sessions = plan.stomp.as_ref().map_or(0, |stomp| stomp.count);
        let log = Log::begin(&gaps, sessions, plan.gap, deployment.secrets());
        let (end, stop) = Stop::new(plan.gap.min(plan.patience));
        let mut tasks = JoinSet::new();
        for (number, probe) in plan.probes.iter().enumerate() {
            // Kinds begin a little apart, so that their requests do not always coincide.
            let first = log.began() + Duration::from_millis(37 * number as u64);
            let (interval, patience) = (probe.interval, plan.patience);
            let rhythm = Rhythm { first, interval, places: plan.in_flight, patience };
            let route = deployment.route().clone();
            let prober = Prober::new(number, probe.clone(), route, &plan, log.clone(), stop.clone());
            tasks.spawn(pace_requests(rhythm, stop.clone(), Arc::new(prober)));
        }
        for number in 0..sessions {
            let Some(stomp) = plan.stomp.clone() else { break };
            let (route, instance) = (deployment.route().clone(), plan.instance.clone());
            let keeper = Keeper { number, stomp, route, instance, log: log.clone() };
            tasks.spawn(keeper.keep(stop.clone()));
        }
        let began = jiff::Timestamp::now();
        Running { deployment, plan, wishes, log, began, end, tasks }
    }
}

/// `5 a second`, `one in 2 s`.
fn rate(per_second: f64) -> String {
    if per_second < 1.0 {
        format!("one in {} s", (10.0 / per_second).round() / 10.0)
    } else {
        format!("{} a second", (per_second * 10.0).round() / 10.0)
    }
}

/// A watch that goes on.
#[derive(Debug)]
pub struct Running {
    deployment: Deployment,
    plan: Plan,
    wishes: Wishes,
    log: Log,
    began: jiff::Timestamp,
    end: watch::Sender<Option<Instant>>,
    tasks: JoinSet<()>,
}

impl Running {
    /// How it stands.
    pub fn glance(&self) -> Glance {
        glance::of(&self.plan, &self.log)
    }

    /// Ends it: answers that are on their way are waited for, as long as no gap would be.
    pub async fn end(mut self) -> Report {
        let over = self.log.now();
        self.end.send_replace(Some(Instant::now()));
        while self.tasks.join_next().await.is_some() {}
        let mut record = self.log.record();
        record.kinds.iter_mut().for_each(|kind| kind.gap_until(over));
        record.sessions.close(over);
        report::of(&self, &record, over)
    }
}
