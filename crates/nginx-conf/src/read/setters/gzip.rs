//! `gzip` and the directives that go with it: `ngx_http_gzip_filter_module`, `ngx_http_gzip_static_module` and
//! `ngx_http_gunzip_filter_module`.

use std::collections::HashSet;

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::GzipStatic;
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::{bounded, buffers, flag, once, one_of, size};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("gzip", |r, d| once(&mut r.settings().gzip.on, d, flag)),
    ("gzip_types", gzip_types),
    ("gzip_min_length", |r, d| once(&mut r.settings().gzip.min_length, d, size)),
    ("gzip_comp_level", |r, d| once(&mut r.settings().gzip.level, d, |d| bounded(d, 1, 9))),
    ("gzip_buffers", |r, d| once(&mut r.settings().gzip.buffers, d, buffers)),
    ("gzip_proxied", gzip_proxied),
    ("gzip_vary", |r, d| once(&mut r.settings().gzip.vary, d, flag)),
    ("gzip_http_version", |r, d| {
        once(&mut r.settings().gzip.min_version, d, |d| one_of(d, &[("1.0", 10), ("1.1", 11)]))
    }),
    ("gzip_disable", gzip_disable),
    ("gzip_static", |r, d| once(&mut r.settings().gzip.files, d, |d| one_of(d, STATIC))),
    ("gunzip", |r, d| once(&mut r.settings().gzip.gunzip, d, flag)),
    ("gunzip_buffers", |r, d| once(&mut r.settings().gzip.gunzip_buffers, d, buffers)),
];

const STATIC: &[(&str, GzipStatic)] =
    &[("off", GzipStatic::Off), ("on", GzipStatic::On), ("always", GzipStatic::Always)];

/// `gzip_types`; written twice, it adds up.
fn gzip_types(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let earlier = reader.settings().gzip.types.take();
    let types = media_types(reader, directive, earlier);
    reader.settings().gzip.types = Some(types);
    Ok(())
}

/// Media types, `text/html` among them, besides those of an earlier directive; `None` for `*`.
pub(super) fn media_types(
    reader: &mut Reader,
    directive: &Directive,
    earlier: Option<Option<HashSet<String>>>,
) -> Option<HashSet<String>> {
    let mut types = earlier.unwrap_or_else(|| Some(HashSet::from(["text/html".to_owned()])));
    for word in directive.arguments() {
        let Some(names) = &mut types else { break };
        let name = word.text.to_ascii_lowercase();
        if name == "*" {
            types = None;
        } else if !names.insert(name.clone()) {
            reader.warn(&directive.error_at(word, format!("duplicate MIME type \"{name}\"")));
        }
    }
    types
}

/// `gzip_proxied`; written twice, it adds up.
fn gzip_proxied(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut when = reader.settings().gzip.proxied.unwrap_or_default();
    for word in directive.arguments() {
        let condition = match word.text.as_str() {
            "off" => &mut when.off,
            "expired" => &mut when.expired,
            "no-cache" => &mut when.no_cache,
            "no-store" => &mut when.no_store,
            "private" => &mut when.private,
            "no_last_modified" => &mut when.no_last_modified,
            "no_etag" => &mut when.no_etag,
            "auth" => &mut when.auth,
            "any" => &mut when.any,
            other => return Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        };
        if std::mem::replace(condition, true) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
        }
    }
    reader.settings().gzip.proxied = Some(when);
    Ok(())
}

/// `gzip_disable`; written twice, it adds up.
fn gzip_disable(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    for word in directive.arguments() {
        match word.text.as_str() {
            "msie6" => reader.settings().gzip.disable_msie6 = true,
            source => {
                let pattern = regex::pattern(&mut reader.http.variables, directive, word, source, true)?;
                reader.settings().gzip.disable.push(pattern);
            }
        }
    }
    Ok(())
}
