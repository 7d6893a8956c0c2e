//! Access logs and error logs.
//!
//! A worker never waits for a log in the middle of a request. Access log lines are buffered and written at the end of a
//! turn of the event loop, in one system call per log. Error log lines are rare and written at once. Files are opened
//! for appending and every write holds whole lines, so the lines of several workers never mix.

mod error;
mod escaped;
mod files;
mod log_format;
mod logs;
mod syslog;

use std::fmt;
use std::io;

pub(crate) use error::{error_line, level_name};
pub(crate) use escaped::Escaped;
pub(crate) use files::LogFiles;
pub(crate) use logs::Logs;

/// An operating system error in nginx's form: `2: No such file or directory`.
pub(crate) fn describe(error: &io::Error) -> impl fmt::Display + use<> {
    let text = error.to_string();
    let Some(code) = error.raw_os_error() else { return text };
    let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
    format!("{code}: {text}")
}

#[cfg(test)]
mod tests {
    use std::io;

    #[test]
    fn system_errors_read_as_nginx_s() {
        let described = |error: io::Error| super::describe(&error).to_string();
        assert_eq!(described(io::Error::from_raw_os_error(13)), "13: Permission denied");
        assert_eq!(described(io::Error::from_raw_os_error(98)), "98: Address already in use");
        assert_eq!(described(io::Error::other("odd")), "odd");
    }
}
