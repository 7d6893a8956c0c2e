//! Lists of directories.

use super::command::Arity::{Flag, Take};
use super::command::{Command, LEVELS, command};

pub(super) const COMMANDS: &[Command] = &[
    command("autoindex", LEVELS, Flag, "off", "Whether a directory without an index file is listed."),
    command(
        "autoindex_exact_size",
        LEVELS,
        Flag,
        "on",
        "Whether sizes in such a list are in bytes, not in `K`, `M` and `G`.",
    ),
    command("autoindex_localtime", LEVELS, Flag, "off", "Whether times are in the local time zone."),
    command(
        "autoindex_format",
        LEVELS,
        Take(1, 1),
        "html",
        "What the list is: `html`, `xml`, `json` or `jsonp`.",
    ),
];
