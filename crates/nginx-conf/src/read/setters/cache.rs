//! `proxy_cache_…`: `ngx_http_file_cache` and what `ngx_http_proxy_module` has for it.

use std::time::Duration;

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{CacheName, CacheValid, CacheZone};
use crate::read::draft::UseStale;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, failure, flag, number, once, time};
use crate::read::variables::template;
use crate::source::Word;
use crate::units::{parse_number, parse_offset, parse_seconds, parse_size, parse_time};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("proxy_cache_path", cache_path),
    ("proxy_cache", proxy_cache),
    ("proxy_cache_key", key),
    ("proxy_cache_valid", valid),
    ("proxy_cache_bypass", predicate),
    ("proxy_no_cache", predicate),
    ("proxy_cache_use_stale", use_stale),
    ("proxy_cache_background_update", |r, d| once(&mut r.settings().cache.background_update, d, flag)),
    ("proxy_cache_lock", |r, d| once(&mut r.settings().cache.lock, d, flag)),
    ("proxy_cache_lock_timeout", |r, d| once(&mut r.settings().cache.lock_timeout, d, time)),
    ("proxy_cache_lock_age", |r, d| once(&mut r.settings().cache.lock_age, d, time)),
    ("proxy_cache_min_uses", |r, d| once(&mut r.settings().cache.min_uses, d, number)),
    ("proxy_cache_methods", methods),
    ("proxy_cache_revalidate", |r, d| once(&mut r.settings().cache.revalidate, d, flag)),
    ("proxy_cache_convert_head", |r, d| once(&mut r.settings().cache.convert_head, d, flag)),
    ("proxy_ignore_headers", ignore_headers),
];

/// The smallest zone of keys: eight pages.
const MIN_ZONE_SIZE: usize = 8 * 4096;

/// Statuses of a `proxy_cache_valid` that names none.
const USUAL_STATUSES: [u16; 3] = [200, 301, 302];

/// `proxy_cache_path`: `ngx_http_file_cache_set_slot`.
fn cache_path(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let path = reader.full_path(directive.argument(0).text.trim_end_matches('/'));
    let mut zone =
        CacheZone { name: String::new(), path, size: 0, inactive: Duration::from_secs(600), max_size: None };
    for word in directive.arguments().iter().skip(1) {
        parameter(&mut zone, word).map_err(|message| directive.error_at(word, message))?;
    }
    let name = zone.name.clone();
    if name.is_empty() {
        return Err(directive.error("\"proxy_cache_path\" must have \"keys_zone\" parameter"));
    }
    let here = directive.error("");
    if let Some(earlier) = reader.http.caches.add_path(&zone.path, here)
        && let Some(place) = earlier.place()
    {
        let path = zone.path.display();
        return Err(directive.error(format!("the same path name \"{path}\" used in {place} and")));
    }
    match reader.http.caches.declare(zone) {
        true => Ok(()),
        false => Err(directive.error(format!("duplicate zone \"{name}\""))),
    }
}

/// Reads a parameter of `proxy_cache_path`; the error is nginx's.
fn parameter(zone: &mut CacheZone, word: &Word) -> Result<(), String> {
    let text = &word.text;
    let Some((name, value)) = text.split_once('=') else {
        return Err(format!("invalid parameter \"{text}\""));
    };
    let check =
        |is_right: bool| is_right.then_some(()).ok_or_else(|| format!("invalid {name} value \"{text}\""));
    match name {
        "levels" => {
            let levels: Vec<&str> = value.split(':').collect();
            let is_right = levels.len() <= 3 && levels.iter().all(|level| matches!(*level, "1" | "2"));
            is_right.then_some(()).ok_or_else(|| format!("invalid \"levels\" \"{text}\""))
        }
        "use_temp_path" if matches!(value, "on" | "off") => Ok(()),
        "use_temp_path" => {
            Err(format!("invalid use_temp_path value \"{text}\", it must be \"on\" or \"off\""))
        }
        "keys_zone" => {
            let invalid = || format!("invalid keys zone size \"{text}\"");
            let (keys, size) = value.split_once(':').ok_or_else(invalid)?;
            let size = parse_size(size).ok_or_else(invalid)?;
            if size < MIN_ZONE_SIZE {
                return Err(format!("keys zone \"{text}\" is too small"));
            }
            (zone.name, zone.size) = (keys.to_owned(), size);
            Ok(())
        }
        "inactive" => {
            let inactive = parse_seconds(value);
            zone.inactive = inactive.unwrap_or(zone.inactive);
            check(inactive.is_some())
        }
        "max_size" => {
            zone.max_size = parse_offset(value);
            check(zone.max_size.is_some())
        }
        "min_free" => check(parse_offset(value).is_some()),
        "loader_files" | "manager_files" => check(parse_number(value).is_some()),
        "loader_sleep" | "loader_threshold" | "manager_sleep" | "manager_threshold" => {
            check(parse_time(value).is_some())
        }
        _ => Err(format!("invalid parameter \"{text}\"")),
    }
}

