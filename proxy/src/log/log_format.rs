//! Lines of access logs: `log_format` and its `escape=`.

use crate::text;
use crate::variables::Variables;
use nginx_conf::model::{AccessLog, LogEscape, LogFormat};
use nginx_conf::template::{Part, Variable};

/// Memory for making a line, kept from one request to the next.
#[derive(Debug, Default)]
pub(super) struct LineMemory {
    pub(super) value: Vec<u8>,
    pub(super) line: Vec<u8>,
}

/// Whether `if=` allows the request to be logged.
pub(super) fn is_wanted(log: &AccessLog, variables: &dyn Variables, value: &mut Vec<u8>) -> bool {
    let Some(condition) = &log.condition else { return true };
    value.clear();
    variables.evaluate_into(condition, value);
    !matches!(&value[..], b"" | b"0")
}

/// Evaluates the format into the line.
pub(super) fn render(
    format: &LogFormat,
    variables: &dyn Variables,
    LineMemory { value, line }: &mut LineMemory,
) {
    line.clear();
    for part in &format.template.parts {
        match part {
            Part::Literal(text) => line.extend_from_slice(text.as_bytes()),
            Part::Variable(variable) => {
                let start = line.len();
                if variables.variable(variable, line) {
                    if !is_plain(variable) {
                        escape(line, start, format.escape, value);
                    }
                } else if format.escape == LogEscape::Default {
                    line.push(b'-');
                }
            }
        }
    }
    line.push(b'\n');
}

/// Whether there is nothing to escape, whatever the value: a number, a time or an address.
fn is_plain(variable: &Variable) -> bool {
    matches!(
        variable,
        Variable::BodyBytesSent
            | Variable::BytesSent
            | Variable::Connection
            | Variable::ConnectionRequests
            | Variable::Msec
            | Variable::RemoteAddr
            | Variable::RequestLength
            | Variable::RequestTime
            | Variable::Status
            | Variable::TimeIso8601
            | Variable::TimeLocal
    )
}

/// Escapes what is in `line` from `start` on, as the format says; `spare` is memory to do that in.
fn escape(line: &mut Vec<u8>, start: usize, how: LogEscape, spare: &mut Vec<u8>) {
    let value = line.get(start..).unwrap_or_default();
    // Almost all values need no escaping.
    if !has_special(value, how) {
        return;
    }
    spare.clear();
    spare.extend(line.drain(start..));
    for &byte in &*spare {
        match how {
            _ if !is_special(byte, how) => line.push(byte),
            LogEscape::Json => text::json_escape(line, byte),
            _ => default(byte, line),
        }
    }
}

/// Whether any byte is special. Eight at a time, as every byte of every line is looked at.
fn has_special(value: &[u8], how: LogEscape) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    if how == LogEscape::None {
        return false;
    }
    let (words, rest) = value.as_chunks::<8>();
    let found = words.iter().fold(0, |found, word| {
        let word = u64::from_ne_bytes(*word);
        // Each sets the high bit of a byte that it is about, and perhaps of others: what is found is looked at again.
        let below = |limit: u64| word.wrapping_sub(ONES * limit) & HIGH;
        let is = |byte: u8| {
            let same = word ^ (ONES * u64::from(byte));
            same.wrapping_sub(ONES) & !same & HIGH
        };
        found | below(0x20) | is(b'"') | is(b'\\') | (word.wrapping_add(ONES) & HIGH) | (word & HIGH)
    });
    (found != 0 && value.iter().any(|&byte| is_special(byte, how)))
        || rest.iter().any(|&byte| is_special(byte, how))
}

fn is_special(byte: u8, how: LogEscape) -> bool {
    match how {
        LogEscape::None => false,
        LogEscape::Default => matches!(byte, b'"' | b'\\' | ..0x20 | 0x7f..),
        LogEscape::Json => matches!(byte, b'"' | b'\\' | ..0x20),
    }
}

/// `escape=default`: `\x` and two upper-case digits.
fn default(byte: u8, line: &mut Vec<u8>) {
    line.extend_from_slice(br"\x");
    text::hex_pair(line, byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(value: &[u8], how: LogEscape) -> Vec<u8> {
        let mut line = [b"\\ ", value].concat();
        escape(&mut line, 2, how, &mut b"old".to_vec());
        line.split_off(2)
    }

    #[test]
    fn default_leaves_printable_ascii_alone() {
        assert_eq!(escaped(b"GET /a?b=c'<> HTTP/1.1", LogEscape::Default), b"GET /a?b=c'<> HTTP/1.1");
        let wanted = br"\x22\x5C\x01\x1F\x7F\xEB\xAC\x0A";
        assert_eq!(escaped(b"\"\\\x01\x1f\x7f\xeb\xac\n", LogEscape::Default), wanted);
    }

    #[test]
    fn json_keeps_utf_8_and_delete() {
        let value = "\"\\\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}담".as_bytes();
        let wanted = "\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001F\u{7f}담".as_bytes();
        assert_eq!(escaped(value, LogEscape::Json), wanted);
    }

    #[test]
    fn eight_at_a_time_are_looked_at_as_one_by_one() {
        for how in [LogEscape::Default, LogEscape::Json, LogEscape::None] {
            for (byte, at) in (0..=255).flat_map(|byte| (0..19).map(move |at| (byte, at))) {
                let mut value = *b"GET /api/items HTTP";
                value[at] = byte;
                assert_eq!(has_special(&value, how), is_special(byte, how), "{byte:#x} at {at}, {how:?}");
            }
        }
    }

    #[test]
    fn none_changes_nothing() {
        assert_eq!(escaped(b"\"\\\xff\n", LogEscape::None), b"\"\\\xff\n");
    }
}
