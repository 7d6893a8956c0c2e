//! `location`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{LimitExcept, LocationKind};
use crate::read::draft::Level;
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::{duplicate, flag, once};
use crate::table;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("location", location),
    ("limit_except", limit_except),
    ("stub_status", |r, _| {
        r.settings().stub_status = Some(true);
        Ok(())
    }),
    ("mirror", mirror),
    ("mirror_request_body", |r, d| once(&mut r.settings().mirror_request_body, d, flag)),
];

/// Methods that nginx knows.
const METHODS: [&str; 14] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "MKCOL",
    "COPY",
    "MOVE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "PATCH",
];

/// `limit_except { … }`.
fn limit_except(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.http.level().limit_except.is_some() {
        return Err(duplicate(directive));
    }
    let mut methods = Vec::new();
    for word in directive.arguments() {
        let method = word.text.to_ascii_uppercase();
        if !METHODS.contains(&method.as_str()) {
            return Err(directive.error_at(word, format!("invalid method \"{}\"", word.text)));
        }
        if method == "GET" {
            methods.push("HEAD".to_owned());
        }
        methods.push(method);
    }
    let name = reader.http.level().name.clone();
    let body = reader.enter(Level::new(LocationKind::LimitExcept, &name));
    reader.block(table::LIMIT_EXCEPT)?;
    reader.http.leave();
    reader.http.level().limit_except = Some(LimitExcept { methods, location: body.location() });
    Ok(())
}

/// `mirror`.
fn mirror(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let uri = directive.argument(0).text.clone();
    let mirrors = &mut reader.settings().mirror;
    match mirrors {
        Some(earlier) if uri == "off" || earlier.is_empty() => return Err(duplicate(directive)),
        Some(earlier) => earlier.push(uri),
        None if uri == "off" => *mirrors = Some(Vec::new()),
        None => *mirrors = Some(vec![uri]),
    }
    Ok(())
}

/// `location { … }`.
fn location(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (modifier, name) = match directive.arguments() {
        [modifier, name] => {
            if !["=", "^~", "~", "~*"].contains(&modifier.text.as_str()) {
                let message = format!("invalid location modifier \"{}\"", modifier.text);
                return Err(directive.error_at(modifier, message).help("it is one of =, ^~, ~ and ~*"));
            }
            (modifier.text.as_str(), name.text.as_str())
        }
        // The modifier may touch the name: `location ~^/stomp/`.
        _ => split_modifier(&directive.argument(0).text),
    };
    let word = directive.last_argument();
    let kind = match modifier {
        "=" => LocationKind::Exact,
        "~" | "~*" => LocationKind::Regex,
        "" if name.starts_with('@') => LocationKind::Named,
        _ => LocationKind::Prefix,
    };
    let mut level = Level::new(kind, name);
    level.no_regex = modifier == "^~";
    level.duplicate_error = Some(directive.error_at(word, format!("duplicate location \"{name}\"")));
    if kind == LocationKind::Regex {
        level.pattern =
            Some(regex::pattern(&mut reader.http.variables, directive, word, name, modifier == "~*")?);
    }
    let parent = reader.http.level();
    if let Some(message) = nesting_error(kind, name, parent) {
        return Err(directive.error_at(word, message));
    }
    reader.enter(level);
    reader.block(table::LOCATION)?;
    reader.http.leave();
    Ok(())
}

fn split_modifier(text: &str) -> (&str, &str) {
    let modifier =
        ["=", "^~", "~*", "~"].into_iter().find(|modifier| text.starts_with(modifier)).unwrap_or("");
    (modifier, text.strip_prefix(modifier).unwrap_or(text))
}

/// Why a location may not be nested in `parent`.
fn nesting_error(kind: LocationKind, name: &str, parent: &Level) -> Option<String> {
    let around = &parent.name;
    match parent.kind {
        None | Some(LocationKind::ServerLevel) => None,
        Some(LocationKind::Exact) => {
            Some(format!("location \"{name}\" cannot be inside the exact location \"{around}\""))
        }
        Some(LocationKind::Named) => {
            Some(format!("location \"{name}\" cannot be inside the named location \"{around}\""))
        }
        _ if kind == LocationKind::Named => {
            Some(format!("named location \"{name}\" can be on the server level only"))
        }
        _ if kind != LocationKind::Regex && !name.starts_with(around.as_str()) => {
            Some(format!("location \"{name}\" is outside location \"{around}\""))
        }
        _ => None,
    }
}
