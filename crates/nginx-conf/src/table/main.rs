//! The main context and `events`.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{
    Command, EVENTS, HTTP, LIMIT_EXCEPT, LOCATION, LOCATION_IF, MAIN, SERVER, SERVER_IF, UPSTREAM, command,
};

const EVERYWHERE: u16 =
    MAIN | EVENTS | HTTP | UPSTREAM | SERVER | SERVER_IF | LOCATION | LOCATION_IF | LIMIT_EXCEPT;

pub(super) const COMMANDS: &[Command] = &[
    command(
        "include",
        EVERYWHERE,
        Take(1, 1),
        "",
        "Reads another file, or every file that matches a pattern, in this place.",
    ),
    command("user", MAIN, Take(1, 2), "nobody", "Account and group of the workers when started as root."),
    command("worker_processes", MAIN, Take(1, 1), "1", "How many workers; `auto` is one per core.")
        .note("Workers are threads of one process. 0 is refused."),
    command("worker_rlimit_nofile", MAIN, Take(1, 1), "", "Open files allowed to the workers.")
        .note("Accepted without effect: the limit the program was started with holds."),
    command(
        "worker_shutdown_timeout",
        MAIN,
        Take(1, 1),
        "",
        "How long a worker that is to go waits for its requests and WebSockets; then it closes their connections.",
    ),
    command("pid", MAIN, Take(1, 1), "logs/nginx.pid", "Where the process id is written."),
    command("daemon", MAIN, Flag, "on", "Whether to leave the terminal.")
        .note("Accepted; the program always stays in the foreground."),
    command("master_process", MAIN, Flag, "on", "Whether workers are processes of their own.")
        .note("Accepted; there is one process either way."),
    command(
        "error_log",
        MAIN | HTTP | SERVER | LOCATION,
        AtLeast(1),
        "logs/error.log error",
        "Where errors are written, and from which level on.",
    )
    .note("A file, `stderr` or `syslog:`; `memory:` is refused, and so are the `debug_…` levels."),
    command("events", MAIN, Take(0, 0), "", "Settings of connections.").block(),
    command("worker_connections", EVENTS, Take(1, 1), "512", "Connections a worker may have open."),
    command("use", EVENTS, Take(1, 1), "", "How to wait for events.")
        .note("Accepted; what the system offers best is used."),
    command("multi_accept", EVENTS, Flag, "off", "Accept all waiting connections at once.")
        .note("Accepted without effect."),
    command("accept_mutex", EVENTS, Flag, "off", "Let workers take turns at accepting.")
        .note("Accepted without effect: each worker has a listening socket of its own."),
    command("accept_mutex_delay", EVENTS, Take(1, 1), "500ms", "How long a worker waits for its turn.")
        .note("Accepted without effect."),
];
