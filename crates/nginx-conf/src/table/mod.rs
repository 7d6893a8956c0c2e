//! Every directive, declared once: what is allowed where, with how many arguments, and what reads it.
//!
//! Validation, error messages and `docs/trust/directives.md` all come from here.

mod foreign;
mod http;
mod location;
mod main;
mod markdown;
mod proxy;
mod ssl;
mod upstream;

use super::error::ConfigError;
use super::input::Directive;
use super::lexer::Terminator;
use super::read::Reader;

pub use markdown::directives_markdown;

/// A set of the `const`s below: where a directive may stand.
pub(super) type Contexts = u16;

/// Outside of all blocks.
pub(super) const MAIN: Contexts = 1;
/// `events`.
pub(super) const EVENTS: Contexts = 1 << 1;
/// `http`.
pub(super) const HTTP: Contexts = 1 << 2;
/// `upstream`.
pub(super) const UPSTREAM: Contexts = 1 << 3;
/// `server`.
pub(super) const SERVER: Contexts = 1 << 4;
/// `location`.
pub(super) const LOCATION: Contexts = 1 << 5;
/// `if` directly in a `server`.
pub(super) const SERVER_IF: Contexts = 1 << 6;
/// `if` in a `location`.
pub(super) const LOCATION_IF: Contexts = 1 << 7;
/// `http`, `server` and `location`, where most directives may stand.
pub(super) const LEVELS: Contexts = HTTP | SERVER | LOCATION;

/// What reads a directive and puts it where it belongs.
pub(super) type Set = fn(&mut Reader, &Directive) -> Result<(), ConfigError>;

/// A directive: nginx's `ngx_command_t`.
#[derive(Debug)]
pub(super) struct Command {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand.
    pub contexts: Contexts,
    /// How many arguments it takes.
    pub arity: Arity,
    /// A `{` follows instead of a `;`.
    pub block: bool,
    /// What holds when it is not written, as it would be written.
    pub default: &'static str,
    /// What it does, in a line.
    pub meaning: &'static str,
    /// What is different from nginx; empty where nothing is.
    pub note: &'static str,
    set: Set,
}

/// How many arguments a directive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    /// From so many to so many.
    Take(usize, usize),
    /// So many or more.
    AtLeast(usize),
    /// `on` or `off`.
    Flag,
}

const fn command(
    name: &'static str,
    contexts: Contexts,
    arity: Arity,
    default: &'static str,
    meaning: &'static str,
    set: Set,
) -> Command {
    Command { name, contexts, arity, block: false, default, meaning, note: "", set }
}

impl Command {
    const fn block(self) -> Command {
        Command { block: true, ..self }
    }

    const fn note(self, note: &'static str) -> Command {
        Command { note, ..self }
    }

    /// Reads `directive`, which has been found to be this command.
    pub(super) fn read(&self, reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
        (self.set)(reader, directive)
    }
}

impl Arity {
    fn allows(self, count: usize) -> bool {
        match self {
            Arity::Take(least, most) => (least..=most).contains(&count),
            Arity::AtLeast(least) => count >= least,
            Arity::Flag => count == 1,
        }
    }
}

/// All commands, in the order of the documentation.
pub(super) fn all() -> impl Iterator<Item = &'static Command> {
    [main::COMMANDS, http::COMMANDS, ssl::COMMANDS, location::COMMANDS, proxy::COMMANDS, upstream::COMMANDS]
        .into_iter()
        .flatten()
}

/// Whether the reference proxy has a directive of this name.
pub fn is_supported(name: &str) -> bool {
    all().any(|command| command.name == name)
}

/// Whether a name is nearly that of a directive of nginx, as a misspelt one is.
pub fn is_nearly_known(name: &str) -> bool {
    let foreign = foreign::MODULES.iter().flat_map(|(_, names)| names.split_whitespace());
    nearest(name, all().map(|command| command.name).chain(foreign)).is_some()
}

/// Whether nginx has a directive of this name.
pub fn is_known(name: &str) -> bool {
    let looks_like_one =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    looks_like_one && (all().any(|command| command.name == name) || foreign::is_foreign(name))
}

/// The command for a directive that stands in `context`, or why there is none.
pub(super) fn find(
    directive: &Directive,
    terminator: Terminator,
    context: Contexts,
) -> Result<&'static Command, ConfigError> {
    let name = directive.name();
    let mut named = all().filter(|command| command.name == name).peekable();
    if named.peek().is_none() {
        return Err(unknown(directive));
    }
    let Some(command) = named.find(|command| command.contexts & context != 0) else {
        let places =
            all().filter(|command| command.name == name).fold(0, |places, command| places | command.contexts);
        return Err(directive
            .error(format!("\"{name}\" directive is not allowed here"))
            .or_help(|| Some(format!("it belongs in {}", context_names(places).join(", ")))));
    };
    match (command.block, terminator) {
        (false, Terminator::Open) => {
            return Err(directive.error(format!("directive \"{name}\" is not terminated by \";\"")));
        }
        (true, Terminator::Semicolon) => {
            return Err(directive.error(format!("directive \"{name}\" has no opening \"{{\"")));
        }
        _ => {}
    }
    if !command.arity.allows(directive.arguments().len()) {
        return Err(directive.error(format!("invalid number of arguments in \"{name}\" directive")));
    }
    Ok(command)
}

fn unknown(directive: &Directive) -> ConfigError {
    let name = directive.name();
    if foreign::is_foreign(name) {
        return directive
            .error(format!("directive \"{name}\" is known to nginx, but not supported here"))
            .or_help(|| Some("docs/trust/directives.md lists the directives that are".to_owned()));
    }
    directive.error(format!("unknown directive \"{name}\"")).or_help(|| match name.strip_prefix('\u{feff}') {
        Some(_) => Some("the file starts with a byte order mark; save it without".to_owned()),
        None => {
            nearest(name, all().map(|command| command.name)).map(|near| format!("did you mean \"{near}\"?"))
        }
    })
}

/// The name that takes the fewest typing slips to turn into `name`, if few are enough.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + name.chars().count() / 5;
    names
        .map(|candidate| (slips(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The contexts of a set, as the documentation writes them.
fn context_names(contexts: Contexts) -> Vec<&'static str> {
    [
        (MAIN, "main"),
        (EVENTS, "events"),
        (HTTP, "http"),
        (UPSTREAM, "upstream"),
        (SERVER, "server"),
        (LOCATION, "location"),
        (SERVER_IF, "if in server"),
        (LOCATION_IF, "if in location"),
    ]
    .into_iter()
    .filter(|(context, _)| contexts & context != 0)
    .map(|(_, name)| name)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::slips;

    #[test]
    fn slips_are_counted() {
        for (a, b, count) in [
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("listten", "listen", 1),
            ("lixten", "listen", 1),
            ("ilsten", "listen", 1),
            ("lsiten", "listen", 1),
            ("listne", "listen", 1),
            ("ab", "ba", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("abcdef", "badcfe", 3),
            ("abab", "baba", 2),
            ("aabb", "bbaa", 3),
            ("xabx", "yabyy", 3),
        ] {
            assert_eq!(slips(a, b), count, "{a} {b}");
        }
    }
}
