//! `upstream`, its servers, and the upstreams that a `proxy_pass` to a plain address makes.

use std::time::Duration;

use crate::error::ConfigError;
use crate::input::Directive;
use crate::model::{Balance, Upstream, UpstreamServer};
use crate::read::Reader;
use crate::read::address::{Use, parse, resolve};
use crate::read::values::{duplicate, not_here, parse_number, parse_seconds, parse_size};
use crate::source::Word;
use crate::table;

/// nginx's `max_fails` and `fail_timeout`.
const MAX_FAILS: u32 = 1;
const FAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// The least memory a `zone` may have: eight pages.
const SMALLEST_ZONE: usize = 8 * 4096;

/// Every upstream so far.
#[derive(Debug, Default)]
pub(crate) struct Upstreams {
    groups: Vec<Group>,
    current: usize,
    /// What commands write into should they run outside of an `upstream`, which the table rules out.
    none: Group,
}

/// An `upstream`, or a plain address.
#[derive(Debug, Default)]
pub(crate) struct Group {
    name: String,
    /// Declared by an `upstream` block.
    declared: bool,
    /// The port that a `proxy_pass` wrote after it.
    port: Option<u16>,
    servers: Vec<UpstreamServer>,
    balance: Option<Balance>,
    keepalive: Option<usize>,
    /// `keepalive_requests`.
    pub keepalive_requests: Option<u64>,
    /// `keepalive_timeout`.
    pub keepalive_timeout: Option<Duration>,
    /// `keepalive_time`.
    pub keepalive_time: Option<Duration>,
    /// An error about it, whose words are to be filled in.
    place: Option<ConfigError>,
}

/// `upstream { … }`.
pub(crate) fn upstream(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    reader.http.upstreams.declare(directive)?;
    reader.block(table::UPSTREAM)?;
    if reader.upstream().servers.is_empty() {
        let error = reader.error_here("no servers are inside upstream");
        return Err(match directive.words.first() {
            Some(word) => error.pointing(&word.span),
            None => error,
        });
    }
    Ok(())
}

/// `server` in `upstream`.
pub(crate) fn server(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let mut server = UpstreamServer {
        name: word.text.clone(),
        address: ([0, 0, 0, 0], 0).into(),
        weight: 1,
        max_fails: MAX_FAILS,
        fail_timeout: FAIL_TIMEOUT,
        backup: false,
        down: false,
    };
    for (index, word) in directive.arguments().iter().enumerate().skip(1) {
        let invalid = || directive.error_at(word, format!("invalid parameter \"{}\"", word.text));
        let number =
            |text: &str| parse_number(text).and_then(|number| u32::try_from(number).ok()).ok_or_else(invalid);
        match (word.text.split_once('='), word.text.as_str()) {
            (Some(("weight", value)), _) => {
                server.weight = number(value).ok().filter(|weight| *weight > 0).ok_or_else(invalid)?;
            }
            (Some(("max_fails", value)), _) => server.max_fails = number(value)?,
            (Some(("fail_timeout", value)), _) => {
                server.fail_timeout = parse_seconds(value).ok_or_else(invalid)?
            }
            (None, "backup") if reader.upstream().balance == Some(Balance::IpHash) => {
                let message = "balancing method does not support parameter \"backup\"";
                return Err(directive.error_at(word, message));
            }
            (None, "backup") => server.backup = true,
            (None, "down") => server.down = true,
            (Some((name @ ("max_conns" | "slow_start" | "route" | "service" | "sticky"), _)), _)
            | (None, name @ ("resolve" | "drain")) => {
                return Err(not_here(directive, index, &format!("\"{name}\"")));
            }
            _ => return Err(invalid()),
        }
    }
    if word.text.to_ascii_lowercase().starts_with("unix:") {
        return Err(not_here(directive, 0, "\"unix:\""));
    }
    let wrong = |reason: &str| directive.error_at(word, format!("{reason} in upstream \"{}\"", word.text));
    let url = parse(&word.text, Use::Server).map_err(wrong)?;
    let addresses = resolve(&url.host, url.port.unwrap_or(80)).ok_or_else(|| wrong("host not found"))?;
    let servers = addresses.into_iter().map(|address| UpstreamServer { address, ..server.clone() });
    reader.upstream().servers.extend(servers);
    Ok(())
}

/// `ip_hash` and `least_conn` in `upstream`.
pub(crate) fn balance(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let balance = if directive.name() == "ip_hash" { Balance::IpHash } else { Balance::LeastConn };
    let is_again = reader.upstream().keepalive.is_some() || reader.upstream().balance.is_some();
    if is_again {
        reader.warn(&directive.error("load balancing method redefined"));
    }
    reader.upstream().balance = Some(balance);
    Ok(())
}

/// `keepalive` in `upstream`.
pub(crate) fn keepalive(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.upstream().keepalive.is_some() {
        return Err(duplicate(directive));
    }
    let word = directive.argument(0);
    let number = parse_number(&word.text).filter(|number| *number > 0);
    let number = number.and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
        directive.error_at(word, format!("invalid value \"{}\" in \"keepalive\" directive", word.text))
    })?;
    reader.upstream().keepalive = Some(number);
    Ok(())
}

