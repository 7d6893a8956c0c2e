//! What to send, how often, and what is not watched because the profile does not say how.

use std::time::Duration;

use serde::Serialize;

use hopcheck_clients::Request;
use hopcheck_site::profile::{Profile, Transport};
use hopcheck_targets::target::Deployment;

/// The options of a watch.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// Requests to the API per second; those to the front end are two fifths, preflights and WebSockets one fifth of that.
    pub rate: f64,
    /// STOMP sessions to keep open.
    pub sessions: usize,
    /// How long there may be no good response, and how long a session that was closed cleanly may be away.
    pub gap: Duration,
    /// The interval of heart-beats, unless the profile sets one.
    pub heart_beat: Duration,
    /// Whether credentials are shown.
    pub show_secrets: bool,
}

impl Default for WatchOptions {
    fn default() -> WatchOptions {
        WatchOptions {
            rate: 5.0,
            sessions: 3,
            gap: Duration::from_secs(1),
            heart_beat: Duration::from_secs(1),
            show_secrets: false,
        }
    }
}

/// One kind of request.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// `API`, `front end`, `preflight`, `WebSocket`.
    pub(super) label: &'static str,
    pub(super) request: Request,
    /// Whether the request opens a WebSocket, which is closed at once.
    pub(super) opens_socket: bool,
    /// The expected status.
    pub(super) status: u16,
    /// Whether any other status from 200 to 299 is as good.
    pub(super) any_success: bool,
    /// A text that the response must contain.
    pub(super) text: Option<String>,
    /// The time between two requests.
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
pub struct Unwatched {
    /// `API`, `STOMP`, …
    pub what: String,
    /// `the profile does not name …`, or what else keeps it from being watched.
    pub why: String,
}

/// Everything that is sent.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) probes: Vec<Probe>,
    pub(super) stomp: Option<Stomp>,
    pub(super) not_watched: Vec<Unwatched>,
    /// The response header that identifies the instance.
    pub(super) instance: Option<String>,
    pub(super) gap: Duration,
    /// The most requests of one kind in flight.
    pub(super) in_flight: usize,
    /// How long to wait for a response.
    pub(super) timeout: Duration,
}

impl Plan {
    /// What can be sent to `deployment`, whose profile allows `in_flight` requests.
    pub(super) fn of(deployment: &Deployment, options: &WatchOptions, in_flight: usize) -> Plan {
        let profile = deployment.profile();
        let origin = deployment.url().origin().ascii_serialization();
        let mut not_watched = Vec::new();
        let mut unwatched = |what: &str, why: &str| {
            not_watched.push(Unwatched { what: what.to_owned(), why: why.to_owned() });
        };
        let every = |share: f64| Duration::try_from_secs_f64(share / options.rate).unwrap_or(Duration::MAX);
        let mut probes = Vec::new();
        match profile.api.path.as_deref() {
            Some(path) => probes.push(Probe {
                label: "API",
                request: Request::new("GET", path),
                opens_socket: false,
                status: profile.api.status.unwrap_or(200),
                any_success: false,
                text: None,
                interval: every(1.0),
            }),
            None => unwatched("API", "the profile does not name an API path (`[api] path`)"),
        }
        match profile.front_page() {
            Some(page) => probes.push(Probe {
                label: "front end",
                request: Request::new("GET", profile.front_end.deep_link.as_deref().unwrap_or(page)),
                opens_socket: false,
                status: 200,
                any_success: false,
                text: profile.front_end.text.clone(),
                interval: every(2.5),
            }),
            None => unwatched("front end", "the profile names nothing of it (`[front-end] text`)"),
        }
        match profile.preflight_path() {
            Some(path) => probes.push(Probe {
                label: "preflight",
                request: Request::new("OPTIONS", path)
                    .header("Origin", &origin)
                    .header("Access-Control-Request-Method", "GET"),
                opens_socket: false,
                status: 204,
                any_success: true,
                text: None,
                interval: every(5.0),
            }),
            None => unwatched("preflight", "the profile says nothing of preflights (`[preflight] path`)"),
        }
        // Only the application knows what keeps its WebSocket open, so that none is held but that of STOMP.
        if let (Some(_), Some(path)) = (&profile.socket.endpoint, profile.websocket()) {
            let request = Request::new("GET", &path).header("Origin", &origin);
            let offered = profile.socket.protocol.iter();
            probes.push(Probe {
                label: "WebSocket",
                request: offered
                    .fold(request, |request, name| request.header("Sec-WebSocket-Protocol", name)),
                opens_socket: true,
                status: 101,
                any_success: false,
                text: None,
                interval: every(5.0),
            });
            unwatched("WebSockets that stay open", "only the application knows what keeps them open");
        }
        let stomp = match profile.stomp.endpoint.as_deref() {
            Some(_) if options.sessions == 0 => None,
            Some(endpoint) => Some(Stomp {
                endpoint: endpoint.to_owned(),
                transport: profile.stomp.transport,
                origin,
                count: options.sessions,
                headers: connect_headers(deployment, options.heart_beat),
                subscribe: profile.stomp.subscribe.clone(),
            }),
            // A site with a WebSocket of another kind need not speak STOMP.
            None if profile.socket.endpoint.is_some() => None,
            None => {
                unwatched("STOMP", "the profile does not name a STOMP endpoint (`[stomp] endpoint`)");
                None
            }
        };
        let instance = profile.instances.header.clone();
        if instance.is_none() {
            unwatched(
                "which instance answers",
                "the profile does not name a header that identifies instances (`[instances] header`)",
            );
        }
        Plan {
            probes,
            stomp,
            not_watched,
            instance,
            gap: options.gap,
            in_flight,
            timeout: deployment.route().limits().time,
        }
    }

    /// The longest time between good responses of this kind that is not a gap.
    pub(super) fn gap_of(&self, probe: &Probe) -> Duration {
        self.gap.saturating_add(probe.interval)
    }
}

impl Probe {
    /// `GET /api/items`.
    pub(super) fn request(&self) -> String {
        format!("{} {}", self.request.method, self.request.target)
    }

    /// Requests per second.
    pub(super) fn rate(&self) -> f64 {
        1.0 / self.interval.as_secs_f64()
    }
}

/// All requests per second, with these options and this profile.
pub(super) fn total_rate(profile: &Profile, options: &WatchOptions) -> f64 {
    let share = |share: f64, is_asked: bool| if is_asked { share } else { 0.0 };
    let api = share(1.0, profile.api.path.is_some());
    let front_end = share(0.4, profile.front_page().is_some());
    let preflight = share(0.2, profile.preflight_path().is_some());
    let socket = share(0.2, profile.socket.endpoint.is_some());
    options.rate * (api + front_end + preflight + socket)
}

/// The headers of CONNECT: heart-beats, as in the profile or else the options, and those of the deployment.
fn connect_headers(deployment: &Deployment, beat: Duration) -> Vec<(String, String)> {
    let beat = beat.as_millis();
    let named = deployment.profile().stomp.heart_beat.clone();
    let beats = ("heart-beat".to_owned(), named.unwrap_or_else(|| format!("{beat},{beat}")));
    std::iter::once(beats).chain(deployment.stomp_headers().iter().cloned()).collect()
}
