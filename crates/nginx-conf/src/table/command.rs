//! A directive as the table declares it: nginx's `ngx_command_t`.

use crate::version::Version;

/// A set of the `const`s below: where a directive may stand.
pub(crate) type Contexts = u16;

/// Outside of all blocks.
pub(crate) const MAIN: Contexts = 1;
/// `events`.
pub(crate) const EVENTS: Contexts = 1 << 1;
/// `http`.
pub(crate) const HTTP: Contexts = 1 << 2;
/// `upstream`.
pub(crate) const UPSTREAM: Contexts = 1 << 3;
/// `server`.
pub(crate) const SERVER: Contexts = 1 << 4;
/// `location`.
pub(crate) const LOCATION: Contexts = 1 << 5;
/// `if` directly in a `server`.
pub(crate) const SERVER_IF: Contexts = 1 << 6;
/// `if` in a `location`.
pub(crate) const LOCATION_IF: Contexts = 1 << 7;
/// `limit_except`.
pub(crate) const LIMIT_EXCEPT: Contexts = 1 << 8;
/// `http`, `server` and `location`, where most directives may stand.
pub(crate) const LEVELS: Contexts = HTTP | SERVER | LOCATION;

/// A directive: nginx's `ngx_command_t`.
#[derive(Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand.
    pub(crate) contexts: Contexts,
    /// How many arguments it takes.
    pub(crate) arity: Arity,
    /// A `{` follows instead of a `;`.
    pub(crate) block: bool,
    /// What holds when it is not written, as it would be written.
    pub default: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What is different from nginx; empty where nothing is.
    pub note: &'static str,
    /// The version that brought it; `None` where all have it.
    pub since: Option<Version>,
    /// The version that has it no more.
    pub until: Option<Version>,
}

/// How many arguments a directive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arity {
    /// From so many to so many.
    Take(usize, usize),
    /// So many or more.
    AtLeast(usize),
    /// `on` or `off`.
    Flag,
}

pub(super) const fn command(
    name: &'static str,
    contexts: Contexts,
    arity: Arity,
    default: &'static str,
    summary: &'static str,
) -> Command {
    Command { name, contexts, arity, block: false, default, summary, note: "", since: None, until: None }
}

impl Command {
    pub(super) const fn block(self) -> Command {
        Command { block: true, ..self }
    }

    pub(super) const fn note(self, note: &'static str) -> Command {
        Command { note, ..self }
    }

    /// nginx has it from 1.`minor`.`patch` on.
    pub(super) const fn since(self, minor: u16, patch: u16) -> Command {
        Command { since: Some(Version::new(minor, patch)), ..self }
    }

    /// nginx has it no more from 1.`minor`.`patch` on.
    pub(super) const fn until(self, minor: u16, patch: u16) -> Command {
        Command { until: Some(Version::new(minor, patch)), ..self }
    }

    /// Whether a version has it; without one, whether any has.
    pub fn is_in(&self, version: Option<Version>) -> bool {
        version.is_none_or(|version| {
            self.since.is_none_or(|since| since <= version) && self.until.is_none_or(|until| version < until)
        })
    }

    /// The blocks it may stand in, as nginx's documentation names them: `main`, `http`, `if in location`.
    pub fn contexts(&self) -> Vec<&'static str> {
        context_names(self.contexts)
    }
}

impl Arity {
    pub(crate) fn allows(self, count: usize) -> bool {
        match self {
            Arity::Take(least, most) => (least..=most).contains(&count),
            Arity::AtLeast(least) => count >= least,
            Arity::Flag => count == 1,
        }
    }
}

/// The contexts of a set, as the documentation writes them.
pub(crate) fn context_names(contexts: Contexts) -> Vec<&'static str> {
    [
        (MAIN, "main"),
        (EVENTS, "events"),
        (HTTP, "http"),
        (UPSTREAM, "upstream"),
        (SERVER, "server"),
        (LOCATION, "location"),
        (SERVER_IF, "if in server"),
        (LOCATION_IF, "if in location"),
        (LIMIT_EXCEPT, "limit_except"),
    ]
    .into_iter()
    .filter(|(context, _)| contexts & context != 0)
    .map(|(_, name)| name)
    .collect()
}
