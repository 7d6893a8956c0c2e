//! `proxy_…`: what is sent on to app servers, and what comes back.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, LEVELS, LIMIT_EXCEPT, LOCATION, LOCATION_IF, command};

pub(super) const COMMANDS: &[Command] = &[
    command(
        "proxy_pass",
        LOCATION | LOCATION_IF | LIMIT_EXCEPT,
        Take(1, 1),
        "",
        "The upstream or address that requests go to.",
    )
    .note("`http://` or `https://` with an upstream, a name, an address, or a socket of this machine (`http://unix:/run/app.sock:/`)."),
    command(
        "proxy_set_header",
        LEVELS,
        Take(2, 2),
        "Host $proxy_host; Connection close",
        "A header for the app server; an empty one is not sent. A level with one of its own inherits none.",
    )
    .note("Upstream connections are kept alive by default, as by nginx from 1.29.7 on."),
    command("proxy_pass_request_headers", LEVELS, Flag, "on", "Whether the client's headers are passed on."),
    command("proxy_pass_request_body", LEVELS, Flag, "on", "Whether the client's body is passed on."),
    command("proxy_http_version", LEVELS, Take(1, 1), "1.0", "The version spoken to app servers.")
        .note("Defaults to 1.1, as in nginx from 1.29.7 on; `2` from 1.29.4 on."),
    command("proxy_connect_timeout", LEVELS, Take(1, 1), "60s", "Time to connect to an app server."),
    command("proxy_send_timeout", LEVELS, Take(1, 1), "60s", "Time between two writes to an app server."),
    command(
        "proxy_read_timeout",
        LEVELS,
        Take(1, 1),
        "60s",
        "Time between two reads from an app server; how long a WebSocket may be silent.",
    ),
    command(
        "proxy_next_upstream",
        LEVELS,
        AtLeast(1),
        "error timeout",
        "When a request is tried on another server.",
    ),
    command(
        "proxy_next_upstream_tries",
        LEVELS,
        Take(1, 1),
        "0",
        "On how many servers at most; 0 is no limit.",
    ),
    command("proxy_next_upstream_timeout", LEVELS, Take(1, 1), "0", "For how long at most; 0 is no limit."),
    command("proxy_redirect", LEVELS, Take(1, 2), "default", "How `Location` and `Refresh` are rewritten."),
    command("proxy_cookie_domain", LEVELS, Take(1, 2), "off", "How the domain of a cookie is rewritten."),
    command("proxy_cookie_path", LEVELS, Take(1, 2), "off", "How the path of a cookie is rewritten."),
    command(
        "proxy_cookie_flags",
        LEVELS,
        Take(1, 4),
        "off",
        "Which of `secure`, `httponly` and `samesite=` a cookie gets or loses.",
    ),
    command("proxy_method", LEVELS, Take(1, 1), "", "The method that app servers are asked with.")
        .note("Where it comes to nothing, the client's; by nginx none at all."),
    command(
        "proxy_set_body",
        LEVELS,
        Take(1, 1),
        "",
        "The body that app servers are sent instead of the client's.",
    ),
    command(
        "proxy_ignore_client_abort",
        LEVELS,
        Flag,
        "off",
        "Whether app servers go on when the client has left.",
    ),
    command(
        "proxy_pass_header",
        LEVELS,
        Take(1, 1),
        "",
        "A response header that is passed on although it is hidden otherwise: `Server`, `Date`, `X-Accel-…`.",
    ),
    command("proxy_hide_header", LEVELS, Take(1, 1), "", "A response header that is not passed on."),
    command(
        "proxy_intercept_errors",
        LEVELS,
        Flag,
        "off",
        "Whether `error_page` answers in place of an app server's own 300 and above.",
    ),
    command("proxy_buffering", LEVELS, Flag, "on", "Whether responses are buffered.")
        .note("Responses are always streamed, with a few buffers in flight."),
    command(
        "proxy_request_buffering",
        LEVELS,
        Flag,
        "on",
        "Whether request bodies are read before they are sent on.",
    ),
    command("proxy_buffer_size", LEVELS, Take(1, 1), "4k", "How long a response's head may be."),
    command("proxy_buffers", LEVELS, Take(2, 2), "8 4k", "Memory for a response.")
        .note("Accepted without effect."),
    command("proxy_busy_buffers_size", LEVELS, Take(1, 1), "8k", "Memory being sent to a client.")
        .note("Accepted without effect."),
];
