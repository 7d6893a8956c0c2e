//! `proxy_pass` and the `proxy_…` settings that are more than a value.

use crate::address::{Url, UrlKind, after_unix, parse, parse_socket};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{LocationKind, ProxyHttpVersion, ProxyPass, Redirect, RedirectRule};
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::{buffers, duplicate, failure, flag, number, once, size, time};
use crate::read::variables::{template, template_of};
use crate::template::Template;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("proxy_pass", proxy_pass),
    ("proxy_set_header", proxy_set_header),
    ("proxy_pass_request_headers", |r, d| once(&mut r.settings().pass_request_headers, d, flag)),
    ("proxy_pass_request_body", |r, d| once(&mut r.settings().pass_request_body, d, flag)),
    ("proxy_http_version", proxy_http_version),
    ("proxy_connect_timeout", |r, d| once(&mut r.settings().connect_timeout, d, time)),
    ("proxy_send_timeout", |r, d| once(&mut r.settings().proxy_send_timeout, d, time)),
    ("proxy_read_timeout", |r, d| once(&mut r.settings().read_timeout, d, time)),
    ("proxy_next_upstream", proxy_next_upstream),
    ("proxy_next_upstream_tries", |r, d| once(&mut r.settings().next_upstream_tries, d, number)),
    ("proxy_next_upstream_timeout", |r, d| once(&mut r.settings().next_upstream_timeout, d, time)),
    ("proxy_redirect", proxy_redirect),
    ("proxy_hide_header", proxy_hide_header),
    ("proxy_pass_header", proxy_pass_header),
    ("proxy_method", proxy_method),
    ("proxy_set_body", proxy_set_body),
    ("proxy_ignore_client_abort", |r, d| once(&mut r.settings().ignore_client_abort, d, flag)),
    ("proxy_intercept_errors", |r, d| once(&mut r.settings().intercept_errors, d, flag)),
    ("proxy_buffering", |r, d| once(&mut r.settings().buffering, d, flag)),
    ("proxy_request_buffering", |r, d| once(&mut r.settings().request_buffering, d, flag)),
    ("proxy_buffer_size", |r, d| once(&mut r.settings().proxy_buffer_size, d, size)),
    ("proxy_buffers", |r, d| once(&mut r.settings().proxy_buffers, d, buffers)),
    ("proxy_busy_buffers_size", |r, d| once(&mut r.settings().proxy_busy_buffers_size, d, size)),
];

/// `proxy_pass`.
fn proxy_pass(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    if reader.settings().proxy_pass.is_some() {
        return Err(duplicate(directive));
    }
    reader.settings().stub_status = Some(false);
    if word.text.contains('$') {
        let url = template(&mut reader.http.variables, directive, word)?;
        reader.settings().proxy_pass = Some(ProxyPass { computed: Some(url), ..ProxyPass::default() });
        return Ok(());
    }
    let lower = word.text.to_ascii_lowercase();
    let is_https = lower.starts_with("https://");
    let start = if is_https { Some("https://") } else { lower.starts_with("http://").then_some("http://") };
    let Some(target) = start.and_then(|start| word.text.get(start.len()..)) else {
        return Err(directive
            .error_at(word, "invalid URL prefix")
            .or_help(|| Some(format!("an address starts with http://, as in http://{}", word.text))));
    };
    let wrong = |reason: &str| directive.error_at(word, format!("{reason} in upstream \"{target}\""));
    let (url, is_socket) = match after_unix(target) {
        None => (parse(target, UrlKind::ProxyPass).map_err(wrong)?, false),
        Some(path) => {
            let (path, uri) = parse_socket(path, true).map_err(wrong)?;
            let host = format!("unix:{path}");
            (Url { host, port: None, last_port: None, uri: uri.to_owned() }, true)
        }
    };
    let default_port = ProxyPass::default_port(is_https);
    let upstream = reader.http.upstreams.target(directive, word, &url.host, (url.port, default_port))?;
    let (kind, name) = (reader.http.level().kind, reader.http.level().name.clone());
    if !url.uri.is_empty()
        && matches!(
            kind,
            Some(LocationKind::Regex | LocationKind::Named | LocationKind::If | LocationKind::LimitExcept)
        )
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
    let port = if is_socket { 0 } else { url.port.unwrap_or(default_port) };
    let proxy_pass = ProxyPass {
        computed: None,
        is_whole: false,
        is_https,
        host: match port {
            0 => ProxyPass::SOCKET_HOST.to_owned(),
            port if port == default_port => url.host,
            port => format!("{}:{port}", url.host),
        },
        port,
        upstream,
        replaces: if url.uri.is_empty() { 0 } else { name.len() },
        // `?x` alone is put in the place of the prefix as it stands; nginx does so, too.
        uri: (!url.uri.is_empty()).then(|| url.uri.into_bytes()),
    };
    reader.settings().default_redirect = Some(rule);
    reader.settings().proxy_pass = Some(proxy_pass);
    Ok(())
}

