//! `sticky` in `upstream`: `ngx_http_upstream_sticky_module`.

use std::time::Duration;

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Sticky, StickyCookie, StickyExpires, StickyLearn};
use crate::read::reader::Reader;
use crate::read::values::duplicate;
use crate::read::variables::{template_of, variable_of};
use crate::template::Template;
use crate::units::{parse_seconds, parse_size};

/// `sticky`.
pub(super) fn sticky(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.upstream().sticky.is_some() {
        return Err(duplicate(directive));
    }
    let kind = directive.argument(0);
    let sticky = match kind.text.as_str() {
        "cookie" => Sticky::Cookie(cookie(reader, directive)?),
        "route" => {
            let words = directive.arguments().iter().skip(1);
            let route =
                words.map(|word| variable_of(&mut reader.http.variables, directive, word, &word.text));
            Sticky::Route(route.collect::<Result<_, _>>()?)
        }
        "learn" => Sticky::Learn(learn(reader, directive)?),
        other => return Err(directive.error_at(kind, format!("unknown parameter \"{other}\""))),
    };
    reader.upstream().sticky = Some(sticky);
    Ok(())
}

fn cookie(reader: &mut Reader, directive: &Directive) -> Result<StickyCookie, ConfigError> {
    let name = directive.argument(1);
    if name.text.is_empty() {
        return Err(directive.error_at(name, "\"sticky\" directive empty cookie name"));
    }
    let mut cookie = StickyCookie { name: name.text.clone(), ..StickyCookie::default() };
    for word in directive.arguments().iter().skip(2) {
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
        let invalid =
            || directive.error_at(word, format!("\"sticky\" directive invalid \"{name}\" parameter value"));
        let mut text = || template_of(&mut reader.http.variables, directive, word, value);
        let is_again = match (name, word.text.contains('=')) {
            ("expires", true) => {
                let expires = match value {
                    "max" => StickyExpires::Max,
                    _ => StickyExpires::Seconds(parse_seconds(value).ok_or_else(invalid)?.as_secs()),
                };
                cookie.expires.replace(expires).is_some()
            }
            ("domain", true) => cookie.domain.replace(text()?).is_some(),
            ("path", true) => cookie.path.replace(text()?).is_some(),
            ("samesite", true) => match value {
                "strict" | "lax" | "none" => cookie.same_site.replace(value.to_owned()).is_some(),
                _ => return Err(invalid()),
            },
            ("secure", false) => std::mem::replace(&mut cookie.secure, true),
            ("httponly", false) => std::mem::replace(&mut cookie.http_only, true),
            _ => return Err(directive.error_at(word, format!("unknown parameter \"{}\"", word.text))),
        };
        if is_again {
            let message = format!("\"sticky\" directive parameter \"{name}\" is duplicate");
            return Err(directive.error_at(word, message));
        }
    }
    Ok(cookie)
}

/// The smallest zone of sessions: eight pages.
const MIN_ZONE_SIZE: usize = 8 * 4096;

fn learn(reader: &mut Reader, directive: &Directive) -> Result<StickyLearn, ConfigError> {
    let wrong = |what: &str| directive.error(format!("\"sticky\" directive {what}"));
    let (mut create, mut lookup): (Vec<Template>, Vec<Template>) = Default::default();
    let (mut zone, mut timeout, mut at_head) = (None, Duration::from_secs(600), false);
    for word in directive.arguments().iter().skip(1) {
        let here = |what: &str| directive.error_at(word, format!("\"sticky\" directive {what}"));
        match word.text.split_once('=') {
            Some((name @ ("create" | "lookup"), value)) => {
                if !value.starts_with('$') {
                    return Err(here(&format!("missing variable in the \"{name}\" parameter")));
                }
                let text = variable_of(&mut reader.http.variables, directive, word, value)?;
                (if name == "create" { &mut create } else { &mut lookup }).push(text);
            }
            Some(("zone", value)) => {
                let (name, size) = value.split_once(':').ok_or_else(|| here("zone size is not specified"))?;
                let size = parse_size(size).ok_or_else(|| here("invalid zone size"))?;
                if size < MIN_ZONE_SIZE {
                    return Err(here("zone is too small"));
                }
                if zone.replace((name.to_owned(), size)).is_some() {
                    return Err(here("duplicate zone"));
                }
            }
            Some(("timeout", value)) => {
                timeout = parse_seconds(value).ok_or_else(|| here("invalid timeout"))?;
            }
            None if word.text == "header" => at_head = true,
            _ => return Err(directive.error_at(word, format!("unknown parameter \"{}\"", word.text))),
        }
    }
    let missing = |name: &str| wrong(&format!("\"{name}\" parameter is not specified"));
    if create.is_empty() {
        return Err(missing("create"));
    }
    if lookup.is_empty() {
        return Err(missing("lookup"));
    }
    let (zone, size) = zone.ok_or_else(|| missing("zone"))?;
    if let Some(upstream) = reader.http.upstreams.with_sessions_in(&zone) {
        let message = format!("sticky zone \"{zone}\" is already used in upstream \"{upstream}\"");
        return Err(directive.error(message));
    }
    Ok(StickyLearn { create, lookup, zone, size, timeout, at_head })
}
