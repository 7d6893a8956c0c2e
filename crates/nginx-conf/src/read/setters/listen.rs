//! `listen`: addresses, and which servers share them.

use std::net::{Ipv4Addr, SocketAddr};

use crate::address::{UrlKind, parse, resolve};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::draft::ListenParameters;
use crate::read::reader::{Reader, Setter};
use crate::read::values::unsupported_value;
use crate::units::{parse_number, parse_seconds, parse_size};

pub(super) const SETTERS: &[(&str, Setter)] = &[("listen", listen)];

/// Parameters that nginx knows, without their values.
const UNSUPPORTED_PARAMETERS: &[&str] = &["spdy", "setfib", "accept_filter", "multipath"];

/// `listen`.
fn listen(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    if word.text.to_ascii_lowercase().starts_with("unix:") {
        return Err(unsupported_value(directive, 0, "\"unix:\""));
    }
    let wrong = |reason: &str| {
        directive.error_at(word, format!("{reason} in \"{}\" of the \"listen\" directive", word.text))
    };
    let url = parse(&word.text, UrlKind::Listen).map_err(wrong)?;
    let (first, last) = (url.port.unwrap_or(80), url.last_port.unwrap_or(80));
    let mut sockets = Vec::new();
    for port in first..=last {
        sockets.extend(resolve(reader.resolver, &url.host, port).ok_or_else(|| wrong("host not found"))?);
    }
    let parameters = parameters(reader, directive)?;
    let server = reader.http.servers.len().saturating_sub(1);
    if let Some(server) = reader.http.servers.last_mut() {
        server.listens = true;
    }
    if parameters.quic {
        return Ok(());
    }
    for socket in sockets {
        reader.http.listens.add(directive, word, socket, server, parameters)?;
    }
    Ok(())
}

/// The address of a server without `listen`: port 80, or 8000 without the rights for it.
pub(super) fn listen_by_default(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let port = if reader.as_root { 80 } else { 8000 };
    let socket = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let server = reader.http.servers.len().saturating_sub(1);
    reader.http.listens.add(directive, directive.argument(0), socket, server, ListenParameters::default())
}

fn parameters(reader: &mut Reader, directive: &Directive) -> Result<ListenParameters, ConfigError> {
    let mut parameters = ListenParameters::default();
    let options = &mut parameters.options;
    for (index, word) in directive.arguments().iter().enumerate().skip(1) {
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.text.as_str(), None),
        };
        match (name, value) {
            ("default_server" | "default", None) => parameters.default_server = true,
            ("ssl", None) => parameters.tls = true,
            ("http2", None) => {
                parameters.http2 = true;
                if reader.is_from(25, 1) {
                    let message = "the \"listen ... http2\" directive is deprecated, use the \"http2\" directive instead";
                    reader.warn(&directive.error_at(word, message));
                }
            }
            ("proxy_protocol", None) => parameters.proxy_protocol = true,
            ("quic", None) if !reader.is_before(25, 0) => {
                parameters.quic = true;
                let message = "\"quic\" in \"listen\" directive has no effect, HTTP/3 is not spoken here";
                reader.warn(&directive.error_at(word, message));
            }
            ("bind" | "reuseport", None) => drop(options.get_or_insert_default()),
            ("backlog", Some(value)) => {
                let backlog = parse_number(value).and_then(|number| i32::try_from(number).ok());
                let backlog = backlog
                    .filter(|backlog| *backlog > 0)
                    .ok_or_else(|| directive.error_at(word, format!("invalid backlog \"{}\"", word.text)))?;
                options.get_or_insert_default().backlog = Some(backlog);
            }
            ("ipv6only", Some("on")) => drop(options.get_or_insert_default()),
            ("ipv6only", Some("off")) => options.get_or_insert_default().dual_stack = true,
            ("ipv6only", Some(value)) if value.starts_with('o') => {
                return Err(directive.error_at(word, format!("invalid ipv6only flags \"{value}\"")));
            }
            ("ipv6only", Some(_)) => {
                return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text)));
            }
            // What tunes the socket, and nobody sees.
            ("deferred", None) => drop(options.get_or_insert_default()),
            ("fastopen" | "rcvbuf" | "sndbuf", Some(value)) if parse_size(value).is_some() => {
                options.get_or_insert_default();
            }
            ("fastopen" | "rcvbuf" | "sndbuf", Some(_)) => {
                return Err(directive.error_at(word, format!("invalid {name} \"{}\"", word.text)));
            }
            ("so_keepalive", Some(value)) if is_keepalive(value) => drop(options.get_or_insert_default()),
            ("so_keepalive", Some(value)) => {
                return Err(directive.error_at(word, format!("invalid so_keepalive value: \"{value}\"")));
            }
            _ if UNSUPPORTED_PARAMETERS.contains(&name) => {
                return Err(unsupported_value(directive, index, &format!("\"{name}\"")));
            }
            _ => return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
        }
    }
    Ok(parameters)
}

/// Whether `so_keepalive=` takes a value: `on`, `off`, or a time of idleness, an interval and a number, of which one may be left out.
fn is_keepalive(value: &str) -> bool {
    if matches!(value, "on" | "off") {
        return true;
    }
    let is_empty_or =
        |text: Option<&str>, is: fn(&str) -> bool| text.is_none_or(|text| text.is_empty() || is(text));
    let is_time = |text: &str| parse_seconds(text).is_some();
    let mut parts = value.split(':');
    let (idle, interval, count) = (parts.next(), parts.next(), parts.next());
    let says = [idle, interval, count].into_iter().flatten().any(|part| !part.is_empty());
    says && parts.next().is_none()
        && is_empty_or(idle, is_time)
        && is_empty_or(interval, is_time)
        && is_empty_or(count, |text| parse_number(text).is_some())
}
