//! `upstream` and its servers.

use super::command::Arity::{AtLeast, Take};
use super::command::{Command, HTTP, UPSTREAM, command};

pub(super) const COMMANDS: &[Command] = &[
    command("upstream", HTTP, Take(1, 1), "", "A group of app servers, taken in turn.").block(),
    command("server", UPSTREAM, AtLeast(1), "", "An app server.")
        .note("With `weight=`, `max_fails=`, `fail_timeout=`, `backup`, `down`, `max_conns=`, `resolve` from 1.27.3 on, and `route=` and `drain` from 1.29.6 on; an address, a name, or a socket (`unix:/run/app.sock`). `service=` and the like are refused."),
    command("ip_hash", UPSTREAM, Take(0, 0), "", "One server for all clients of a network."),
    command("least_conn", UPSTREAM, Take(0, 0), "", "The server with the fewest requests under way."),
    command("hash", UPSTREAM, Take(1, 2), "", "One server for all requests of the same key; `consistent` for few that change over when servers come or go."),
    command("random", UPSTREAM, Take(0, 2), "", "Any server, or of any `two` the one with fewer requests under way."),
    command("sticky", UPSTREAM, AtLeast(2), "", "Keeps a session with its server: by a `cookie`, by a `route` that variables tell, or by what it can `learn` of answers. It has to stand behind the method of choosing one.")
        .since(29, 6),
    command("zone", UPSTREAM, Take(1, 2), "", "Memory that workers share about the group.")
        .note("Accepted; each worker keeps its own turn and list of failures nevertheless."),
    command("keepalive", UPSTREAM, Take(1, 2), "", "Idle connections that a worker keeps open to the group.")
        .note("`local`, of 1.29.7 and later, has no effect: connections are not shared by locations whose `proxy_ssl_…` differ."),
    command("keepalive_requests", UPSTREAM, Take(1, 1), "1000", "Requests a connection to the group may carry."),
    command("keepalive_timeout", UPSTREAM, Take(1, 1), "60s", "How long an idle connection is kept."),
    command("keepalive_time", UPSTREAM, Take(1, 1), "1h", "How long a connection may be used in all.")
    .note("Accepted without effect."),
];
