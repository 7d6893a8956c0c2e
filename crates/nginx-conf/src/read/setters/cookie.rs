//! `proxy_cookie_domain`, `proxy_cookie_path` and `proxy_cookie_flags`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{CookieFlags, CookieName, RedirectRule};
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::duplicate;
use crate::read::variables::{template, template_of};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("proxy_cookie_domain", proxy_cookie_domain),
    ("proxy_cookie_path", proxy_cookie_path),
    ("proxy_cookie_flags", proxy_cookie_flags),
];

/// Puts a rule behind those of the level; no rule is `off`, which stands alone.
fn push<T>(rules: &mut Option<Vec<T>>, directive: &Directive, rule: Option<T>) -> Result<(), ConfigError> {
    match (&mut *rules, rule) {
        (Some(rules), _) if rules.is_empty() => return Err(duplicate(directive)),
        (Some(_), None) => return Err(duplicate(directive)),
        (Some(rules), Some(rule)) => rules.push(rule),
        (None, rule) => *rules = Some(rule.into_iter().collect()),
    }
    Ok(())
}

/// Whether the only word is `off`; no other may stand alone.
fn is_off(directive: &Directive) -> Result<bool, ConfigError> {
    match directive.arguments() {
        [word] if word.text == "off" => Ok(true),
        [word] => Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
        _ => Ok(false),
    }
}

/// `proxy_cookie_domain`.
fn proxy_cookie_domain(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut rule = None;
    if !is_off(directive)? {
        let (word, to) = (directive.argument(0), directive.argument(1));
        let variables = &mut reader.http.variables;
        rule = Some(match word.text.strip_prefix('~') {
            Some(source) => {
                let to = template(variables, directive, to)?;
                RedirectRule::Regex { pattern: regex::pattern(variables, directive, word, source, true)?, to }
            }
            None => {
                let without_dot = |text: &str| text.strip_prefix('.').unwrap_or(text).to_owned();
                let from = template_of(variables, directive, word, &without_dot(&word.text))?;
                RedirectRule::Prefix {
                    from,
                    to: template_of(variables, directive, to, &without_dot(&to.text))?,
                }
            }
        });
    }
    push(&mut reader.settings().cookie_domain, directive, rule)
}

/// `proxy_cookie_path`.
fn proxy_cookie_path(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut rule = None;
    if !is_off(directive)? {
        let word = directive.argument(0);
        let variables = &mut reader.http.variables;
        let to = template(variables, directive, directive.argument(1))?;
        rule = Some(match word.text.strip_prefix('~') {
            Some(source) => {
                let caseless = source.starts_with('*');
                let source = source.strip_prefix('*').unwrap_or(source);
                RedirectRule::Regex {
                    pattern: regex::pattern(variables, directive, word, source, caseless)?,
                    to,
                }
            }
            None => RedirectRule::Prefix { from: template(variables, directive, word)?, to },
        });
    }
    push(&mut reader.settings().cookie_path, directive, rule)
}

/// `proxy_cookie_flags`.
fn proxy_cookie_flags(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut rule = None;
    if !is_off(directive)? {
        let word = directive.argument(0);
        let variables = &mut reader.http.variables;
        let name = match word.text.strip_prefix('~') {
            Some(source) => CookieName::Regex(regex::pattern(variables, directive, word, source, true)?),
            None => CookieName::Exact(template(variables, directive, word)?),
        };
        let flags = directive.arguments().iter().skip(1).map(|word| template(variables, directive, word));
        rule = Some(CookieFlags { name, flags: flags.collect::<Result<_, _>>()? });
    }
    push(&mut reader.settings().cookie_flags, directive, rule)
}
