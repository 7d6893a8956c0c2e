//! `upstream` and its servers.

use super::Arity::{AtLeast, Take};
use super::{Command, HTTP, UPSTREAM, command};
use crate::read::http::upstream as set;
use crate::read::values::{number, once, time};

pub(super) const COMMANDS: &[Command] = &[
    command("upstream", HTTP, Take(1, 1), "", "A group of app servers, taken in turn.", set::upstream).block(),
    command("server", UPSTREAM, AtLeast(1), "", "An app server.", set::server)
        .note("With `weight=`, `max_fails=`, `fail_timeout=`, `backup`, `down`. `max_conns=`, `resolve`, `unix:` and the like are refused."),
    command("ip_hash", UPSTREAM, Take(0, 0), "", "One server for all clients of a network.", set::balance),
    command("least_conn", UPSTREAM, Take(0, 0), "", "The server with the fewest requests under way.", set::balance),
    command("zone", UPSTREAM, Take(1, 2), "", "Memory that workers share about the group.", set::zone)
        .note("Accepted; each worker keeps its own turn and list of failures nevertheless."),
    command("keepalive", UPSTREAM, Take(1, 1), "", "Idle connections that a worker keeps open to the group.", set::keepalive),
    command("keepalive_requests", UPSTREAM, Take(1, 1), "1000", "Requests a connection to the group may carry.", |r, d| {
        once(&mut r.upstream().keepalive_requests, d, number)
    }),
    command("keepalive_timeout", UPSTREAM, Take(1, 1), "60s", "How long an idle connection is kept.", |r, d| {
        once(&mut r.upstream().keepalive_timeout, d, time)
    }),
    command("keepalive_time", UPSTREAM, Take(1, 1), "1h", "How long a connection may be used in all.", |r, d| {
        once(&mut r.upstream().keepalive_time, d, time)
    })
    .note("Accepted without effect."),
];
