//! `escape=` of `log_format`.

use crate::config::model::LogEscape;

/// Appends `value` as the format wants it.
pub(super) fn escape(value: &[u8], how: LogEscape, line: &mut Vec<u8>) {
    let special = match how {
        LogEscape::None => return line.extend_from_slice(value),
        LogEscape::Default => |byte| matches!(byte, b'"' | b'\\' | ..0x20 | 0x7f..),
        LogEscape::Json => |byte| matches!(byte, b'"' | b'\\' | ..0x20),
    };
    let mut rest = value;
    while let Some(at) = rest.iter().position(|&byte| special(byte)) {
        let (plain, tail) = rest.split_at(at);
        line.extend_from_slice(plain);
        let Some((&byte, tail)) = tail.split_first() else { break };
        if how == LogEscape::Json {
            json(byte, line)
        } else {
            default(byte, line)
        }
        rest = tail;
    }
    line.extend_from_slice(rest);
}

/// `\x` and two upper-case digits.
fn default(byte: u8, line: &mut Vec<u8>) {
    line.extend_from_slice(br"\x");
    push_hex(byte, line);
}

/// As a JSON string has it (RFC 8259 §7), with the short forms.
fn json(byte: u8, line: &mut Vec<u8>) {
    match byte {
        b'\n' => line.extend_from_slice(br"\n"),
        b'\r' => line.extend_from_slice(br"\r"),
        b'\t' => line.extend_from_slice(br"\t"),
        0x08 => line.extend_from_slice(br"\b"),
        0x0c => line.extend_from_slice(br"\f"),
        ..0x20 => {
            line.extend_from_slice(br"\u00");
            push_hex(byte, line);
        }
        _ => line.extend_from_slice(&[b'\\', byte]),
    }
}

fn push_hex(byte: u8, line: &mut Vec<u8>) {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
    line.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(value: &[u8], how: LogEscape) -> Vec<u8> {
        let mut line = Vec::new();
        escape(value, how, &mut line);
        line
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
    fn none_changes_nothing() {
        assert_eq!(escaped(b"\"\\\xff\n", LogEscape::None), b"\"\\\xff\n");
    }
}
