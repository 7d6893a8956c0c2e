//! What is compared, and how good the reference proxy is meant to be.

use crate::contender::{Contender, Setup};
use crate::load::wrk::Wrk;

/// One line of work.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) setup: Setup,
    pub(crate) work: Work,
    pub(crate) goal: Goal,
}

/// What is done.
#[derive(Debug)]
pub(crate) enum Work {
    /// As many requests as can be answered; a unit is one request.
    Requests(Wrk),
    /// As many bytes as can be had; a unit is a MiB.
    Transfer(Wrk),
    /// As many requests as can be answered over HTTP/2, on so many streams of a connection.
    Http2 { path: &'static str, streams: usize },
    /// `GET` at so many requests per second.
    Rate(&'static str, u32),
    /// Messages of `size` bytes on as many sessions.
    Echo { sessions: usize, size: usize },
    /// WebSocket sessions that say nothing.
    Idle { sessions: usize },
    /// Connections that say nothing, or nothing more.
    Silent { connections: usize, since: Silence },
    /// From the start of the process to its first answer.
    StartUp,
    /// Requests while SIGHUP comes five times a second.
    Reload(Wrk),
}

/// Since when a connection says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Since it was accepted.
    Accepted,
    /// Since a request on it was answered.
    Answered,
    /// Since its TLS handshake.
    TlsHandshake,
}

/// Ratios to nginx in the same run that the reference proxy is meant to reach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Goal {
    /// At least so many times the units per second.
    pub(crate) speed: Option<f64>,
    /// At most so much of the CPU time of a unit, of the latency, of the memory.
    pub(crate) cost: Option<f64>,
}

const fn goal(speed: f64, cost: f64) -> Goal {
    Goal { speed: Some(speed), cost: Some(cost) }
}

const fn at_most(cost: f64) -> Goal {
    Goal { speed: None, cost: Some(cost) }
}

const NO_GOAL: Goal = Goal { speed: None, cost: None };

const API: Wrk = Wrk::get("/api/items");
const ITEMS: &str = "/api/items";

