//! `server` and its names.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::LocationKind;
use crate::read::draft::{Level, ServerDraft, ServerName};
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::{duplicate, invalid_value, once, size, unsupported_value};
use crate::read::variables::template;
use crate::table;
use crate::units::{parse_seconds, parse_time};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("server", server),
    ("server_name", server_name),
    ("keepalive_timeout", keepalive_timeout),
    ("server_tokens", server_tokens),
    ("limit_rate", limit_rate),
    ("limit_rate_after", limit_rate),
];

/// `limit_rate` and `limit_rate_after`: a size that may have variables.
fn limit_rate(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let value = template(&mut reader.http.variables, directive, directive.argument(0))?;
    if value.as_literal().is_some() {
        size(directive)?;
    }
    let settings = reader.settings();
    let slot = match directive.name() {
        "limit_rate" => &mut settings.limit_rate,
        _ => &mut settings.limit_rate_after,
    };
    once(slot, directive, |_| Ok(value))
}

/// `server { … }` in `http`.
fn server(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let level = reader.enter(Level::new(LocationKind::ServerLevel, ""));
    let error = directive.error("");
    reader.http.servers.push(ServerDraft { level, names: Vec::new(), listens: false, error });
    reader.block(table::SERVER)?;
    reader.http.leave();
    if reader.http.servers.last().is_some_and(|server| !server.listens) {
        super::listen::listen_by_default(reader, directive)?;
    }
    Ok(())
}

/// `server_name`.
fn server_name(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
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
                Some(regex::pattern(&mut reader.http.variables, directive, word, source, caseless)?)
            }
            None => None,
        };
        let text = match text {
            _ if pattern.is_some() => text.to_owned(),
            _ if text.eq_ignore_ascii_case("$hostname") => hostname(),
            _ => text.to_ascii_lowercase(),
        };
        let error = ConfigError::new("invalid server name or wildcard").point_at(&word.span);
        if let Some(server) = reader.http.servers.last_mut() {
            server.names.push(ServerName { text, pattern, error });
        }
    }
    Ok(())
}

/// `keepalive_timeout`.
fn keepalive_timeout(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().keepalive_timeout.is_some() {
        return Err(duplicate(directive));
    }
    let idle = parse_time(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))?;
    let header = match directive.arguments().get(1) {
        Some(word) => Some(parse_seconds(&word.text).ok_or_else(|| invalid_value(directive, 1))?.as_secs()),
        None => None,
    };
    reader.settings().keepalive_timeout = Some((idle, header.filter(|seconds| *seconds > 0)));
    Ok(())
}

/// `server_tokens`.
fn server_tokens(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.settings().server_tokens, directive, |directive| {
        let word = directive.argument(0);
        match word.text.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            "build" => Err(unsupported_value(directive, 0, "\"build\"")),
            other => Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        }
    })
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase()
}
