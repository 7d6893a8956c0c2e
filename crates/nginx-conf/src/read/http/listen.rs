//! `listen`: addresses, and which servers share them.

use std::net::{Ipv4Addr, SocketAddr};

use crate::error::ConfigError;
use crate::input::Directive;
use crate::read::Reader;
use crate::read::address::{Use, parse, resolve};
use crate::read::values::{not_here, parse_number};
use crate::source::Word;

/// The addresses named so far.
#[derive(Debug, Default)]
pub(crate) struct Listens {
    pub(crate) addresses: Vec<Address>,
}

/// An address and its servers.
#[derive(Debug)]
pub(crate) struct Address {
    /// Where to listen.
    pub socket: SocketAddr,
    /// The servers, by index, in file order.
    pub servers: Vec<usize>,
    /// The one marked `default_server`.
    pub default_server: Option<usize>,
    /// `ssl`, in one of its `listen`s.
    pub tls: bool,
    /// Socket options, once some `listen` has given any.
    pub options: Option<Options>,
}

/// Socket options of a `listen`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// `backlog=`.
    pub backlog: Option<i32>,
}

/// What stands behind the address in a `listen`.
#[derive(Debug, Clone, Copy, Default)]
struct Parameters {
    options: Option<Options>,
    default_server: bool,
    tls: bool,
}

/// Parameters that nginx knows, without their values.
const FOREIGN: &[&str] = &[
    "quic",
    "spdy",
    "proxy_protocol",
    "deferred",
    "setfib",
    "fastopen",
    "rcvbuf",
    "sndbuf",
    "accept_filter",
    "so_keepalive",
    "multipath",
];

/// `listen`.
pub(crate) fn listen(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    if word.text.to_ascii_lowercase().starts_with("unix:") {
        return Err(not_here(directive, 0, "\"unix:\""));
    }
    let wrong = |reason: &str| {
        directive.error_at(word, format!("{reason} in \"{}\" of the \"listen\" directive", word.text))
    };
    let url = parse(&word.text, Use::Listen).map_err(wrong)?;
    let (first, last) = (url.port.unwrap_or(80), url.last_port.unwrap_or(80));
    let mut sockets = Vec::new();
    for port in first..=last {
        sockets.extend(resolve(&url.host, port).ok_or_else(|| wrong("host not found"))?);
    }
    let parameters = parameters(reader, directive)?;
    let server = reader.http.servers.len().saturating_sub(1);
    if let Some(server) = reader.http.servers.last_mut() {
        server.listens = true;
    }
    for socket in sockets {
        reader.http.listens.add(directive, word, socket, server, parameters)?;
    }
    Ok(())
}

/// What a server without `listen` gets: port 80, or 8000 without the rights for it.
pub(crate) fn by_default(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let port = if reader.as_root { 80 } else { 8000 };
    let socket = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let server = reader.http.servers.len().saturating_sub(1);
    reader.http.listens.add(directive, directive.argument(0), socket, server, Parameters::default())
}

fn parameters(reader: &mut Reader, directive: &Directive) -> Result<Parameters, ConfigError> {
    let Parameters { mut options, mut default_server, mut tls } = Parameters::default();
    let mut http2 = None;
    for (index, word) in directive.arguments().iter().enumerate().skip(1) {
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.text.as_str(), None),
        };
        match (name, value) {
            ("default_server" | "default", None) => default_server = true,
            ("ssl", None) => tls = true,
            ("http2", None) => http2 = Some(index),
            ("bind" | "reuseport", None) => drop(options.get_or_insert_default()),
            ("backlog", Some(value)) => {
                let backlog = parse_number(value).and_then(|number| i32::try_from(number).ok());
                let backlog = backlog
                    .filter(|backlog| *backlog > 0)
                    .ok_or_else(|| directive.error_at(word, format!("invalid backlog \"{}\"", word.text)))?;
                options.get_or_insert_default().backlog = Some(backlog);
            }
            ("ipv6only", Some("on")) => drop(options.get_or_insert_default()),
            ("ipv6only", Some("off")) => return Err(not_here(directive, index, "\"ipv6only=off\"")),
            ("ipv6only", Some(value)) if value.starts_with('o') => {
                return Err(directive.error_at(word, format!("invalid ipv6only flags \"{value}\"")));
            }
            ("ipv6only", Some(_)) => {
                return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text)));
            }
            _ if FOREIGN.contains(&name) => {
                return Err(not_here(directive, index, &format!("\"{name}\"")));
            }
            _ => return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
        }
    }
    match http2 {
        // Clients are told in the handshake that HTTP/1.1 is spoken, and are content with it.
        Some(index) if tls => {
            let message = "\"http2\" in \"listen\" directive has no effect, HTTP/2 is not spoken here";
            reader.warn(&directive.error_at(directive.argument(index), message));
        }
        // Without a handshake they would begin with HTTP/2.
        Some(index) => return Err(not_here(directive, index, "\"http2\"")),
        None => {}
    }
    Ok(Parameters { options, default_server, tls })
}

impl Listens {
    fn add(
        &mut self,
        directive: &Directive,
        word: &Word,
        socket: SocketAddr,
        server: usize,
        parameters: Parameters,
    ) -> Result<(), ConfigError> {
        let Parameters { options, default_server, tls } = parameters;
        let default = default_server.then_some(server);
        let Some(known) = self.addresses.iter_mut().find(|address| address.socket == socket) else {
            let servers = vec![server];
            self.addresses.push(Address { socket, servers, default_server: default, tls, options });
            return Ok(());
        };
        if known.servers.contains(&server) {
            return Err(directive.error_at(word, format!("a duplicate listen {socket}")));
        }
        known.servers.push(server);
        known.tls |= tls;
        if options.is_some() {
            if known.options.is_some() {
                return Err(directive.error_at(word, format!("duplicate listen options for {socket}")));
            }
            known.options = options;
        }
        if default.is_some() {
            if known.default_server.is_some() {
                return Err(directive.error_at(word, format!("a duplicate default server for {socket}")));
            }
            known.default_server = default;
        }
        Ok(())
    }
}
