//! Text that is replaced in responses.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, LEVELS, command};

pub(super) const COMMANDS: &[Command] = &[
    command(
        "sub_filter",
        LEVELS,
        Take(2, 2),
        "",
        "A text that is replaced in bodies of responses, in upper or lower case. A level with one of its own inherits none.",
    ),
    command(
        "sub_filter_types",
        LEVELS,
        AtLeast(1),
        "text/html",
        "The types of such responses, besides `text/html`; `*` for all.",
    ),
    command(
        "sub_filter_once",
        LEVELS,
        Flag,
        "on",
        "Whether each text is replaced only where it is found first.",
    ),
    command(
        "sub_filter_last_modified",
        LEVELS,
        Flag,
        "off",
        "Whether such a response keeps its `Last-Modified`.",
    ),
];
