//! `syslog:…` in `access_log` and `error_log`: `ngx_syslog_process_conf`.

use std::sync::Arc;

use crate::address::{Resolver, UrlKind, after_unix, parse, parse_socket, resolve};
use crate::model::{Syslog, SyslogServer};

/// How such a target begins.
pub(crate) const PREFIX: &str = "syslog:";

const DEFAULT_PORT: u16 = 514;

/// The longest tag: RFC 3164 §4.1.3.
const MAX_TAG: usize = 32;

/// By their numbers (RFC 3164 §4.1.1).
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv", "ftp",
    "ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// By their numbers.
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

/// What is written, before its server is looked up.
struct Parameters<'a> {
    server: &'a str,
    facility: u8,
    severity: u8,
    tag: &'a str,
    hostname: bool,
}

/// Reads the target, which begins with [`PREFIX`], and looks its server up; the error is in nginx's words.
pub(crate) fn syslog(text: &str, resolver: Resolver) -> Result<Arc<Syslog>, String> {
    let Parameters { server, facility, severity, tag, hostname } = parameters(text)?;
    let wrong = |error: &str| format!("{error} in syslog server \"{server}\"");
    let server = match after_unix(server) {
        Some(path) => SyslogServer::Socket(parse_socket(path, false).map_err(wrong)?.0.into()),
        None => {
            let url = parse(server, UrlKind::Server).map_err(wrong)?;
            let addresses = resolve(resolver, &url.host, url.port.unwrap_or(DEFAULT_PORT));
            let first = addresses.and_then(|addresses| addresses.first().copied());
            SyslogServer::Address(first.ok_or_else(|| wrong("host not found"))?)
        }
    };
    Ok(Arc::new(Syslog { server, facility, severity, tag: tag.to_owned(), hostname }))
}

/// Why nginx takes no such target, in its words; `None` where it does, or where only a name server can tell.
pub fn syslog_mistake(text: &str) -> Option<String> {
    let server = match parameters(text) {
        Ok(parameters) => parameters.server,
        Err(mistake) => return Some(mistake),
    };
    let mistake = match after_unix(server) {
        Some(path) => parse_socket(path, false).err(),
        None => parse(server, UrlKind::Server).err(),
    };
    mistake.map(|mistake| format!("{mistake} in syslog server \"{server}\""))
}

fn parameters(text: &str) -> Result<Parameters<'_>, String> {
    let (mut server, mut facility, mut severity, mut tag) = (None, None, None, None);
    let mut hostname = true;
    for parameter in text.strip_prefix(PREFIX).unwrap_or(text).split(',') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let again =
            |is_known: bool| if is_known { Err(format!("duplicate syslog \"{name}\"")) } else { Ok(()) };
        match name {
            "server" if parameter.contains('=') => {
                again(server.is_some())?;
                server = Some(value);
            }
            "facility" if parameter.contains('=') => {
                again(facility.is_some())?;
                facility = Some(
                    number(&FACILITIES, value)
                        .ok_or_else(|| format!("unknown syslog facility \"{value}\""))?,
                );
            }
            "severity" if parameter.contains('=') => {
                again(severity.is_some())?;
                severity = Some(
                    number(&SEVERITIES, value)
                        .ok_or_else(|| format!("unknown syslog severity \"{value}\""))?,
                );
            }
            "tag" if parameter.contains('=') => {
                again(tag.is_some())?;
                if value.len() > MAX_TAG {
                    return Err(format!("syslog tag length exceeds {MAX_TAG}"));
                }
                if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    return Err(
                        "syslog \"tag\" only allows alphanumeric characters and underscore".to_owned()
                    );
                }
                tag = Some(value);
            }
            "nohostname" if parameter == name => hostname = false,
            _ => return Err(format!("unknown syslog parameter \"{parameter}\"")),
        }
    }
    Ok(Parameters {
        server: server.ok_or("no syslog server specified")?,
        // local7 and info.
        facility: facility.unwrap_or(23),
        severity: severity.unwrap_or(6),
        tag: tag.filter(|tag| !tag.is_empty()).unwrap_or("nginx"),
        hostname,
    })
}

fn number(names: &[&str], name: &str) -> Option<u8> {
    names.iter().position(|known| *known == name).and_then(|number| u8::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_nginx_reads_it() {
        let read = |text: &str| syslog(text, Resolver::AddressesOnly).map(|syslog| Syslog::clone(&syslog));
        let usual = Syslog {
            server: SyslogServer::Address(([10, 0, 0, 1], 514).into()),
            facility: 23,
            severity: 6,
            tag: "nginx".to_owned(),
            hostname: true,
        };
        assert_eq!(read("syslog:server=10.0.0.1"), Ok(usual.clone()));
        let all = "syslog:server=unix:/dev/log,facility=local0,tag=shop_1,severity=debug,nohostname";
        let server = SyslogServer::Socket("/dev/log".into());
        let expected =
            Syslog { server, facility: 16, severity: 7, tag: "shop_1".to_owned(), hostname: false };
        assert_eq!(read(all), Ok(expected));
        assert_eq!(read("syslog:server=app"), Err("host not found in syslog server \"app\"".to_owned()));
        assert_eq!(syslog_mistake("syslog:server=app"), None);
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_nginx() {
        for (text, mistake) in [
            ("syslog:", "unknown syslog parameter \"\""),
            ("syslog:tag=a", "no syslog server specified"),
            ("syslog:server=a,server=b", "duplicate syslog \"server\""),
            ("syslog:server=a,facility=none", "unknown syslog facility \"none\""),
            ("syslog:server=a,severity=6", "unknown syslog severity \"6\""),
            ("syslog:server=a,tag=a-b", "syslog \"tag\" only allows alphanumeric characters and underscore"),
            ("syslog:server=a,tag=abcdefghijabcdefghijabcdefghijabc", "syslog tag length exceeds 32"),
            ("syslog:server=a,hostname", "unknown syslog parameter \"hostname\""),
            ("syslog:server=a:99999", "invalid port in syslog server \"a:99999\""),
        ] {
            assert_eq!(syslog_mistake(text).as_deref(), Some(mistake), "{text}");
        }
    }
}
