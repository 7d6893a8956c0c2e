//! `proxy_pass` and the `proxy_…` settings that are more than a value.

use crate::error::ConfigError;
use crate::input::Directive;
use crate::model::{LocationKind, ProxyPass, Redirect, RedirectRule};
use crate::read::address::{Use, parse};
use crate::read::values::{duplicate, not_here, once};
use crate::read::variables::{template, template_of};
use crate::read::{Reader, regex};
use crate::template::Template;

/// The port of `http://`.
const HTTP_PORT: u16 = 80;

/// `proxy_pass`.
pub(crate) fn proxy_pass(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    if reader.raw().proxy_pass.is_some() {
        return Err(duplicate(directive));
    }
    if word.text.contains('$') {
        let url = template(&mut reader.http.names, directive, word)?;
        reader.raw().proxy_pass = Some(ProxyPass { computed: Some(url), ..ProxyPass::default() });
        return Ok(());
    }
    let lower = word.text.to_ascii_lowercase();
    if lower.starts_with("https://") {
        return Err(not_here(directive, 0, "\"https://\""));
    }
    let Some(target) = lower.starts_with("http://").then(|| word.text.get(7..)).flatten() else {
        return Err(directive
            .error_at(word, "invalid URL prefix")
            .or_help(|| Some(format!("an address starts with http://, as in http://{}", word.text))));
    };
    if target.to_ascii_lowercase().starts_with("unix:") {
        return Err(not_here(directive, 0, "\"unix:\""));
    }
    let url = parse(target, Use::ProxyPass)
        .map_err(|reason| directive.error_at(word, format!("{reason} in upstream \"{target}\"")))?;
    let upstream = reader.http.upstreams.target(directive, word, &url.host, url.port)?;
    let (kind, name) = (reader.http.level().kind, reader.http.level().name.clone());
    if !url.uri.is_empty()
        && matches!(kind, Some(LocationKind::Regex | LocationKind::Named | LocationKind::If))
    {
        return Err(directive
            .error_at(
                word,
                "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named \
                 location, or inside \"if\" statement, or inside \"limit_except\" block",
            )
            .or_help(|| Some(format!("leave out \"{}\"", url.uri))));
    }
    let (from, to) = match url.uri.is_empty() {
        true => (format!("{}/", word.text), "/"),
        false => (word.text.clone(), name.as_str()),
    };
    let rule = RedirectRule::Prefix { from: Template::literal(&from), to: Template::literal(to) };
    let port = url.port.unwrap_or(HTTP_PORT);
    let proxy_pass = ProxyPass {
        computed: None,
        is_whole: false,
        host: if port == HTTP_PORT { url.host } else { format!("{}:{port}", url.host) },
        port,
        upstream,
        replaces: if url.uri.is_empty() { 0 } else { name.len() },
        // `?x` alone is put in the place of the prefix as it stands; nginx does so, too.
        uri: (!url.uri.is_empty()).then(|| url.uri.into_bytes()),
    };
    reader.raw().default_redirect = Some(rule);
    reader.raw().proxy_pass = Some(proxy_pass);
    Ok(())
}

/// `proxy_cache off`.
pub(crate) fn proxy_cache(directive: &Directive) -> Result<(), ConfigError> {
    match directive.argument(0).text.as_str() {
        "off" => Ok(()),
        zone => Err(not_here(directive, 0, &format!("\"{zone}\""))),
    }
}

/// `proxy_set_header`.
pub(crate) fn proxy_set_header(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let value = template(&mut reader.http.names, directive, directive.argument(1))?;
    let name = directive.argument(0).text.clone();
    reader.raw().set_header.push((name, value));
    Ok(())
}

/// `proxy_hide_header`.
pub(crate) fn proxy_hide_header(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let name = directive.argument(0).text.to_ascii_lowercase();
    reader.raw().hide_header.push(name);
    Ok(())
}

/// `proxy_http_version`.
pub(crate) fn proxy_http_version(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.raw().http11, directive, |directive| {
        let word = directive.argument(0);
        match word.text.as_str() {
            "1.0" => Ok(false),
            "1.1" => Ok(true),
            "2" => Err(not_here(directive, 0, "\"2\"")),
            other => Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        }
    })
}

/// `proxy_next_upstream`; written twice, it adds up.
pub(crate) fn proxy_next_upstream(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (mut when, mut off) = reader.raw().next_upstream.unwrap_or_default();
    for word in directive.arguments() {
        let condition = match word.text.as_str() {
            "error" => &mut when.error,
            "timeout" => &mut when.timeout,
            "invalid_header" => &mut when.invalid_header,
            "non_idempotent" => &mut when.non_idempotent,
            "http_500" => &mut when.http_500,
            "http_502" => &mut when.http_502,
            "http_503" => &mut when.http_503,
            "http_504" => &mut when.http_504,
            "http_403" => &mut when.http_403,
            "http_404" => &mut when.http_404,
            "http_429" => &mut when.http_429,
            "off" => &mut off,
            // For caches, of which there are none here; nginx without a cache does nothing with it either.
            "updating" => continue,
            other => return Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        };
        if std::mem::replace(condition, true) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
        }
    }
    reader.raw().next_upstream = Some((when, off));
    Ok(())
}

/// `proxy_redirect`.
pub(crate) fn proxy_redirect(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let earlier = reader.raw().redirect.take();
    let rule = match (directive.arguments().get(1), word.text.as_str()) {
        _ if matches!(earlier, Some(Redirect::Off)) => return Err(duplicate(directive)),
        (None, "off") if earlier.is_some() => return Err(duplicate(directive)),
        (None, "off") => {
            reader.raw().redirect = Some(Redirect::Off);
            return Ok(());
        }
        (None, "default") => reader.raw().default_redirect.clone().ok_or_else(|| {
            directive.error("\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive")
        })?,
        (None, other) => return Err(directive.error_at(word, format!("invalid parameter \"{other}\""))),
        (Some(to), from) => {
            let to = template(&mut reader.http.names, directive, to)?;
            match from.strip_prefix('~') {
                Some(source) => {
                    let caseless = source.starts_with('*');
                    let source = source.strip_prefix('*').unwrap_or(source);
                    let pattern = regex::pattern(reader, directive, word, source, caseless)?;
                    RedirectRule::Regex { pattern, to }
                }
                None => {
                    let from = template_of(&mut reader.http.names, directive, word, from)?;
                    RedirectRule::Prefix { from, to }
                }
            }
        }
    };
    let mut rules = match earlier {
        Some(Redirect::Rules(rules)) => rules,
        _ => Vec::new(),
    };
    rules.push(rule);
    reader.raw().redirect = Some(Redirect::Rules(rules));
    Ok(())
}
