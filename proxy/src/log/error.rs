//! Error log lines.

use std::fmt;
use std::io::Write;

use nginx_conf::model::Level;

/// The longest line, including its end: `NGX_MAX_ERROR_STR`.
const MAX_ERROR_STR: usize = 2048;

/// A whole line: `2026/01/31 12:00:00 [error] 10#11: *3 message`. The message begins with the number of the connection
/// (`*3 `), if there is one. Control characters are escaped, so that it stays one line.
pub(crate) fn error_line(
    time: &str,
    level: Level,
    pid: u32,
    tid: u32,
    message: fmt::Arguments<'_>,
) -> Vec<u8> {
    let mut line = Vec::with_capacity(256);
    // Writing to memory cannot fail.
    let _ = write!(line, "{time} [{}] {pid}#{tid}: ", level_name(level));
    let head = line.len();
    let _ = line.write_fmt(message);
    if line.iter().skip(head).any(|byte| byte.is_ascii_control()) {
        let message = line.split_off(head);
        for byte in message {
            if byte.is_ascii_control() {
                let _ = write!(line, "\\x{byte:02X}");
            } else {
                line.push(byte);
            }
        }
    }
    line.truncate(MAX_ERROR_STR - 1);
    line.push(b'\n');
    line
}

/// The level as in `error_log`.
pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Emerg => "emerg",
        Level::Alert => "alert",
        Level::Crit => "crit",
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Notice => "notice",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_nginx_s_form() {
        let line = error_line("2026/01/31 12:00:00", Level::Error, 10, 11, format_args!("*3 open() failed"));
        assert_eq!(line, b"2026/01/31 12:00:00 [error] 10#11: *3 open() failed\n");
    }

    #[test]
    fn a_message_cannot_make_two_lines() {
        let line = error_line("t", Level::Emerg, 1, 1, format_args!("a\nb\u{7f}담"));
        assert_eq!(line, "t [emerg] 1#1: a\\x0Ab\\x7F담\n".as_bytes());
    }

    #[test]
    fn a_long_message_is_cut() {
        let line = error_line("t", Level::Error, 1, 1, format_args!("{}", "x".repeat(5000)));
        assert_eq!((line.len(), line.last()), (2048, Some(&b'\n')));
    }
}