/// `proxy_cache`.
fn proxy_cache(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().cache.zone.is_some() {
        return Err(duplicate(directive));
    }
    let word = directive.argument(0);
    let zone = match word.text.as_str() {
        "off" => None,
        text if text.contains('$') => {
            Some(CacheName::Computed(template(&mut reader.http.variables, directive, word)?))
        }
        text => Some(CacheName::Zone(reader.http.caches.reference(text))),
    };
    reader.settings().cache.zone = Some(zone);
    Ok(())
}

/// `proxy_cache_key`.
fn key(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().cache.key.is_some() {
        return Err(duplicate(directive));
    }
    let key = template(&mut reader.http.variables, directive, directive.argument(0))?;
    reader.settings().cache.key = Some(key);
    Ok(())
}

/// `proxy_cache_valid`: `ngx_http_file_cache_valid_set_slot`.
fn valid(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let Some((last, statuses)) = directive.arguments().split_last() else { return Ok(()) };
    let seconds = parse_seconds(&last.text)
        .ok_or_else(|| directive.error_at(last, format!("invalid time value \"{}\"", last.text)))?
        .as_secs();
    let valid = &mut reader.settings().cache.valid;
    if statuses.is_empty() {
        valid.extend(USUAL_STATUSES.map(|status| CacheValid { status: Some(status), seconds }));
    }
    for word in statuses {
        let status = match word.text.as_str() {
            "any" => None,
            text => {
                let status = parse_number(text).and_then(|status| u16::try_from(status).ok());
                let status = status.filter(|status| (100..=599).contains(status));
                let invalid = || directive.error_at(word, format!("invalid status \"{text}\""));
                Some(status.ok_or_else(invalid)?)
            }
        };
        valid.push(CacheValid { status, seconds });
    }
    Ok(())
}

/// `proxy_cache_bypass` and `proxy_no_cache`.
fn predicate(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    for word in directive.arguments() {
        let text = template(&mut reader.http.variables, directive, word)?;
        let cache = &mut reader.settings().cache;
        let list = if directive.name() == "proxy_no_cache" { &mut cache.no_cache } else { &mut cache.bypass };
        list.push(text);
    }
    Ok(())
}

/// `proxy_cache_use_stale`; written twice, it adds up.
fn use_stale(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut stale: UseStale = reader.settings().cache.use_stale.unwrap_or_default();
    for word in directive.arguments() {
        let condition = match word.text.as_str() {
            "updating" => &mut stale.updating,
            "off" => &mut stale.off,
            other => failure(&mut stale.when, other)
                .ok_or_else(|| directive.error_at(word, format!("invalid value \"{other}\"")))?,
        };
        if std::mem::replace(condition, true) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
        }
    }
    reader.settings().cache.use_stale = Some(stale);
    Ok(())
}

/// `proxy_cache_methods`. GET and HEAD are always among them.
fn methods(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut post = reader.settings().cache.caches_post.unwrap_or(false);
    let mut seen: Vec<&str> = Vec::new();
    for word in directive.arguments() {
        match word.text.as_str() {
            "GET" | "HEAD" => {}
            "POST" => post = true,
            other => return Err(directive.error_at(word, format!("invalid value \"{other}\""))),
        }
        if seen.contains(&word.text.as_str()) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
        }
        seen.push(&word.text);
    }
    reader.settings().cache.caches_post = Some(post);
    Ok(())
}

/// `proxy_ignore_headers`; written twice, it adds up.
fn ignore_headers(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut ignore = reader.settings().ignore_headers.unwrap_or_default();
    for word in directive.arguments() {
        let field = match word.text.to_ascii_lowercase().as_str() {
            "x-accel-redirect" => &mut ignore.accel_redirect,
            "x-accel-expires" => &mut ignore.accel_expires,
            "x-accel-buffering" => &mut ignore.accel_buffering,
            "x-accel-limit-rate" => &mut ignore.accel_limit_rate,
            "x-accel-charset" => &mut ignore.accel_charset,
            "expires" => &mut ignore.expires,
            "cache-control" => &mut ignore.cache_control,
            "set-cookie" => &mut ignore.set_cookie,
            "vary" => &mut ignore.vary,
            _ => return Err(directive.error_at(word, format!("invalid value \"{}\"", word.text))),
        };
        if std::mem::replace(field, true) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
        }
    }
    reader.settings().ignore_headers = Some(ignore);
    Ok(())
}
