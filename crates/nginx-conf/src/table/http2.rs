//! HTTP/2, and HTTP/3, which is not spoken.

use super::command::Arity::{Flag, Take};
use super::command::{Command, HTTP, LEVELS, MAIN, SERVER, command};

const SERVERS: u16 = HTTP | SERVER;
const NOT_PUSHED: &str =
    "Accepted without effect: nothing is pushed; browsers and newer nginx do not know it either.";
const NOT_SPOKEN: &str = "Accepted without effect: HTTP/3 is not spoken.";

pub(super) const COMMANDS: &[Command] = &[
    command(
        "http2",
        SERVERS,
        Flag,
        "off",
        "Speak HTTP/2, too: where the client offers it in the TLS handshake, and without TLS where it begins with it.",
    )
    .since(25, 1),
    command(
        "http2_max_concurrent_streams",
        SERVERS,
        Take(1, 1),
        "128",
        "Requests at a time on a connection.",
    ),
    command(
        "http2_body_preread_size",
        SERVERS,
        Take(1, 1),
        "64k",
        "How much of a request's body may arrive before it is asked for.",
    )
    .note("This is also how much is on its way while a body is read."),
    command("http2_chunk_size", LEVELS, Take(1, 1), "8k", "Longest piece of an answer.")
        .note("Accepted without effect: pieces are as long as the client takes them."),
    command("http2_recv_buffer_size", HTTP, Take(1, 1), "256k", "Memory to read into.")
        .note("Accepted without effect."),
    command("http2_push", LEVELS, Take(1, 1), "off", "Push another answer along.").note(NOT_PUSHED),
    command("http2_push_preload", LEVELS, Flag, "off", "Push what `Link` fields name.").note(NOT_PUSHED),
    command("http2_max_concurrent_pushes", SERVERS, Take(1, 1), "10", "Pushes at a time.").note(NOT_PUSHED),
    command("http2_idle_timeout", SERVERS, Take(1, 1), "3m", "Obsolete: `keepalive_timeout` counts."),
    command(
        "http2_max_field_size",
        SERVERS,
        Take(1, 1),
        "4k",
        "Obsolete: `large_client_header_buffers` counts.",
    ),
    command(
        "http2_max_header_size",
        SERVERS,
        Take(1, 1),
        "16k",
        "Obsolete: `large_client_header_buffers` counts.",
    ),
    command("http2_max_requests", SERVERS, Take(1, 1), "1000", "Obsolete: `keepalive_requests` counts."),
    command("http2_recv_timeout", SERVERS, Take(1, 1), "30s", "Obsolete: `client_header_timeout` counts."),
    command("http3", SERVERS, Flag, "on", "Speak HTTP/3.")
        .note("HTTP/3 is not spoken: `on` is accepted with a warning.").since(25, 0),
    command("http3_hq", SERVERS, Flag, "off", "Speak HTTP/0.9 over QUIC.").note(NOT_SPOKEN).since(25, 0),
    command(
        "http3_max_concurrent_streams",
        SERVERS,
        Take(1, 1),
        "128",
        "Requests at a time on a connection.",
    )
    .note(NOT_SPOKEN).since(25, 0),
    command("http3_stream_buffer_size", SERVERS, Take(1, 1), "64k", "Memory of a stream.").note(NOT_SPOKEN).since(25, 0),
    command("quic_active_connection_id_limit", SERVERS, Take(1, 1), "2", "Names of a connection.")
        .note(NOT_SPOKEN).since(25, 0),
    command("quic_bpf", MAIN, Flag, "off", "Let the kernel find a connection's worker.").note(NOT_SPOKEN).since(25, 0),
    command("quic_gso", SERVERS, Flag, "off", "Send several packets at a time.").note(NOT_SPOKEN).since(25, 0),
    command("quic_host_key", SERVERS, Take(1, 1), "", "A key for tokens.").note(NOT_SPOKEN).since(25, 0),
    command("quic_retry", SERVERS, Flag, "off", "Verify addresses first.").note(NOT_SPOKEN).since(25, 0),
];