/// All cases, in the order of the table.
pub(crate) const CASES: &[Case] = &[
    document("API, the document's configuration", Work::Requests(API), goal(3.0, 0.4)),
    document("API at 2000 requests a second", Work::Rate(ITEMS, 2000), at_most(1.0)),
    kept("API, upstream kept alive", Work::Requests(API), goal(1.2, 0.75)),
    kept("API, kept alive, at 2000 requests a second", Work::Rate(ITEMS, 2000), at_most(1.0)),
    kept(
        "API, new connection for each request",
        Work::Requests(Wrk { field: Some(("Connection", "close")), ..API }),
        NO_GOAL,
    ),
    kept("POST of 16 KiB", Work::Requests(Wrk { method: "POST", body: 16 * 1024, ..API }), goal(1.0, 1.0)),
    kept(
        "POST of 1 MiB",
        Work::Requests(Wrk { method: "POST", body: 1024 * 1024, connections: 8, ..API }),
        goal(1.0, 1.0),
    ),
    kept(
        "answers of 1 MiB, a MiB",
        Work::Transfer(Wrk { connections: 8, ..Wrk::get("/api/bytes/1048576") }),
        goal(1.0, 1.0),
    ),
    kept(
        "answers of 100 MiB, a MiB",
        Work::Transfer(Wrk { connections: 4, ..Wrk::get("/api/bytes/104857600") }),
        goal(1.0, 1.0),
    ),
    document("preflight", Work::Requests(Wrk { method: "OPTIONS", ..API }), goal(1.0, 0.9)),
    document("asset of 1 KiB", Work::Requests(Wrk::get("/assets/1k.js")), goal(1.0, 0.9)),
    document("asset of 1 KiB at 2000 requests a second", Work::Rate("/assets/1k.js", 2000), at_most(1.0)),
    document(
        "asset of 1 MiB, a MiB",
        Work::Transfer(Wrk { connections: 8, ..Wrk::get("/assets/1m.bin") }),
        goal(1.0, 0.9),
    ),
    kept("API over TLS", Work::Requests(Wrk { tls: true, ..API }), NO_GOAL),
    kept(
        "API over TLS, new connection for each request",
        Work::Requests(Wrk { tls: true, field: Some(("Connection", "close")), ..API }),
        NO_GOAL,
    ),
    document(
        "asset of 1 MiB over TLS, a MiB",
        Work::Transfer(Wrk { tls: true, connections: 8, ..Wrk::get("/assets/1m.bin") }),
        NO_GOAL,
    ),
    document(
        "a range of 1 KiB of 1 MiB",
        Work::Requests(Wrk { field: Some(("Range", "bytes=4096-5119")), ..Wrk::get("/assets/1m.bin") }),
        goal(1.0, 0.9),
    ),
    kept("API over HTTP/2, 64 streams", Work::Http2 { path: ITEMS, streams: 64 }, NO_GOAL),
    document(
        "asset of 1 KiB over HTTP/2, 64 streams",
        Work::Http2 { path: "/assets/1k.js", streams: 64 },
        NO_GOAL,
    ),
    case(
        "16 KiB of JSON, compressed by gzip",
        Setup::Gzip,
        Work::Requests(Wrk { field: Some(("Accept-Encoding", "gzip")), ..Wrk::get("/api/json/16384") }),
        goal(1.0, 1.0),
    ),
    case("API, from the cache", Setup::Cache, Work::Requests(API), goal(1.0, 1.0)),
    document("WebSocket, messages of 64 bytes", Work::Echo { sessions: 100, size: 64 }, goal(1.0, 0.9)),
    document("WebSocket, messages of 64 KiB", Work::Echo { sessions: 16, size: 64 * 1024 }, goal(1.0, 0.9)),
    document("idle WebSocket sessions", Work::Idle { sessions: 10_000 }, at_most(1.0)),
    document(
        "connections silent from the start",
        Work::Silent { connections: 5000, since: Silence::Accepted },
        at_most(1.0),
    ),
    document(
        "connections kept alive, idle for two seconds",
        Work::Silent { connections: 5000, since: Silence::Answered },
        at_most(1.0),
    ),
    document(
        "TLS connections idle after the handshake",
        Work::Silent { connections: 5000, since: Silence::TlsHandshake },
        at_most(1.0),
    ),
    document("start to first answer", Work::StartUp, NO_GOAL),
    kept("API while it is reloaded, 5 times a second", Work::Reload(API), NO_GOAL),
];

const fn case(name: &'static str, setup: Setup, work: Work, goal: Goal) -> Case {
    Case { name, setup, work, goal }
}

const fn document(name: &'static str, work: Work, goal: Goal) -> Case {
    case(name, Setup::Document, work, goal)
}

const fn kept(name: &'static str, work: Work, goal: Goal) -> Case {
    case(name, Setup::KeptAlive, work, goal)
}

impl Case {
    /// Whether a contender can do that.
    pub(crate) fn suits(&self, contender: Contender) -> bool {
        if !contender.takes(self.setup) {
            return false;
        }
        match &self.work {
            // Only of small messages between connections that stay does it show the least that they can cost.
            work if contender == Contender::Relay => match work {
                Work::Requests(wrk) => {
                    self.setup == Setup::KeptAlive && wrk.body == 0 && wrk.field.is_none() && !wrk.tls
                }
                Work::Echo { size, .. } => *size < 1024,
                _ => false,
            },
            Work::Requests(wrk) | Work::Transfer(wrk) => {
                (contender.serves_files() || !wrk.path.contains("assets"))
                    && (contender.terminates_tls() || !wrk.tls)
            }
            Work::Rate(path, _) => contender.serves_files() || !path.contains("assets"),
            Work::Http2 { .. } => contender.speaks_http2(),
            Work::Reload(_) => contender.reloads(),
            // httpd has a thread for each session, and few.
            Work::Idle { .. } => contender != Contender::Httpd,
            Work::Silent { since: Silence::TlsHandshake, .. } => contender.terminates_tls(),
            Work::Silent { .. } => contender != Contender::Httpd,
            Work::Echo { .. } | Work::StartUp => true,
        }
    }
}
