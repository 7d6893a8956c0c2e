//! Values of directives: numbers, sizes, times.

use std::time::Duration;

use crate::error::ConfigError;
use crate::input::Directive;

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

/// A value or parameter that nginx knows and this program does not have.
pub(crate) fn not_here(directive: &Directive, index: usize, what: &str) -> ConfigError {
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

/// Digits only, as `ngx_atoi`.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| i64::try_from(*number).is_ok())
}

/// A number of bytes with `k` or `m`.
pub(crate) fn parse_size(text: &str) -> Option<usize> {
    let unit = text.chars().last()?.to_ascii_lowercase();
    if unit == 'g' { None } else { usize::try_from(parse_offset(text)?).ok() }
}

/// A number of bytes with `k`, `m` or `g`.
pub(crate) fn parse_offset(text: &str) -> Option<u64> {
    let (digits, scale) = match text.bytes().last()?.to_ascii_lowercase() {
        b'k' => (text.get(..text.len() - 1)?, 1 << 10),
        b'm' => (text.get(..text.len() - 1)?, 1 << 20),
        b'g' => (text.get(..text.len() - 1)?, 1 << 30),
        _ => (text, 1),
    };
    parse_number(digits)?.checked_mul(scale).filter(|bytes| i64::try_from(*bytes).is_ok())
}

/// A time in milliseconds' precision, as most directives take it: no years or months.
pub(crate) fn parse_time(text: &str) -> Option<Duration> {
    sum_of_units(
        text,
        &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)],
    )
    .map(Duration::from_millis)
}

/// A time in whole seconds, as a few directives take it: no milliseconds.
pub(crate) fn parse_seconds(text: &str) -> Option<Duration> {
    const UNITS: &[(&str, u64)] = &[
        ("y", 31_536_000),
        ("M", 2_592_000),
        ("w", 604_800),
        ("d", 86_400),
        ("h", 3600),
        ("m", 60),
        ("s", 1),
    ];
    let units: Vec<(&str, u64)> = UNITS.iter().map(|(name, seconds)| (*name, seconds * 1000)).collect();
    sum_of_units(text, &units).map(Duration::from_millis)
}

/// Adds up numbers with units, which must come in the order of `units`; the last number may do without (seconds).
fn sum_of_units(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let mut units = units;
    let mut total: u64 = 0;
    let mut rest = text;
    let mut bare = false;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let number = parse_number(number)?;
        // `1h30m` and `1h 30m` are the same.
        let name: String = match tail.starts_with("ms") {
            true => "ms".into(),
            false => tail.chars().take(1).filter(char::is_ascii_alphabetic).collect(),
        };
        if name.is_empty() {
            // A number without a unit is seconds, and comes last.
            if bare {
                return None;
            }
            bare = true;
            total = total.checked_add(number.checked_mul(1000)?)?;
            units = &[];
        } else {
            if bare {
                return None;
            }
            let index = units.iter().position(|(unit, _)| *unit == name)?;
            let (_, scale) = units.get(index)?;
            total = total.checked_add(number.checked_mul(*scale)?)?;
            units = units.get(index + 1..)?;
        }
        rest = tail.get(name.len()..)?.trim_start_matches(' ');
        if rest.is_empty() {
            return i64::try_from(total).ok().map(|_| total);
        }
    }
}
