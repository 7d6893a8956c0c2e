//! Logs.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::template::{Part, Template, Variable};

/// One `access_log`.
#[derive(Debug, Clone)]
pub struct AccessLog {
    /// Where lines go.
    pub target: LogTarget,
    /// Index into [`super::Http::log_formats`].
    pub format: usize,
    /// `if=`: nothing is written when this is empty or `0`.
    pub condition: Option<Template>,
    /// `buffer=`, bytes; 64 KiB with `gzip`.
    pub buffer: Option<usize>,
    /// `flush=`.
    pub flush: Option<Duration>,
    /// `gzip`: the level, 1 to 9, by which what is buffered is compressed.
    pub gzip: Option<u32>,
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

/// One `error_log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorLog {
    /// Where lines go.
    pub target: LogTarget,
    /// The least severe level that is written.
    pub level: Level,
}

/// Where a log is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LogTarget {
    /// A file, absolute.
    File(PathBuf),
    /// `stderr`.
    Stderr,
    /// `syslog:…`.
    Syslog(Arc<Syslog>),
}

/// Where lines go as messages of syslog (RFC 3164).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Syslog {
    /// `server=`.
    pub server: SyslogServer,
    /// `facility=`, by its number: 0 to 23.
    pub facility: u8,
    /// `severity=` of lines of an access log, by its number: 0 to 7.
    pub severity: u8,
    /// `tag=`: up to 32 letters, digits and underscores.
    pub tag: String,
    /// Whether the name of this machine is in each message: not with `nohostname`.
    pub hostname: bool,
}

/// Who takes messages of syslog.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SyslogServer {
    /// By UDP.
    Address(SocketAddr),
    /// By a datagram socket at this path.
    Socket(PathBuf),
}

impl fmt::Display for SyslogServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SyslogServer::Address(address) => write!(f, "udp:{address}"),
            SyslogServer::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Severity, the most severe first, as in nginx's `error_log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Emerg,
    Alert,
    Crit,
    Error,
    Warn,
    Notice,
    Info,
    Debug,
}

impl LogFormat {
    /// `combined`, which nginx predefines.
    pub(crate) fn combined() -> LogFormat {
        let literal = |text: &str| Part::Literal(text.into());
        LogFormat {
            name: "combined".into(),
            template: Template {
                parts: vec![
                    Part::Variable(Variable::RemoteAddr),
                    literal(" - "),
                    Part::Variable(Variable::RemoteUser),
                    literal(" ["),
                    Part::Variable(Variable::TimeLocal),
                    literal("] \""),
                    Part::Variable(Variable::Request),
                    literal("\" "),
                    Part::Variable(Variable::Status),
                    literal(" "),
                    Part::Variable(Variable::BodyBytesSent),
                    literal(" \""),
                    Part::Variable(Variable::Http("referer".into())),
                    literal("\" \""),
                    Part::Variable(Variable::Http("user_agent".into())),
                    literal("\""),
                ],
            },
            escape: LogEscape::Default,
        }
    }
}
