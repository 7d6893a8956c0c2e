//! The main context and `events`.

use nix::unistd;

use super::log::log_target;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{ErrorLog, Level, User};
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, flag, invalid_value, number, once, time, unsupported_value};
use crate::source::Word;
use crate::table;
use crate::units::parse_number;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("user", user),
    ("worker_processes", worker_processes),
    ("worker_rlimit_nofile", |r, d| once(&mut r.main.open_files, d, number)),
    ("worker_shutdown_timeout", |r, d| once(&mut r.main.shutdown_timeout, d, time)),
    ("pid", pid),
    ("daemon", |r, d| once(&mut r.main.daemon, d, flag)),
    ("master_process", |r, d| once(&mut r.main.master_process, d, flag)),
    ("error_log", error_log),
    ("events", events),
    ("worker_connections", worker_connections),
    ("use", event_method),
    ("multi_accept", |r, d| once(&mut r.main.multi_accept, d, flag)),
    ("accept_mutex", |r, d| once(&mut r.main.accept_mutex, d, flag)),
    ("accept_mutex_delay", |r, d| once(&mut r.main.accept_mutex_delay, d, time)),
];

/// The methods of waiting for events that nginx has on Linux.
const EVENT_METHODS: &[&str] = &["epoll", "select", "poll"];
const LEVELS: &[(&str, Level)] = &[
    ("emerg", Level::Emerg),
    ("alert", Level::Alert),
    ("crit", Level::Crit),
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("notice", Level::Notice),
    ("info", Level::Info),
    ("debug", Level::Debug),
];

/// `user`.
fn user(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.main.user.is_some() {
        return Err(duplicate(directive));
    }
    if !reader.as_root {
        reader.main.user = Some(None);
        reader.warn(&directive.error(
            "the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored",
        ));
        return Ok(());
    }
    let name = directive.argument(0);
    let group = directive.last_argument();
    let failed = |word: &Word, call: &str, help: &str| {
        directive
            .error_at(word, format!("{call}(\"{}\") failed", word.text))
            .or_help(|| Some(help.to_owned()))
    };
    let account = unistd::User::from_name(&name.text).ok().flatten();
    let account =
        account.ok_or_else(|| failed(name, "getpwnam", "there is no such account on this machine"))?;
    let found = unistd::Group::from_name(&group.text).ok().flatten();
    let found = found.ok_or_else(|| failed(group, "getgrnam", "there is no such group on this machine"))?;
    reader.main.user =
        Some(Some(User { name: name.text.clone(), uid: account.uid.as_raw(), gid: found.gid.as_raw() }));
    Ok(())
}

/// `worker_processes`.
fn worker_processes(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.main.worker_processes, directive, |directive| {
        let word = directive.argument(0);
        match (word.text.as_str(), parse_number(&word.text)) {
            ("auto", _) => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
            (_, Some(0)) => Err(invalid_value(directive, 0).help("at least one worker is needed")),
            (_, Some(count)) => Ok(count as usize),
            (_, None) => Err(invalid_value(directive, 0)),
        }
    })
}

/// `pid`.
fn pid(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let path = reader.full_path(&directive.argument(0).text);
    once(&mut reader.main.pid, directive, |_| Ok(path))
}

/// `error_log`, of the main context or of a level of `http`.
fn error_log(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let target = match word.text.as_str() {
        text if text.starts_with("memory:") => return Err(unsupported_value(directive, 0, "\"memory:\"")),
        _ => log_target(reader, directive)?,
    };
    let mut level = None;
    for (index, word) in directive.arguments().iter().enumerate().skip(1) {
        let Some((_, found)) = LEVELS.iter().find(|(name, _)| *name == word.text) else {
            if word.text.starts_with("debug_") {
                return Err(unsupported_value(directive, index, &format!("\"{}\"", word.text)));
            }
            return Err(directive.error_at(word, format!("invalid log level \"{}\"", word.text)));
        };
        if level.is_some() {
            return Err(directive.error_at(word, format!("duplicate log level \"{}\"", word.text)));
        }
        level = Some(*found);
    }
    let log = ErrorLog { target, level: level.unwrap_or(Level::Error) };
    match reader.context() {
        table::MAIN => reader.main.error_log.push(log),
        _ => reader.settings().error_log.push(log),
    }
    Ok(())
}

/// `events { … }`.
fn events(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if std::mem::replace(&mut reader.main.events, true) {
        return Err(duplicate(directive));
    }
    reader.block(table::EVENTS)
}

/// `worker_connections`.
fn worker_connections(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.main.worker_connections, directive, |directive| {
        let word = directive.argument(0);
        let number = parse_number(&word.text).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| directive.error_at(word, format!("invalid number \"{}\"", word.text)))
    })
}

/// `use`.
fn event_method(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.main.event_method, directive, |directive| {
        let word = directive.argument(0);
        if EVENT_METHODS.contains(&word.text.as_str()) {
            return Ok(word.text.clone());
        }
        Err(directive.error_at(word, format!("invalid event type \"{}\"", word.text)))
    })
}
