//! Values of directives: numbers, sizes, times.

use std::net::IpAddr;
use std::time::Duration;

use crate::address::ip;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Network, NextUpstream};
use crate::units::{parse_number, parse_offset, parse_size, parse_time};

/// Sets what may be set once at each level.
pub(crate) fn once<T>(
    slot: &mut Option<T>,
    directive: &Directive,
    read: impl FnOnce(&Directive) -> Result<T, ConfigError>,
) -> Result<(), ConfigError> {
    if slot.is_some() {
        return Err(duplicate(directive));
    }
    *slot = Some(read(directive)?);
    Ok(())
}

/// `"x" directive is duplicate`.
pub(crate) fn duplicate(directive: &Directive) -> ConfigError {
    directive.error(format!("\"{}\" directive is duplicate", directive.name()))
}

/// `"x" directive invalid value`, pointing at an argument.
pub(crate) fn invalid_value(directive: &Directive, index: usize) -> ConfigError {
    directive.error_at(directive.argument(index), format!("\"{}\" directive invalid value", directive.name()))
}

/// A value or parameter that nginx knows and this crate does not support.
pub(crate) fn unsupported_value(directive: &Directive, index: usize, what: &str) -> ConfigError {
    let message =
        format!("{what} in \"{}\" directive is known to nginx, but not supported here", directive.name());
    directive.error_at(directive.argument(index), message)
}

/// `on` or `off`.
pub(crate) fn flag(directive: &Directive) -> Result<bool, ConfigError> {
    let word = directive.argument(0);
    match word.text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(directive.error_at(
            word,
            format!(
                "invalid value \"{}\" in \"{}\" directive, it must be \"on\" or \"off\"",
                word.text,
                directive.name()
            ),
        )),
    }
}

/// Any text.
pub(crate) fn text(directive: &Directive) -> Result<String, ConfigError> {
    Ok(directive.argument(0).text.clone())
}

/// A number that is not negative.
pub(crate) fn number<T: TryFrom<u64>>(directive: &Directive) -> Result<T, ConfigError> {
    let word = directive.argument(0);
    parse_number(&word.text)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| directive.error_at(word, format!("\"{}\" directive invalid number", directive.name())))
}

/// A size in bytes: `512`, `8k`, `1m`.
pub(crate) fn size(directive: &Directive) -> Result<usize, ConfigError> {
    parse_size(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))
}

/// A size in bytes that may be larger than memory: also `2g`.
pub(crate) fn offset(directive: &Directive) -> Result<u64, ConfigError> {
    parse_offset(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))
}

/// How many buffers, and the size of each.
pub(crate) fn buffers(directive: &Directive) -> Result<(usize, usize), ConfigError> {
    let count = parse_number(&directive.argument(0).text).filter(|count| *count > 0);
    let count = count.ok_or_else(|| invalid_value(directive, 0))?;
    let size = parse_size(&directive.argument(1).text).filter(|size| *size > 0);
    Ok((count as usize, size.ok_or_else(|| invalid_value(directive, 1))?))
}

/// A time: `65`, `1h 30m`, `500ms`.
pub(crate) fn time(directive: &Directive) -> Result<Duration, ConfigError> {
    parse_time(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))
}

/// A number from `least` to `most`.
pub(crate) fn bounded<T: TryFrom<u64>>(
    directive: &Directive,
    least: u64,
    most: u64,
) -> Result<T, ConfigError> {
    let word = directive.argument(0);
    let number: u64 = number(directive)?;
    if !(least..=most).contains(&number) {
        return Err(directive.error_at(word, format!("value must be between {least} and {most}")));
    }
    T::try_from(number).map_err(|_| invalid_value(directive, 0))
}

/// One of some words: nginx's `ngx_conf_set_enum_slot`.
pub(crate) fn one_of<T: Copy>(directive: &Directive, words: &[(&str, T)]) -> Result<T, ConfigError> {
    let word = directive.argument(0);
    let found = words.iter().find(|(name, _)| *name == word.text).map(|(_, value)| *value);
    found.ok_or_else(|| directive.error_at(word, format!("invalid value \"{}\"", word.text)))
}

/// The way to fail of this name: `ngx_http_upstream_next_upstream` of `proxy_next_upstream` and of `proxy_cache_use_stale`.
pub(crate) fn failure<'a>(when: &'a mut NextUpstream, name: &str) -> Option<&'a mut bool> {
    Some(match name {
        "error" => &mut when.error,
        "timeout" => &mut when.timeout,
        "invalid_header" => &mut when.invalid_header,
        "http_500" => &mut when.http_500,
        "http_502" => &mut when.http_502,
        "http_503" => &mut when.http_503,
        "http_504" => &mut when.http_504,
        "http_403" => &mut when.http_403,
        "http_404" => &mut when.http_404,
        "http_429" => &mut when.http_429,
        _ => return None,
    })
}

/// An address or a network, as `allow` and `geo` have it, and whether all bits that do not count are zero: `ngx_ptocidr`.
pub fn network(text: &str) -> Option<(Network, bool)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address = ip(address)?;
    let max_bits = if address.is_ipv4() { 32 } else { 128 };
    let bits: u8 = match bits {
        Some(bits) => u8::try_from(parse_number(bits)?).ok().filter(|bits| *bits <= max_bits)?,
        None => max_bits,
    };
    let is_round = match address {
        IpAddr::V4(address) => address.to_bits().checked_shl(bits.into()).unwrap_or(0) == 0,
        IpAddr::V6(address) => address.to_bits().checked_shl(bits.into()).unwrap_or(0) == 0,
    };
    Some((Network { address, bits }, is_round))
}
