//! Compression.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, LEVELS, LOCATION_IF, command};

pub(super) const COMMANDS: &[Command] = &[
    command(
        "gzip",
        LEVELS | LOCATION_IF,
        Flag,
        "off",
        "Whether responses 200, 403 and 404 are compressed for clients that accept it.",
    )
    .note("Compressed by `miniz_oxide`, not zlib: the same text in other bytes."),
    command(
        "gzip_types",
        LEVELS,
        AtLeast(1),
        "text/html",
        "Which types are compressed, besides `text/html`; `*` for all.",
    ),
    command(
        "gzip_min_length",
        LEVELS,
        Take(1, 1),
        "20",
        "The shortest body that is compressed, where `Content-Length` says it.",
    ),
    command("gzip_comp_level", LEVELS, Take(1, 1), "1", "How hard it is tried, from 1 to 9."),
    command("gzip_buffers", LEVELS, Take(2, 2), "32 4k", "Memory for a compressed response.")
        .note("Accepted without effect."),
    command(
        "gzip_proxied",
        LEVELS,
        AtLeast(1),
        "off",
        "Which responses are compressed for clients behind another proxy, whose requests have a `Via`.",
    ),
    command(
        "gzip_vary",
        LEVELS,
        Flag,
        "off",
        "Whether a response that is compressed for some says `Vary: Accept-Encoding`.",
    ),
    command("gzip_http_version", LEVELS, Take(1, 1), "1.1", "The lowest version of requests that get it."),
    command(
        "gzip_disable",
        LEVELS,
        AtLeast(1),
        "",
        "Clients that do not, by `User-Agent`; `msie6` for old Internet Explorers.",
    )
    .note("`degradation`, which nginx knows when it is built for it, is an expression like others."),
    command(
        "gzip_static",
        LEVELS,
        Take(1, 1),
        "off",
        "Whether `name.gz` is sent in place of a file: to those who accept it, or `always`.",
    ),
    command(
        "gunzip",
        LEVELS,
        Flag,
        "off",
        "Whether compressed responses are unpacked for clients that do not accept them.",
    )
    .note("Unpacked by `miniz_oxide`, not zlib."),
    command("gunzip_buffers", LEVELS, Take(2, 2), "32 4k", "Memory for an unpacked response.")
        .note("Accepted without effect."),
];