/// `zone` in `upstream`.
pub(crate) fn zone(_: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let name = directive.argument(0);
    if name.text.is_empty() {
        return Err(directive.error_at(name, "invalid zone name \"\""));
    }
    let Some(size) = directive.arguments().get(1) else { return Ok(()) };
    match parse_size(&size.text) {
        None | Some(0) => Err(directive.error_at(size, format!("invalid zone size \"{}\"", size.text))),
        Some(bytes) if bytes < SMALLEST_ZONE => {
            Err(directive.error_at(size, format!("zone \"{}\" is too small", name.text)))
        }
        Some(_) => Ok(()),
    }
}

impl Upstreams {
    /// The `upstream` being read.
    pub(crate) fn current(&mut self) -> &mut Group {
        self.groups.get_mut(self.current).unwrap_or(&mut self.none)
    }

    /// An `upstream` block starts. A `proxy_pass` may have named it before.
    fn declare(&mut self, directive: &Directive) -> Result<(), ConfigError> {
        let word = directive.argument(0);
        let place = Some(directive.error_at(word, ""));
        let found = self.groups.iter().position(|group| group.name.eq_ignore_ascii_case(&word.text));
        match found.and_then(|index| self.groups.get_mut(index).map(|group| (index, group))) {
            Some((_, group)) if group.declared => {
                Err(directive.error_at(word, format!("duplicate upstream \"{}\"", word.text)))
            }
            Some((_, Group { port: Some(port), place: Some(place), .. })) => Err(place
                .clone()
                .with_message(format!("upstream \"{}\" may not have port {port}", word.text))),
            Some((index, group)) => {
                (group.declared, group.place) = (true, place);
                self.current = index;
                Ok(())
            }
            None => {
                self.groups.push(Group {
                    name: word.text.clone(),
                    declared: true,
                    place,
                    ..Group::default()
                });
                self.current = self.groups.len() - 1;
                Ok(())
            }
        }
    }

    /// The upstream that a `proxy_pass` to this host means: a declared one, or one of its own.
    pub(crate) fn target(
        &mut self,
        directive: &Directive,
        word: &Word,
        host: &str,
        port: Option<u16>,
    ) -> Result<usize, ConfigError> {
        for (index, group) in self.groups.iter().enumerate() {
            if !group.name.eq_ignore_ascii_case(host) {
                continue;
            }
            match port {
                Some(port) if group.declared => {
                    let message = format!("upstream \"{host}\" may not have port {port}");
                    return Err(directive
                        .error_at(word, message)
                        .help("the servers of the upstream have ports"));
                }
                _ if group.declared || group.port.unwrap_or(80) == port.unwrap_or(80) => return Ok(index),
                _ => {}
            }
        }
        let place = Some(directive.error_at(word, ""));
        self.groups.push(Group { name: host.to_owned(), port, place, ..Group::default() });
        Ok(self.groups.len() - 1)
    }

    /// Looks up what is left to look up.
    pub(crate) fn finish(self) -> Result<Vec<Upstream>, ConfigError> {
        let declared: Vec<String> =
            self.groups.iter().filter(|group| group.declared).map(|group| group.name.clone()).collect();
        self.groups.into_iter().map(|group| group.finish(&declared)).collect()
    }
}

impl Group {
    fn finish(self, declared: &[String]) -> Result<Upstream, ConfigError> {
        let Group { name, servers, place, .. } = self;
        let error =
            |message: String| place.clone().unwrap_or_else(|| ConfigError::new("")).with_message(message);
        let servers = match self.declared {
            true if servers.iter().all(|server| server.backup) => {
                return Err(error(format!("no servers in upstream \"{name}\"")));
            }
            true => servers,
            false => {
                let port = self.port.unwrap_or(80);
                let addresses = resolve(&name, port).ok_or_else(|| {
                    let error = error(format!("host not found in upstream \"{name}\""));
                    match crate::table::nearest(&name, declared.iter().map(String::as_str)) {
                        Some(near) => error.help(format!("there is an upstream \"{near}\"")),
                        None => error,
                    }
                })?;
                let server = |address| UpstreamServer {
                    name: format!("{name}:{port}"),
                    address,
                    weight: 1,
                    max_fails: MAX_FAILS,
                    fail_timeout: FAIL_TIMEOUT,
                    backup: false,
                    down: false,
                };
                addresses.into_iter().map(server).collect()
            }
        };
        Ok(Upstream {
            name,
            servers,
            declared: self.declared,
            balance: self.balance.unwrap_or_default(),
            keepalive: self.keepalive,
            keepalive_requests: self.keepalive_requests.unwrap_or(1000),
            keepalive_timeout: self.keepalive_timeout.unwrap_or(Duration::from_secs(60)),
        })
    }
}
