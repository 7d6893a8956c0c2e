//! `http`, `server` and what concerns connections and requests as such.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, HTTP, LEVELS, LOCATION_IF, MAIN, SERVER, command};

pub(super) const COMMANDS: &[Command] = &[
    command("http", MAIN, Take(0, 0), "", "The HTTP servers.").block(),
    command("server", HTTP, Take(0, 0), "", "A virtual server.").block(),
    command("listen", SERVER, AtLeast(1), "*:80", "An address of the server.")
        .note("Ports, addresses, names and port ranges, with `default_server`, `backlog=`, `bind`, `reuseport`, `ipv6only=`, `ssl`, `http2`, `proxy_protocol`; `quic` is accepted with a warning that it is not spoken. What tunes sockets is accepted; no `unix:`."),
    command("server_name", SERVER, AtLeast(1), "\"\"", "Names of the server."),
    command("client_header_timeout", HTTP | SERVER, Take(1, 1), "60s", "Time for a whole request head."),
    command("client_header_buffer_size", HTTP | SERVER, Take(1, 1), "1k", "First buffer for a request head."),
    command("large_client_header_buffers", HTTP | SERVER, Take(2, 2), "4 8k", "How many buffers for long request heads, and how long a request line or header field may be."),
    command("client_max_body_size", LEVELS, Take(1, 1), "1m", "Longest request body; 0 is no limit."),
    command("client_body_timeout", LEVELS, Take(1, 1), "60s", "Time between two reads of a request body."),
    command("client_body_buffer_size", LEVELS, Take(1, 1), "16k", "Memory for a request body.")
        .note("Bodies are streamed: it only says how long one is that `$request_body` tells, up to 8 MiB."),
    command("limit_rate", LEVELS | LOCATION_IF, Take(1, 1), "0", "How many bytes of a response are sent in a second; 0 for no limit."),
    command("limit_rate_after", LEVELS | LOCATION_IF, Take(1, 1), "0", "How many are sent before that."),
    command("send_timeout", LEVELS, Take(1, 1), "60s", "Time between two writes to a client."),
    command("keepalive_timeout", LEVELS, Take(1, 2), "75s", "How long an idle client connection is kept, and what `Keep-Alive` tells the client."),
    command("keepalive_requests", LEVELS, Take(1, 1), "1000", "Requests a client connection may carry."),
    command("sendfile", LEVELS | LOCATION_IF, Flag, "off", "Send files from the page cache."),
    command("tcp_nopush", LEVELS, Flag, "off", "Send full packets only, with sendfile."),
    command("tcp_nodelay", LEVELS, Flag, "on", "Send small packets at once."),
    command("keepalive_time", LEVELS, Take(1, 1), "1h", "How old a client connection may get."),
    command("log_not_found", LEVELS, Flag, "on", "Whether files that are not there are logged as errors."),
    command("max_ranges", LEVELS, Take(1, 1), "", "How many ranges one request may ask for; 0 is none."),
    command("chunked_transfer_encoding", LEVELS, Flag, "on", "Whether responses of unknown length are sent in chunks."),
    command("absolute_redirect", LEVELS, Flag, "on", "Whether redirects to a path get a host and a scheme."),
    command("port_in_redirect", LEVELS, Flag, "on", "Whether they get the port of the server, too."),
    command("server_name_in_redirect", LEVELS, Flag, "off", "Whether the host is the first `server_name` and not the client's `Host`."),
    command("max_headers", HTTP | SERVER, Take(1, 1), "1000", "How many lines the head of a request may have.")
        .note("No more than 256 in any case."),
    command("early_hints", LEVELS, AtLeast(1), "", "When a 103 of an app server reaches the client: if one of these is neither empty nor `0`.")
        .note("Without fields that are about the connection or the length.")
        .since(29, 0),
    command("merge_slashes", HTTP | SERVER, Flag, "on", "Whether `//` in a path is one slash."),
    command("underscores_in_headers", HTTP | SERVER, Flag, "off", "Whether names of headers may have underscores.")
        .note("The default server of the address decides; nginx asks the one that `Host` names from that header on."),
    command("ignore_invalid_headers", HTTP | SERVER, Flag, "on", "Whether headers with other names are left out.")
        .note("As `underscores_in_headers`."),
    command("server_tokens", LEVELS, Take(1, 1), "on", "Show the version in `Server` and on error pages.")
        .note("`on` and `off`; `build` is refused."),
];