/// `proxy_set_header`.
fn proxy_set_header(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let value = template(&mut reader.http.variables, directive, directive.argument(1))?;
    let name = directive.argument(0).text.clone();
    reader.settings().set_header.push((name, value));
    Ok(())
}

/// `proxy_hide_header`.
fn proxy_hide_header(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let name = directive.argument(0).text.to_ascii_lowercase();
    reader.settings().hide_header.push(name);
    Ok(())
}

/// `proxy_pass_header`.
fn proxy_pass_header(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let name = directive.argument(0).text.to_ascii_lowercase();
    reader.settings().pass_header.push(name);
    Ok(())
}

/// `proxy_method`.
fn proxy_method(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let method = template(&mut reader.http.variables, directive, directive.argument(0))?;
    once(&mut reader.settings().proxy_method, directive, |_| Ok(method))
}

/// `proxy_set_body`.
fn proxy_set_body(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let body = template(&mut reader.http.variables, directive, directive.argument(0))?;
    once(&mut reader.settings().proxy_set_body, directive, |_| Ok(body))
}

/// `proxy_http_version`.
fn proxy_http_version(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let knows_http2 = !reader.is_before(29, 4);
    once(&mut reader.settings().http_version, directive, |directive| {
        let word = directive.argument(0);
        match word.text.as_str() {
            "1.0" => Ok(ProxyHttpVersion::Http10),
            "1.1" => Ok(ProxyHttpVersion::Http11),
            "2" if knows_http2 => Ok(ProxyHttpVersion::Http2),
            other => Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        }
    })
}

/// `proxy_next_upstream`; written twice, it adds up.
fn proxy_next_upstream(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (mut when, mut off) = reader.settings().next_upstream.unwrap_or_default();
    for word in directive.arguments() {
        let condition = match word.text.as_str() {
            "non_idempotent" => &mut when.non_idempotent,
            "off" => &mut off,
            // Taken, and of no effect here: nginx has one list of words for this and for `proxy_cache_use_stale`.
            "updating" => continue,
            other => failure(&mut when, other)
                .ok_or_else(|| directive.error_at(word, format!("invalid value \"{other}\"")))?,
        };
        if std::mem::replace(condition, true) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
        }
    }
    reader.settings().next_upstream = Some((when, off));
    Ok(())
}

/// `proxy_redirect`.
fn proxy_redirect(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let earlier = reader.settings().redirect.take();
    let rule = match (directive.arguments().get(1), word.text.as_str()) {
        _ if matches!(earlier, Some(Redirect::Off)) => return Err(duplicate(directive)),
        (None, "off") if earlier.is_some() => return Err(duplicate(directive)),
        (None, "off") => {
            reader.settings().redirect = Some(Redirect::Off);
            return Ok(());
        }
        (None, "default") => reader.settings().default_redirect.clone().ok_or_else(|| {
            directive.error("\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive")
        })?,
        (None, other) => return Err(directive.error_at(word, format!("invalid parameter \"{other}\""))),
        (Some(to), from) => {
            let to = template(&mut reader.http.variables, directive, to)?;
            match from.strip_prefix('~') {
                Some(source) => {
                    let caseless = source.starts_with('*');
                    let source = source.strip_prefix('*').unwrap_or(source);
                    let pattern =
                        regex::pattern(&mut reader.http.variables, directive, word, source, caseless)?;
                    RedirectRule::Regex { pattern, to }
                }
                None => {
                    let from = template_of(&mut reader.http.variables, directive, word, from)?;
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
    reader.settings().redirect = Some(Redirect::Rules(rules));
    Ok(())
}
