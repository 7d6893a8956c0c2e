//! What tunes nginx, and changes nothing that can be seen from outside: read as nginx reads it, and then forgotten.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{
    buffers, duplicate, flag, invalid_value, number, offset, one_of, size, text, time,
};
use crate::table;
use crate::units::{parse_number, parse_offset, parse_seconds};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("debug_connection", anything),
    ("debug_points", |r, d| once(r, d, |d| one_of(d, &[("stop", ()), ("abort", ())]))),
    ("env", anything),
    ("load_module", anything),
    ("lock_file", |r, d| once(r, d, text)),
    ("pcre_jit", |r, d| once(r, d, flag)),
    ("thread_pool", thread_pool),
    ("timer_resolution", |r, d| once(r, d, time)),
    ("worker_aio_requests", |r, d| once(r, d, number::<u64>)),
    ("worker_cpu_affinity", |r, d| once(r, d, affinity)),
    ("worker_priority", |r, d| once(r, d, priority)),
    ("worker_rlimit_core", |r, d| once(r, d, offset)),
    ("working_directory", |r, d| once(r, d, text)),
    ("aio", |r, d| once(r, d, aio)),
    ("aio_write", |r, d| once(r, d, flag)),
    ("client_body_in_file_only", |r, d| once(r, d, |d| one_of(d, &[("off", ()), ("on", ()), ("clean", ())]))),
    ("client_body_in_single_buffer", |r, d| once(r, d, flag)),
    ("connection_pool_size", |r, d| once(r, d, size)),
    ("directio", |r, d| once(r, d, off_or_offset)),
    ("directio_alignment", |r, d| once(r, d, offset)),
    ("keepalive_disable", |r, d| once(r, d, browsers)),
    ("keepalive_min_timeout", |r, d| once(r, d, time)),
    ("lingering_close", |r, d| once(r, d, |d| one_of(d, &[("off", ()), ("on", ()), ("always", ())]))),
    ("lingering_time", |r, d| once(r, d, time)),
    ("lingering_timeout", |r, d| once(r, d, time)),
    ("log_subrequest", |r, d| once(r, d, flag)),
    ("msie_padding", |r, d| once(r, d, flag)),
    ("msie_refresh", |r, d| once(r, d, flag)),
    ("open_file_cache", |r, d| once(r, d, open_file_cache)),
    ("open_file_cache_errors", |r, d| once(r, d, flag)),
    ("open_file_cache_events", |r, d| once(r, d, flag)),
    ("open_file_cache_min_uses", |r, d| once(r, d, number::<u64>)),
    ("open_file_cache_valid", |r, d| once(r, d, seconds)),
    ("open_log_file_cache", |r, d| once(r, d, open_log_file_cache)),
    ("output_buffers", |r, d| once(r, d, buffers)),
    ("postpone_output", |r, d| once(r, d, size)),
    ("read_ahead", |r, d| once(r, d, size)),
    ("request_pool_size", |r, d| once(r, d, size)),
    ("reset_timedout_connection", |r, d| once(r, d, flag)),
    ("send_lowat", low_water_mark),
    ("sendfile_max_chunk", |r, d| once(r, d, size)),
    ("subrequest_output_buffer_size", |r, d| once(r, d, size)),
    ("uninitialized_variable_warn", |r, d| once(r, d, flag)),
    ("gzip_hash", |r, d| once(r, d, size)),
    ("gzip_no_buffer", |r, d| once(r, d, flag)),
    ("gzip_window", |r, d| once(r, d, size)),
    ("postpone_gzipping", |r, d| once(r, d, size)),
    ("proxy_max_temp_file_size", |r, d| once(r, d, size)),
    ("proxy_send_lowat", low_water_mark),
    ("proxy_socket_keepalive", |r, d| once(r, d, flag)),
    ("proxy_temp_file_write_size", |r, d| once(r, d, size)),
    ("client_body_temp_path", |r, d| once(r, d, temp_path)),
    ("proxy_temp_path", |r, d| once(r, d, temp_path)),
    ("fastcgi_temp_path", |r, d| once(r, d, temp_path)),
    ("scgi_temp_path", |r, d| once(r, d, temp_path)),
    ("uwsgi_temp_path", |r, d| once(r, d, temp_path)),
    ("server_names_hash_max_size", |r, d| once(r, d, number::<u64>)),
    ("server_names_hash_bucket_size", |r, d| once(r, d, number::<u64>)),
    ("types_hash_max_size", |r, d| once(r, d, number::<u64>)),
    ("types_hash_bucket_size", |r, d| once(r, d, number::<u64>)),
    ("variables_hash_max_size", |r, d| once(r, d, number::<u64>)),
    ("variables_hash_bucket_size", |r, d| once(r, d, number::<u64>)),
    ("map_hash_max_size", map_hash),
    ("map_hash_bucket_size", map_hash),
    ("proxy_headers_hash_max_size", |r, d| once(r, d, number::<u64>)),
    ("proxy_headers_hash_bucket_size", |r, d| once(r, d, number::<u64>)),
    ("http2_pool_size", |r, d| once(r, d, http2_pool_size)),
    ("http2_streams_index_size", |r, d| once(r, d, power_of_two)),
    ("proxy_cache_max_range_offset", |r, d| once(r, d, offset)),
    ("ssl_certificate_cache", |r, d| once(r, d, certificate_cache)),
    ("proxy_ssl_certificate_cache", |r, d| once(r, d, certificate_cache)),
    ("ssl_object_cache_inheritable", |r, d| once(r, d, flag)),
    ("ssl_certificate_compression", |r, d| once(r, d, flag)),
    ("ssl_stapling_file", |r, d| once(r, d, text)),
    ("ssl_stapling_responder", |r, d| once(r, d, text)),
    ("ssl_early_data", |r, d| once(r, d, flag)),
    ("ssl_password_file", |r, d| once(r, d, text)),
];

