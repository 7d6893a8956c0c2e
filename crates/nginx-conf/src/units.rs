//! Numbers, sizes and times as nginx writes them.

use std::time::Duration;

/// Digits only, as `ngx_atoi`.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| i64::try_from(*number).is_ok())
}

/// A number of bytes with `k` or `m`.
pub fn parse_size(text: &str) -> Option<usize> {
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

/// A time in milliseconds' precision, as most directives take it: `1m 30s`, no years or months.
pub fn parse_time(text: &str) -> Option<Duration> {
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
