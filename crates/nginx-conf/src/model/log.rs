//! Access logs.

use std::time::Duration;

use super::LogTarget;
use crate::template::Template;

/// One `access_log`.
#[derive(Debug, Clone)]
pub struct AccessLog {
    /// Where lines go.
    pub target: LogTarget,
    /// Index into [`super::Http::log_formats`].
    pub format: usize,
    /// `if=`: nothing is written when this is empty or `0`.
    pub condition: Option<Template>,
    /// `buffer=`, bytes.
    pub buffer: Option<usize>,
    /// `flush=`.
    pub flush: Option<Duration>,
}

/// A `log_format`.
#[derive(Debug, Clone)]
pub struct LogFormat {
    /// Its name.
    pub name: String,
    /// Its text.
    pub template: Template,
    /// `escape=`.
    pub escape: LogEscape,
}

/// How variables are escaped in an access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEscape {
    /// `"`, `\` and bytes outside 32–126 as `\xXX`; an unset variable is `-`.
    Default,
    /// As a JSON string needs; an unset variable is empty.
    Json,
    /// Not at all.
    None,
}
