//! What is asked, how often, and what is not asked since the profile does not say how.

use std::time::Duration;

use serde::Serialize;

use hopcheck_clients::Request;
use hopcheck_site::profile::{Profile, Transport};
use hopcheck_targets::target::Deployment;

/// What the one who watches has asked for.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Requests to the API in a second; the front end is asked at two fifths of that rate, preflights at one fifth.
    pub rate: f64,
    /// STOMP sessions that are kept open.
    pub sessions: usize,
    /// How long good answers may stay away, and sessions that were closed in good order.
    pub gap: Duration,
    /// How often heart-beats are asked for and offered, unless the profile says how often.
    pub heart_beat: Duration,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes { rate: 5.0, sessions: 3, gap: Duration::from_secs(1), heart_beat: Duration::from_secs(1) }
    }
}

/// One kind of request.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// `API`, `front end`, `preflight`.
    pub(super) label: &'static str,
    pub(super) request: Request,
    /// The status that it should be answered with.
    pub(super) status: u16,
    /// A text that the answer should contain.
    pub(super) text: Option<String>,
    /// Between two requests.
    pub(super) interval: Duration,
}

/// The STOMP sessions.
#[derive(Debug, Clone)]
pub(super) struct Stomp {
    pub(super) endpoint: String,
    pub(super) transport: Transport,
    pub(super) origin: String,
    pub(super) count: usize,
    /// Of CONNECT.
    pub(super) headers: Vec<(String, String)>,
    pub(super) subscribe: Option<String>,
}

/// Something that is not watched, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotWatched {
    /// `API`, `STOMP`, …
    pub what: String,
    /// `the profile names no …`
    pub why: String,
}

/// All that is asked.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) probes: Vec<Probe>,
    pub(super) stomp: Option<Stomp>,
    pub(super) not_watched: Vec<NotWatched>,
    /// The response header that tells instances apart.
    pub(super) instance: Option<String>,
    pub(super) gap: Duration,
    /// The most requests of one kind that wait for their answers.
    pub(super) in_flight: usize,
    /// How long an answer is waited for.
    pub(super) patience: Duration,
}

impl Plan {
    /// What can be asked of `deployment`, whose own limits are `in_flight`.
    pub(super) fn of(deployment: &Deployment, wishes: &Wishes, in_flight: usize) -> Plan {
        let profile = deployment.profile();
        let origin = deployment.url().origin().ascii_serialization();
        let mut not_watched = Vec::new();
        let mut missing = |what: &str, why: &str| {
            not_watched.push(NotWatched { what: what.to_owned(), why: format!("the profile {why}") });
        };
        let every = |share: f64| Duration::try_from_secs_f64(share / wishes.rate).unwrap_or(Duration::MAX);
        let mut probes = Vec::new();
        match profile.api.path.as_deref() {
            Some(path) => probes.push(Probe {
                label: "API",
                request: Request::new("GET", path),
                status: profile.api.status.unwrap_or(200),
                text: None,
                interval: every(1.0),
            }),
            None => missing("API", "names no API path that may be read (`[api] path`)"),
        }
        probes.push(Probe {
            label: "front end",
            request: Request::new("GET", profile.front_end.deep_link.as_deref().unwrap_or("/")),
            status: 200,
            text: profile.front_end.text.clone(),
            interval: every(2.5),
        });
        match profile.preflight.path.as_deref().or(profile.api.path.as_deref()) {
            Some(path) => probes.push(Probe {
                label: "preflight",
                request: Request::new("OPTIONS", path)
                    .header("Origin", &origin)
                    .header("Access-Control-Request-Method", "GET"),
                status: 204,
                text: None,
                interval: every(5.0),
            }),
            None => missing("preflight", "names no path to ask a preflight for (`[preflight] path`)"),
        }
        let stomp = match profile.stomp.endpoint.as_deref() {
            Some(_) if wishes.sessions == 0 => None,
            Some(endpoint) => Some(Stomp {
                endpoint: endpoint.to_owned(),
                transport: profile.stomp.transport,
                origin,
                count: wishes.sessions,
                headers: connect_headers(deployment, wishes.heart_beat),
                subscribe: profile.stomp.subscribe.clone(),
            }),
            None => {
                missing("STOMP", "names no STOMP endpoint (`[stomp] endpoint`)");
                None
            }
        };
        let instance = profile.instances.header.clone();
        if instance.is_none() {
            missing(
                "which instance answers",
                "names no header that tells instances apart (`[instances] header`)",
            );
        }
        Plan {
            probes,
            stomp,
            not_watched,
            instance,
            gap: wishes.gap,
            in_flight,
            patience: deployment.route().patience(),
        }
    }

    /// Good answers of this kind may be so far apart: one is not due before its interval is over.
    pub(super) fn gap_of(&self, probe: &Probe) -> Duration {
        self.gap.saturating_add(probe.interval)
    }
}

impl Probe {
    /// `GET /api/items`.
    pub(super) fn request(&self) -> String {
        format!("{} {}", self.request.method, self.request.target)
    }

    /// How many are sent in a second.
    pub(super) fn rate(&self) -> f64 {
        1.0 / self.interval.as_secs_f64()
    }
}

/// How many requests in a second are sent in all, for these wishes and this profile.
pub(super) fn total_rate(profile: &Profile, wishes: &Wishes) -> f64 {
    let api = if profile.api.path.is_some() { 1.0 } else { 0.0 };
    let preflight = if profile.preflight.path.is_some() || api > 0.0 { 0.2 } else { 0.0 };
    wishes.rate * (api + 0.4 + preflight)
}

/// What CONNECT carries: heart-beats as the profile has them or else as wished, and what the deployment wants.
fn connect_headers(deployment: &Deployment, beat: Duration) -> Vec<(String, String)> {
    let beat = beat.as_millis();
    let named = deployment.profile().stomp.heart_beat.clone();
    let beats = ("heart-beat".to_owned(), named.unwrap_or_else(|| format!("{beat},{beat}")));
    std::iter::once(beats).chain(deployment.stomp_headers().iter().cloned()).collect()
}
