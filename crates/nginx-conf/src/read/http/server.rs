//! `server` and its names.

use crate::error::ConfigError;
use crate::input::Directive;
use crate::model::{LocationKind, Pattern};
use crate::read::level::{Level, LevelId};
use crate::read::values::{duplicate, invalid_value, not_here, once, parse_seconds, parse_time};
use crate::read::{Reader, regex};
use crate::table;

/// A `server` block.
#[derive(Debug)]
pub(crate) struct ServerDraft {
    /// Its level.
    pub level: LevelId,
    /// Its names in order; empty for none.
    pub names: Vec<ServerName>,
    /// It has a `listen` of its own.
    pub listens: bool,
    /// Where it stands, as an error about it.
    pub invalid: ConfigError,
}

/// A `server_name`.
#[derive(Debug)]
pub(crate) struct ServerName {
    /// As written, in lower case unless it is an expression.
    pub text: String,
    /// `~…`, compiled.
    pub pattern: Option<Pattern>,
    /// Where it stands, as an error about it.
    pub invalid: ConfigError,
}

/// `server { … }` in `http`.
pub(crate) fn server(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let level = reader.http.enter(Level::new(LocationKind::ServerLevel, ""));
    let invalid = directive.error("");
    reader.http.servers.push(ServerDraft { level, names: Vec::new(), listens: false, invalid });
    reader.block(table::SERVER)?;
    reader.http.leave();
    if reader.http.servers.last().is_some_and(|server| !server.listens) {
        super::listen::by_default(reader, directive)?;
    }
    Ok(())
}

/// `server_name`.
pub(crate) fn server_name(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    for word in directive.arguments() {
        let text = word.text.as_str();
        let bytes = text.as_bytes();
        let star = bytes.first() == Some(&b'*') && (bytes.len() < 3 || bytes.get(1) != Some(&b'.'));
        if star || text == "." {
            return Err(directive.error_at(word, format!("server name \"{text}\" is invalid")));
        }
        if text.contains('/') {
            let message = format!("server name \"{text}\" has suspicious symbols");
            reader.warn(&directive.error_at(word, message));
        }
        let pattern = match text.strip_prefix('~') {
            Some("") => {
                return Err(directive.error_at(word, format!("empty regex in server name \"{text}\"")));
            }
            Some(source) => {
                // Names are compared in lower case; an expression with capitals would never match otherwise.
                let caseless = source.bytes().any(|byte| byte.is_ascii_uppercase());
                Some(regex::pattern(reader, directive, word, source, caseless)?)
            }
            None => None,
        };
        let text = match text {
            _ if pattern.is_some() => text.to_owned(),
            _ if text.eq_ignore_ascii_case("$hostname") => hostname(),
            _ => text.to_ascii_lowercase(),
        };
        let invalid = ConfigError::new("invalid server name or wildcard").pointing(&word.span);
        if let Some(server) = reader.http.servers.last_mut() {
            server.names.push(ServerName { text, pattern, invalid });
        }
    }
    Ok(())
}

/// `keepalive_timeout`.
pub(crate) fn keepalive_timeout(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.raw().keepalive_timeout.is_some() {
        return Err(duplicate(directive));
    }
    let idle = parse_time(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))?;
    let header = match directive.arguments().get(1) {
        Some(word) => Some(parse_seconds(&word.text).ok_or_else(|| invalid_value(directive, 1))?.as_secs()),
        None => None,
    };
    reader.raw().keepalive_timeout = Some((idle, header.filter(|seconds| *seconds > 0)));
    Ok(())
}

/// `server_tokens`.
pub(crate) fn server_tokens(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.raw().server_tokens, directive, |directive| {
        let word = directive.argument(0);
        match word.text.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            "build" => Err(not_here(directive, 0, "\"build\"")),
            other => Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        }
    })
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase()
}
