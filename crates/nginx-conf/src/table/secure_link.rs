//! Links that only somebody who knows a secret can make.

use super::command::Arity::Take;
use super::command::{Command, LEVELS, command};

pub(super) const COMMANDS: &[Command] = &[
    command(
        "secure_link",
        LEVELS,
        Take(1, 1),
        "",
        "What a link says of itself: a hash in base64url and, after a comma, until when it holds, in seconds since 1970.",
    ),
    command("secure_link_md5", LEVELS, Take(1, 1), "", "What the MD5 hash is of that it should have."),
    command(
        "secure_link_secret",
        LEVELS,
        Take(1, 1),
        "",
        "The secret of links of another kind: `/any/HASH/link`, where the hash is that of the rest and the secret, in hexadecimal.",
    ),
];
