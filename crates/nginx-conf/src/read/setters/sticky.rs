//! `sticky` in `upstream`: `ngx_http_upstream_sticky_module`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Sticky, StickyCookie, StickyExpires};
use crate::read::reader::Reader;
use crate::read::values::{duplicate, unsupported_value};
use crate::read::variables::{template, template_of};
use crate::units::parse_seconds;

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
            let route = words.map(|word| template(&mut reader.http.variables, directive, word));
            Sticky::Route(route.collect::<Result<_, _>>()?)
        }
        "learn" => return Err(unsupported_value(directive, 0, "\"learn\"")),
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