/// `map_hash_max_size`, `map_hash_bucket_size`: the first `map` takes the default where they are not set yet, which sets them.
fn map_hash(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if !reader.http.maps.is_empty() {
        return Err(duplicate(directive));
    }
    once(reader, directive, number::<u64>)
}

/// What may be written at will.
fn anything(_: &mut Reader, _: &Directive) -> Result<(), ConfigError> {
    Ok(())
}

/// `send_lowat` and its like, which Linux has not.
fn low_water_mark(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(reader, directive, size)?;
    reader.warn(&directive.error(format!("\"{}\" is not supported, ignored", directive.name())));
    Ok(())
}

/// What may be written once at each level.
fn once<T>(
    reader: &mut Reader,
    directive: &Directive,
    read: impl FnOnce(&Directive) -> Result<T, ConfigError>,
) -> Result<(), ConfigError> {
    let seen = match reader.context() {
        table::MAIN | table::EVENTS => &mut reader.main.tuning,
        _ => &mut reader.settings().tuning,
    };
    if !seen.insert(directive.name().to_owned()) {
        return Err(duplicate(directive));
    }
    read(directive).map(drop)
}

/// `http2_pool_size`, which has to have room for a pool itself.
fn http2_pool_size(directive: &Directive) -> Result<(), ConfigError> {
    const MIN_SIZE: usize = 112;
    match size(directive)? {
        ..MIN_SIZE => Err(directive.error(format!("the pool size must be no less than {MIN_SIZE}"))),
        _ => Ok(()),
    }
}

fn power_of_two(directive: &Directive) -> Result<(), ConfigError> {
    match number::<u64>(directive)?.is_power_of_two() {
        true => Ok(()),
        false => Err(directive.error(format!("\"{}\" directive must be a power of two", directive.name()))),
    }
}

/// `ssl_certificate_cache max=N [inactive=TIME] [valid=TIME]`, or `off`.
fn certificate_cache(directive: &Directive) -> Result<(), ConfigError> {
    let mut is_whole = false;
    for word in directive.arguments() {
        let invalid = || directive.error_at(word, format!("invalid parameter \"{}\"", word.text));
        match word.text.split_once('=') {
            Some(("max", number)) => {
                parse_number(number).filter(|number| *number > 0).ok_or_else(invalid)?;
                is_whole = true;
            }
            Some(("inactive" | "valid", time)) => drop(parse_seconds(time).ok_or_else(invalid)?),
            None if word.text == "off" => is_whole = true,
            _ => return Err(invalid()),
        }
    }
    let message = format!("\"{}\" must have the \"max\" parameter", directive.name());
    if is_whole { Ok(()) } else { Err(directive.error(message)) }
}

/// The `…_temp_path`s: nothing is kept in files.
fn temp_path(_: &Directive) -> Result<(), ConfigError> {
    Ok(())
}

