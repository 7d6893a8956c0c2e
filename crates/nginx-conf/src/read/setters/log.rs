//! `log_format` and `access_log`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{AccessLog, LogEscape, LogFormat, LogTarget};
use crate::read::reader::{Reader, Setter};
use crate::read::syslog;
use crate::read::values::unsupported_value;
use crate::read::variables::template_of;
use crate::template::{Part, Template};
use crate::units::{parse_size, parse_time};

pub(super) const SETTERS: &[(&str, Setter)] = &[("log_format", log_format), ("access_log", access_log)];

/// `log_format`.
fn log_format(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let name = directive.argument(0).text.clone();
    if reader.http.log_formats.find(&name).is_some() {
        let message = format!("duplicate \"log_format\" name \"{name}\"");
        return Err(directive.error_at(directive.argument(0), message));
    }
    let mut words = directive.arguments().get(1..).unwrap_or_default();
    let mut escape = LogEscape::Default;
    if let Some((first, rest)) = words.split_first()
        && let Some(value) = first.text.strip_prefix("escape=")
    {
        words = rest;
        escape = match value {
            "default" => LogEscape::Default,
            "json" => LogEscape::Json,
            "none" => LogEscape::None,
            other => {
                let message = format!("unknown log format escaping \"{other}\"");
                return Err(directive.error_at(first, message));
            }
        };
    }
    let mut template = Template::default();
    for word in words {
        let piece = template_of(&mut reader.http.variables, directive, word, &word.text);
        let piece = piece.map_err(|error| match without_name(&word.text) {
            Some(rest) => error.with_message(format!("invalid parameter \"{rest}\"")),
            None => error,
        })?;
        template.parts.extend(piece.parts);
    }
    join_literals(&mut template);
    reader.http.log_formats.add(LogFormat { name, template, escape });
    Ok(())
}

/// `access_log`.
fn access_log(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let path = directive.argument(0);
    if path.text == "off" {
        reader.settings().access_log_off = true;
        return match directive.arguments().get(1) {
            None => Ok(()),
            Some(word) => Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
        };
    }
    if path.text.contains('$') && !path.text.starts_with(syslog::PREFIX) {
        return Err(unsupported_value(directive, 0, "a variable"));
    }
    let target = log_target(reader, directive)?;
    let name = directive.arguments().get(1).map_or("combined", |word| word.text.as_str());
    let Some(format) = reader.http.log_formats.find(name) else {
        return Err(directive
            .error_at(directive.argument(1), format!("unknown log format \"{name}\""))
            .or_help(|| Some("a log_format must come before the access_log that uses it".to_owned())));
    };
    let mut log = AccessLog { target, format, condition: None, buffer: None, flush: None, gzip: None };
    for word in directive.arguments().iter().skip(2) {
        let invalid =
            |what: &str| directive.error_at(word, format!("invalid {what} \"{}\"", value(&word.text)));
        match word.text.split_once('=') {
            Some(("buffer", size)) => {
                let size = parse_size(size).filter(|size| *size > 0);
                log.buffer = Some(size.ok_or_else(|| invalid("buffer size"))?);
            }
            Some(("flush", time)) => {
                let time = parse_time(time).filter(|time| !time.is_zero());
                log.flush = Some(time.ok_or_else(|| invalid("flush time"))?);
            }
            Some(("if", text)) => {
                log.condition = Some(template_of(&mut reader.http.variables, directive, word, text)?);
            }
            Some(("gzip", level)) => {
                let level = level.parse().ok().filter(|level| (1..=9).contains(level));
                log.gzip = Some(level.ok_or_else(|| invalid("compression level"))?);
            }
            None if word.text == "gzip" => log.gzip = Some(1),
            _ => return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
        }
    }
    if matches!(log.target, LogTarget::Syslog(_)) && (log.buffer.is_some() || log.gzip.is_some()) {
        return Err(directive.error_at(path, "logs to syslog cannot be buffered".to_owned()));
    }
    if log.gzip.is_some() {
        log.buffer.get_or_insert(64 * 1024);
    }
    if log.flush.is_some() && log.buffer.is_none() {
        let message = format!("no buffer is defined for access_log \"{}\"", path.text);
        return Err(directive.error_at(path, message));
    }
    reader.settings().access_log.push(log);
    Ok(())
}

/// Where a log goes that is no variable's.
pub(super) fn log_target(reader: &Reader, directive: &Directive) -> Result<LogTarget, ConfigError> {
    let word = directive.argument(0);
    match word.text.as_str() {
        "stderr" => Ok(LogTarget::Stderr),
        text if text.starts_with(syslog::PREFIX) => {
            let syslog = syslog::syslog(text, reader.resolver);
            Ok(LogTarget::Syslog(syslog.map_err(|mistake| directive.error_at(word, mistake))?))
        }
        path => Ok(LogTarget::File(reader.full_path(path))),
    }
}

/// The text from the first `$` without a name on, which nginx repeats in its message.
fn without_name(text: &str) -> Option<&str> {
    let has_no_name = |rest: &&str| {
        let name = rest.trim_start_matches('$');
        let name = name.strip_prefix('{').unwrap_or(name);
        rest.starts_with("$$") || !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    };
    text.match_indices('$').map(|(at, _)| text.get(at..).unwrap_or_default()).find(has_no_name)
}

fn value(parameter: &str) -> &str {
    parameter.split_once('=').map_or(parameter, |(_, value)| value)
}

/// Joins adjacent literals: a format is written in several words.
fn join_literals(template: &mut Template) {
    let mut parts: Vec<Part> = Vec::new();
    for part in template.parts.drain(..) {
        match (parts.last_mut(), part) {
            (Some(Part::Literal(before)), Part::Literal(text)) => *before = format!("{before}{text}").into(),
            (_, part) => parts.push(part),
        }
    }
    template.parts = parts;
}
