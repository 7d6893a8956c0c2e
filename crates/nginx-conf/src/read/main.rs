//! The main context and `events`.

use std::path::PathBuf;
use std::time::Duration;

use nix::unistd;

use super::Reader;
use super::values::{duplicate, not_here, once, parse_number};
use crate::error::ConfigError;
use crate::input::Directive;
use crate::model::{Config, ErrorLog, Http, Level, LogTarget, User};
use crate::source::Word;
use crate::table;

/// What the main context and `events` have said so far.
#[derive(Debug, Default)]
pub(crate) struct Main {
    pub(crate) events: bool,
    pub(crate) http: bool,
    pub(crate) daemon: Option<bool>,
    pub(crate) master_process: Option<bool>,
    pub(crate) open_files: Option<u64>,
    pub(crate) multi_accept: Option<bool>,
    pub(crate) accept_mutex: Option<bool>,
    pub(crate) accept_mutex_delay: Option<Duration>,
    pub(crate) error_log: Vec<ErrorLog>,
    user: Option<Option<User>>,
    worker_processes: Option<usize>,
    worker_connections: Option<usize>,
    event_method: Option<String>,
    pid: Option<PathBuf>,
}

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
pub(crate) fn user(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
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
pub(crate) fn worker_processes(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.main.worker_processes, directive, |directive| {
        let word = directive.argument(0);
        match (word.text.as_str(), parse_number(&word.text)) {
            ("auto", _) => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
            (_, Some(0)) => {
                Err(super::values::invalid_value(directive, 0).help("at least one worker is needed"))
            }
            (_, Some(count)) => Ok(count as usize),
            (_, None) => Err(super::values::invalid_value(directive, 0)),
        }
    })
}

/// `pid`.
pub(crate) fn pid(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let path = reader.full_path(&directive.argument(0).text);
    once(&mut reader.main.pid, directive, |_| Ok(path))
}

/// `error_log`, of the main context or of a level of `http`.
pub(crate) fn error_log(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let target = match word.text.as_str() {
        "stderr" => LogTarget::Stderr,
        text if text.starts_with("syslog:") => return Err(not_here(directive, 0, "\"syslog:\"")),
        text if text.starts_with("memory:") => return Err(not_here(directive, 0, "\"memory:\"")),
        path => LogTarget::File(reader.full_path(path)),
    };
    let mut level = None;
    for (index, word) in directive.arguments().iter().enumerate().skip(1) {
        let Some((_, found)) = LEVELS.iter().find(|(name, _)| *name == word.text) else {
            if word.text.starts_with("debug_") {
                return Err(not_here(directive, index, &format!("\"{}\"", word.text)));
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
        _ => reader.raw().error_log.push(log),
    }
    Ok(())
}

/// `events { … }`.
pub(crate) fn events(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if std::mem::replace(&mut reader.main.events, true) {
        return Err(duplicate(directive));
    }
    reader.block(table::EVENTS)
}

/// `worker_connections`.
pub(crate) fn worker_connections(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.main.worker_connections, directive, |directive| {
        let word = directive.argument(0);
        let number = parse_number(&word.text).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| directive.error_at(word, format!("invalid number \"{}\"", word.text)))
    })
}

/// `use`.
pub(crate) fn event_method(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.main.event_method, directive, |directive| {
        let word = directive.argument(0);
        if EVENT_METHODS.contains(&word.text.as_str()) {
            return Ok(word.text.clone());
        }
        Err(directive.error_at(word, format!("invalid event type \"{}\"", word.text)))
    })
}

/// Puts the whole configuration together.
pub(super) fn finish(
    main: Main,
    mut http: Option<Http>,
    prefix: PathBuf,
    file: PathBuf,
    as_root: bool,
    warnings: &mut Vec<String>,
) -> Result<Config, ConfigError> {
    let user = match main.user {
        Some(user) => user,
        None if as_root => Some(nobody()?),
        None => None,
    };
    let worker_connections = main.worker_connections.unwrap_or(512);
    let listening = http.as_ref().map_or(0, |http| http.listen.len());
    if worker_connections <= listening {
        let message = format!(
            "{worker_connections} worker_connections are not enough for {listening} listening sockets"
        );
        return Err(ConfigError::new(message));
    }
    let error_log = or_default(main.error_log, &prefix);
    for location in http.iter_mut().flat_map(|http| &mut http.locations) {
        if location.settings.error_log.is_empty() {
            location.settings.error_log.clone_from(&error_log);
        }
    }
    Ok(Config {
        files: Vec::new(),
        user,
        worker_processes: main.worker_processes.unwrap_or(1),
        worker_connections,
        pid: main.pid.unwrap_or_else(|| prefix.join("logs/nginx.pid")),
        error_log,
        http,
        warnings: std::mem::take(warnings),
        prefix,
        file,
    })
}

/// The logs, or nginx's default where there is none.
fn or_default(logs: Vec<ErrorLog>, prefix: &std::path::Path) -> Vec<ErrorLog> {
    if logs.is_empty() {
        let target = LogTarget::File(prefix.join("logs/error.log"));
        return vec![ErrorLog { target, level: Level::Error }];
    }
    logs
}

/// The account nginx falls back to: `nobody`, with the group of that name or, where there is none, `nogroup`.
fn nobody() -> Result<User, ConfigError> {
    let account = unistd::User::from_name("nobody").ok().flatten();
    let account = account.ok_or_else(|| ConfigError::new("getpwnam(\"nobody\") failed"))?;
    let group =
        ["nobody", "nogroup"].into_iter().find_map(|name| unistd::Group::from_name(name).ok().flatten());
    let group = group.ok_or_else(|| ConfigError::new("getgrnam(\"nobody\") failed"))?;
    Ok(User { name: account.name, uid: account.uid.as_raw(), gid: group.gid.as_raw() })
}