/// `thread_pool name threads=N [max_queue=N]`.
fn thread_pool(_: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut has_threads = false;
    for word in directive.arguments().iter().skip(1) {
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
        let is_valid = match name {
            "threads" => parse_number(value).is_some_and(|number| number > 0),
            _ => parse_number(value).is_some(),
        };
        if !is_valid {
            return Err(directive.error_at(word, format!("invalid {name} value \"{}\"", word.text)));
        }
        has_threads |= name == "threads";
    }
    let message = "\"thread_pool\" must have \"threads\" parameter";
    if has_threads { Ok(()) } else { Err(directive.error(message)) }
}

/// `worker_cpu_affinity`: masks of bits, or `auto` before one at most.
fn affinity(directive: &Directive) -> Result<(), ConfigError> {
    let is_auto = directive.argument(0).text == "auto";
    if is_auto && directive.arguments().len() > 2 {
        return Err(directive.error("invalid number of arguments in \"worker_cpu_affinity\" directive"));
    }
    for word in directive.arguments().iter().skip(usize::from(is_auto)) {
        if let Some(other) = word.text.chars().find(|bit| !matches!(bit, '0' | '1' | ' ')) {
            let message = format!("invalid character \"{other}\" in \"worker_cpu_affinity\"");
            return Err(directive.error_at(word, message));
        }
    }
    Ok(())
}

/// `worker_priority`: a number, perhaps below zero.
fn priority(directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let digits = word.text.strip_prefix('-').unwrap_or(&word.text);
    parse_number(digits)
        .map(drop)
        .ok_or_else(|| directive.error_at(word, "\"worker_priority\" directive invalid number"))
}

/// `aio`.
fn aio(directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    match word.text.as_str() {
        "off" | "threads" => Ok(()),
        "on" => Err(directive.error_at(word, "\"aio on\" is unsupported on this platform")),
        pool if pool.starts_with("threads=") => Ok(()),
        _ => Err(invalid_value(directive, 0)),
    }
}

/// `directio`.
fn off_or_offset(directive: &Directive) -> Result<(), ConfigError> {
    let text = &directive.argument(0).text;
    let is_known = text == "off" || parse_offset(text).is_some();
    if is_known { Ok(()) } else { Err(invalid_value(directive, 0)) }
}

/// `keepalive_disable`.
fn browsers(directive: &Directive) -> Result<(), ConfigError> {
    let is_known = |name: &str| matches!(name, "none" | "msie6" | "safari");
    match directive.arguments().iter().find(|word| !is_known(&word.text)) {
        Some(word) => Err(directive.error_at(word, format!("invalid value \"{}\"", word.text))),
        None => Ok(()),
    }
}

/// `open_file_cache max=N [inactive=TIME]`, or `off`.
fn open_file_cache(directive: &Directive) -> Result<(), ConfigError> {
    let mut is_whole = false;
    for word in directive.arguments() {
        let invalid =
            || directive.error_at(word, format!("invalid \"open_file_cache\" parameter \"{}\"", word.text));
        match word.text.split_once('=') {
            Some(("max", number)) => {
                parse_number(number).filter(|number| *number > 0).ok_or_else(invalid)?;
                is_whole = true;
            }
            Some(("inactive", time)) => drop(parse_seconds(time).ok_or_else(invalid)?),
            None if word.text == "off" => is_whole = true,
            _ => return Err(invalid()),
        }
    }
    let message = "\"open_file_cache\" must have the \"max\" parameter";
    if is_whole { Ok(()) } else { Err(directive.error(message)) }
}

/// `open_log_file_cache max=N [inactive=TIME] [valid=TIME] [min_uses=N]`, or `off`.
fn open_log_file_cache(directive: &Directive) -> Result<(), ConfigError> {
    let mut is_whole = false;
    for word in directive.arguments() {
        let invalid = || {
            directive.error_at(word, format!("invalid \"open_log_file_cache\" parameter \"{}\"", word.text))
        };
        match word.text.split_once('=') {
            Some((name @ ("max" | "min_uses"), number)) => {
                let number = parse_number(number).ok_or_else(invalid)?;
                is_whole |= name == "max" && number > 0;
            }
            Some(("inactive" | "valid", time)) => drop(parse_seconds(time).ok_or_else(invalid)?),
            None if word.text == "off" => is_whole = true,
            _ => return Err(invalid()),
        }
    }
    let message = "\"open_log_file_cache\" must have \"max\" parameter";
    if is_whole { Ok(()) } else { Err(directive.error(message)) }
}

/// A time in whole seconds.
fn seconds(directive: &Directive) -> Result<(), ConfigError> {
    parse_seconds(&directive.argument(0).text).map(drop).ok_or_else(|| invalid_value(directive, 0))
}
