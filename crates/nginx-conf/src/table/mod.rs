//! Every directive: where it may stand, how many arguments it takes, its default and what it does.
//!
//! The reader checks each directive against this table before it reads it, and error messages take their advice from
//! here. [`commands`] is also what a page of documentation can be printed from:
//!
//! ```
//! let listen = nginx_conf::table::commands().find(|command| command.name == "listen").unwrap();
//! assert_eq!((listen.default, listen.contexts()), ("*:80", vec!["server"]));
//! ```

mod access;
mod autoindex;
mod cache;
mod command;
mod gzip;
mod http;
mod http2;
mod location;
mod main;
mod proxy;
mod proxy_ssl;
mod secure_link;
mod ssl;
mod sub;
mod tuning;
mod unsupported;
mod upstream;
pub(crate) mod variables;

use crate::spelling::nearest;

pub use command::Command;
pub(crate) use command::{
    Contexts, EVENTS, HTTP, LIMIT_EXCEPT, LOCATION, LOCATION_IF, MAIN, SERVER, SERVER_IF, UPSTREAM,
    context_names,
};
pub(crate) use unsupported::is_unsupported;

/// The directives that [`load`](crate::load) reads, in the order of nginx's documentation.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    [
        main::COMMANDS,
        http::COMMANDS,
        ssl::COMMANDS,
        http2::COMMANDS,
        location::COMMANDS,
        autoindex::COMMANDS,
        access::COMMANDS,
        secure_link::COMMANDS,
        gzip::COMMANDS,
        sub::COMMANDS,
        proxy::COMMANDS,
        proxy_ssl::COMMANDS,
        cache::COMMANDS,
        upstream::COMMANDS,
        tuning::COMMANDS,
    ]
    .into_iter()
    .flatten()
}

/// nginx's other directives, which are refused by name, grouped by the part of nginx that they belong to, each with why.
pub fn unsupported() -> impl Iterator<Item = (&'static str, &'static str, impl Iterator<Item = &'static str>)>
{
    unsupported::MODULES.iter().map(|(module, why, names)| (*module, *why, names.split_whitespace()))
}

/// nginx's own variables that can be used, without the families such as `$http_…`.
pub fn variables() -> impl Iterator<Item = &'static str> {
    variables::built_in_names()
}

/// nginx's other variables, which are refused by name: their names, and how the names of more begin.
pub fn unsupported_variables() -> (&'static [&'static str], &'static [&'static str]) {
    variables::unsupported_names()
}

/// Whether [`load`](crate::load) reads a directive of this name.
pub fn is_supported(name: &str) -> bool {
    commands().any(|command| command.name == name)
}

/// Whether nginx has a directive of this name.
pub fn is_known(name: &str) -> bool {
    let looks_like_one =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    looks_like_one && (is_supported(name) || is_unsupported(name))
}

/// Whether a name is that of a directive of nginx, or close enough to one to be a misspelling.
pub fn resembles_directive(name: &str) -> bool {
    let unsupported = unsupported().flat_map(|(.., names)| names);
    nearest(name, commands().map(|command| command.name).chain(unsupported)).is_some()
}
