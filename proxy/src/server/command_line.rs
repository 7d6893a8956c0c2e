//! The command line, as in nginx: single letters that may be combined (`-tq`), values with or without a space
//! (`-p/srv`, `-p /srv`). The one long option, `--as`, is not nginx's.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use nginx_conf::{UnknownVersion, Version};

/// The options of the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// `-h`, `-?`.
    pub(crate) help: bool,
    /// `-v`, `-V`, and with `-h`.
    pub(crate) version: bool,
    /// `-V`.
    pub(crate) build: bool,
    /// `-t`, `-T`.
    pub(crate) test: bool,
    /// `-T`: print the configuration's files after testing them.
    pub(crate) dump: bool,
    /// `-q`: print only errors when testing.
    pub(crate) quiet: bool,
    /// `-s`.
    pub(crate) signal: Option<Signal>,
    /// `-p`.
    pub(crate) prefix: Option<PathBuf>,
    /// `-c`.
    pub(crate) file: Option<PathBuf>,
    /// `-e`; may be `stderr`.
    pub(crate) error_log: Option<PathBuf>,
    /// `--as`, or `HOPCHECK_NGINX_VERSION`: the version of nginx that it stands for.
    pub(crate) version_as: Option<Version>,
    /// `-g`: directives of the main context.
    pub(crate) directives: Option<String>,
}

/// A signal of `-s` to a running master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// `stop`: stop at once (TERM).
    Stop,
    /// `quit`: finish active requests, then stop (QUIT).
    Quit,
    /// `reopen`: reopen the logs (USR1).
    Reopen,
    /// `reload`: reload the configuration (HUP).
    Reload,
}

/// The command line is invalid; the message is nginx's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct UsageError(String);

/// Parses the arguments after the program's name.
///
/// # Errors
///
/// An option is unknown or lacks its value.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, UsageError> {
    let mut line = CommandLine::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--as" {
            let value = arguments.next().and_then(|value| value.into_string().ok());
            let missing = || UsageError("option \"--as\" requires version".to_owned());
            line.version_as = Some(version(&value.ok_or_else(missing)?)?);
            continue;
        }
        let Some(letters) = argument.as_bytes().strip_prefix(b"-") else {
            return Err(invalid(&argument.to_string_lossy()));
        };
        let mut letters = letters.iter();
        while let Some(letter) = letters.next() {
            let mut value = |what: &str| -> Result<OsString, UsageError> {
                let joined = std::mem::take(&mut letters).as_slice();
                let value = if joined.is_empty() {
                    arguments.next()
                } else {
                    Some(OsStr::from_bytes(joined).to_owned())
                };
                let missing = || UsageError(format!("option \"-{}\" requires {what}", char::from(*letter)));
                value.filter(|value| !value.is_empty()).ok_or_else(missing)
            };
            match letter {
                b'?' | b'h' => (line.version, line.help) = (true, true),
                b'v' => line.version = true,
                b'V' => (line.version, line.build) = (true, true),
                b't' => line.test = true,
                b'T' => (line.test, line.dump) = (true, true),
                b'q' => line.quiet = true,
                b'p' => line.prefix = Some(value("directory name")?.into()),
                b'e' => line.error_log = Some(value("file name")?.into()),
                b'c' => line.file = Some(value("file name")?.into()),
                b'g' => line.directives = Some(text(value("parameter")?)?),
                b's' => line.signal = Some(signal(&value("parameter")?)?),
                other => return Err(invalid(&char::from(*other).to_string())),
            }
        }
    }
    Ok(line)
}

/// The version of nginx to stand for, by its name.
///
/// # Errors
///
/// There is no such version.
pub(crate) fn version(name: &str) -> Result<Version, UsageError> {
    name.parse().map_err(|error: UnknownVersion| UsageError(error.to_string()))
}

fn signal(name: &OsStr) -> Result<Signal, UsageError> {
    match name.as_bytes() {
        b"stop" => Ok(Signal::Stop),
        b"quit" => Ok(Signal::Quit),
        b"reopen" => Ok(Signal::Reopen),
        b"reload" => Ok(Signal::Reload),
        _ => Err(invalid(&format!("-s {}", name.to_string_lossy()))),
    }
}

fn text(value: OsString) -> Result<String, UsageError> {
    String::from_utf8(value.into_vec()).map_err(|_| UsageError("option \"-g\" is not UTF-8".to_owned()))
}

fn invalid(option: &str) -> UsageError {
    UsageError(format!("invalid option: \"{option}\""))
}

/// What `-h` prints after the version.
pub(crate) const HELP: &str = "\
Usage: reference-proxy [-?hvVtTq] [-s signal] [-p prefix]
                       [-e filename] [-c filename] [-g directives]
                       [--as version]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and build details, then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: the current directory)
  -e filename   : set error log file (default: stderr)
  -c filename   : set configuration file (default: nginx.conf)
  -g directives : set global directives out of configuration file
  --as version  : stand for nginx 1.22, 1.26 or 1.30 where they differ
                  (default: HOPCHECK_NGINX_VERSION, or none of them)
";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<CommandLine, String> {
        parse(arguments.iter().map(Into::into)).map_err(|error| error.to_string())
    }

    #[test]
    fn letters_may_be_joined_and_so_may_values() {
        let wanted = CommandLine {
            test: true,
            quiet: true,
            prefix: Some("/srv".into()),
            file: Some("a.conf".into()),
            directives: Some("pid x;".to_owned()),
            error_log: Some("stderr".into()),
            ..CommandLine::default()
        };
        let arguments = ["-tq", "-p/srv", "-c", "a.conf", "-g", "pid x;", "-estderr"];
        assert_eq!(read(&arguments), Ok(wanted));
    }

    #[test]
    fn signals_have_nginx_s_names() {
        let signals = ["stop", "quit", "reopen", "reload"].map(|name| read(&["-s", name]).ok()?.signal);
        assert_eq!(signals, [Signal::Stop, Signal::Quit, Signal::Reopen, Signal::Reload].map(Some));
    }

    #[test]
    fn mistakes_are_named_as_nginx_names_them() {
        let said = |arguments: &[&str]| read(arguments).err().unwrap_or_default();
        assert_eq!(said(&["-x"]), "invalid option: \"x\"");
        assert_eq!(said(&["-tx"]), "invalid option: \"x\"");
        assert_eq!(said(&["foo"]), "invalid option: \"foo\"");
        assert_eq!(said(&["-s"]), "option \"-s\" requires parameter");
        assert_eq!(said(&["-s", "bla"]), "invalid option: \"-s bla\"");
        assert_eq!(said(&["-c"]), "option \"-c\" requires file name");
        assert_eq!(said(&["-e"]), "option \"-e\" requires file name");
        assert_eq!(said(&["-p"]), "option \"-p\" requires directory name");
        assert_eq!(said(&["-g"]), "option \"-g\" requires parameter");
        assert_eq!(said(&["--as"]), "option \"--as\" requires version");
        assert_eq!(said(&["--as", "1.2"]), "version \"1.2\" is none of 1.22, 1.26 and 1.30");
    }
}
