//! `upstream`, its servers, and the upstreams that a `proxy_pass` to a plain address makes.

use std::net::Ipv4Addr;

use super::resolver::upstream_resolver;
use super::sticky::sticky;
use crate::address::{UrlKind, after_unix, ip, parse, parse_socket, resolve};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Balance, ResolvedServer, ServerAddress, UpstreamServer};
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, number, once, time, unsupported_value};
use crate::read::variables::template;
use crate::table;
use crate::units::{parse_number, parse_seconds, parse_size};

pub(super) const SETTERS: &[(&str, Setter)] = &[("upstream", upstream)];

pub(super) const UPSTREAM_SETTERS: &[(&str, Setter)] = &[
    ("server", server),
    ("ip_hash", balance),
    ("least_conn", balance),
    ("hash", hash),
    ("random", random),
    ("sticky", sticky),
    ("zone", zone),
    ("keepalive", keepalive),
    ("keepalive_requests", |r, d| once(&mut r.upstream().keepalive_requests, d, number)),
    ("keepalive_timeout", |r, d| once(&mut r.upstream().keepalive_timeout, d, time)),
    ("keepalive_time", |r, d| once(&mut r.upstream().keepalive_time, d, time)),
    ("resolver", |r, d| since_resolve(r, d).and_then(|()| upstream_resolver(r, d))),
    ("resolver_timeout", |r, d| {
        since_resolve(r, d).and_then(|()| once(&mut r.upstream().resolver_timeout, d, time))
    }),
];

/// What stands in an `upstream` from 1.27.3 on.
fn since_resolve(reader: &Reader, directive: &Directive) -> Result<(), ConfigError> {
    match reader.is_before(27, 3) {
        true => Err(directive.error(format!("\"{}\" directive is not allowed here", directive.name()))),
        false => Ok(()),
    }
}

/// The smallest `zone`: eight pages.
const MIN_ZONE_SIZE: usize = 8 * 4096;

/// The longest `route=`.
const MAX_ROUTE_LENGTH: usize = 32;

/// `upstream { … }`.
fn upstream(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    reader.http.upstreams.declare(directive)?;
    reader.block(table::UPSTREAM)?;
    let upstream = reader.upstream();
    if upstream.servers.is_empty() && upstream.resolved.is_empty() {
        let error = reader.error_here("no servers are inside upstream");
        return Err(match directive.words.first() {
            Some(word) => error.point_at(&word.span),
            None => error,
        });
    }
    Ok(())
}

/// `server` in `upstream`.
fn server(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let mut server = UpstreamServer::new(word.text.clone(), at_port(0));
    let mut is_resolved = false;
    for (index, word) in directive.arguments().iter().enumerate().skip(1) {
        let invalid = || directive.error_at(word, format!("invalid parameter \"{}\"", word.text));
        let number =
            |text: &str| parse_number(text).and_then(|number| u32::try_from(number).ok()).ok_or_else(invalid);
        match (word.text.split_once('='), word.text.as_str()) {
            (Some(("weight", value)), _) => {
                server.weight = number(value).ok().filter(|weight| *weight > 0).ok_or_else(invalid)?;
            }
            (Some(("max_conns", value)), _) => server.max_conns = number(value)?,
            (Some(("max_fails", value)), _) => server.max_fails = number(value)?,
            (Some(("fail_timeout", value)), _) => {
                server.fail_timeout = parse_seconds(value).ok_or_else(invalid)?
            }
            (None, "backup") if has_no_backup(reader.upstream().balance) => {
                let message = "balancing method does not support parameter \"backup\"";
                return Err(directive.error_at(word, message));
            }
            (None, "backup") => server.backup = true,
            (None, "down") => server.down = true,
            (None, "drain") if !reader.is_before(29, 6) => server.drain = true,
            (Some(("route", route)), _) if !reader.is_before(29, 6) => {
                if route.is_empty() {
                    return Err(directive.error_at(word, "route is empty"));
                }
                if route.len() > MAX_ROUTE_LENGTH {
                    let message = format!("route is longer than {MAX_ROUTE_LENGTH}");
                    return Err(directive.error_at(word, message));
                }
                server.route = Some(route.to_owned());
            }
            (None, "resolve") if !reader.is_before(27, 3) => is_resolved = true,
            (Some((name @ ("slow_start" | "service" | "sticky"), _)), _) => {
                return Err(unsupported_value(directive, index, &format!("\"{name}\"")));
            }
            _ => return Err(invalid()),
        }
    }
    let wrong = |reason: &str| directive.error_at(word, format!("{reason} in upstream \"{}\"", word.text));
    if let Some(path) = after_unix(&word.text) {
        let (path, _) = parse_socket(path, false).map_err(wrong)?;
        server.address = ServerAddress::Unix(path.into());
        reader.upstream().servers.push(server);
        return Ok(());
    }
    let url = parse(&word.text, UrlKind::Server).map_err(wrong)?;
    let port = url.port.unwrap_or(80);
    if is_resolved && !is_address(&url.host) {
        server.address = at_port(port);
        reader.upstream().resolved.push(ResolvedServer { host: url.host, server });
        return Ok(());
    }
    let addresses = resolve(reader.resolver, &url.host, port).ok_or_else(|| wrong("host not found"))?;
    let servers =
        addresses.into_iter().map(|address| UpstreamServer { address: address.into(), ..server.clone() });
    reader.upstream().servers.extend(servers);
    Ok(())
}

/// An address of which the port alone is known.
fn at_port(port: u16) -> ServerAddress {
    ServerAddress::Ip((Ipv4Addr::UNSPECIFIED, port).into())
}

/// Whether there is nothing to look up.
fn is_address(host: &str) -> bool {
    ip(host.trim_start_matches('[').trim_end_matches(']')).is_some()
}

/// Whether a method of choosing a server knows no `backup`.
fn has_no_backup(balance: Option<Balance>) -> bool {
    !matches!(balance, None | Some(Balance::RoundRobin | Balance::LeastConn))
}

/// `ip_hash` and `least_conn` in `upstream`.
fn balance(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let balance = if directive.name() == "ip_hash" { Balance::IpHash } else { Balance::LeastConn };
    choose(reader, directive, balance);
    Ok(())
}

/// `hash` in `upstream`.
fn hash(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let key = template(&mut reader.http.variables, directive, directive.argument(0))?;
    let is_consistent = match directive.arguments().get(1) {
        None => false,
        Some(word) if word.text == "consistent" => true,
        Some(word) => return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
    };
    choose(reader, directive, Balance::Hash { is_consistent });
    reader.upstream().hash_key = Some(key);
    Ok(())
}

/// `random` in `upstream`.
fn random(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let words: Vec<&str> = directive.arguments().iter().map(|word| word.text.as_str()).collect();
    let balance = match &words[..] {
        [] => Balance::Random,
        ["two"] | ["two", "least_conn"] => Balance::RandomTwo,
        ["two", ..] => return Err(invalid_parameter(directive, 1)),
        _ => return Err(invalid_parameter(directive, 0)),
    };
    choose(reader, directive, balance);
    Ok(())
}

fn invalid_parameter(directive: &Directive, index: usize) -> ConfigError {
    let word = directive.argument(index);
    directive.error_at(word, format!("invalid parameter \"{}\"", word.text))
}

/// Sets the method of choosing a server.
fn choose(reader: &mut Reader, directive: &Directive, balance: Balance) {
    // Of newer versions, `keepalive` may stand before it.
    let after_keepalive = reader.upstream().keepalive.is_some() && !reader.is_from(29, 7);
    let is_again =
        after_keepalive || reader.upstream().balance.is_some() || reader.upstream().sticky.take().is_some();
    if is_again {
        reader.warn(&directive.error("load balancing method redefined"));
    }
    reader.upstream().balance = Some(balance);
}

/// `keepalive` in `upstream`.
fn keepalive(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    // `local` is of newer versions; here no connection is used for a location of another `proxy_ssl_…` in any case.
    let may_be_local = match reader.version {
        Some(_) => reader.is_from(29, 7),
        None => directive.arguments().get(1).is_none_or(|word| word.text == "local"),
    };
    if directive.arguments().len() > 1 && !may_be_local {
        return Err(directive.error("invalid number of arguments in \"keepalive\" directive"));
    }
    if reader.upstream().keepalive.is_some() {
        return Err(duplicate(directive));
    }
    let word = directive.argument(0);
    // From 1.29.7 on, none is kept.
    let may_be_none = reader.version.is_none() || reader.is_from(29, 7);
    let number = parse_number(&word.text).filter(|number| may_be_none || *number > 0);
    let number = number.and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
        directive.error_at(word, format!("invalid value \"{}\" in \"keepalive\" directive", word.text))
    })?;
    if let Some(word) = directive.arguments().get(1).filter(|word| word.text != "local") {
        return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text)));
    }
    reader.upstream().keepalive = Some(number);
    Ok(())
}

/// `zone` in `upstream`.
fn zone(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    reader.upstream().has_zone = true;
    let name = directive.argument(0);
    if name.text.is_empty() {
        return Err(directive.error_at(name, "invalid zone name \"\""));
    }
    let Some(size) = directive.arguments().get(1) else {
        let message = format!("zero size shared memory zone \"{}\"", name.text);
        let error =
            directive.error_at(name, message).help("one of the upstreams that share it says how large it is");
        reader.http.upstreams.zones.without_size.push((name.text.clone(), error));
        return Ok(());
    };
    reader.http.upstreams.zones.with_size.push(name.text.clone());
    match parse_size(&size.text) {
        None | Some(0) => Err(directive.error_at(size, format!("invalid zone size \"{}\"", size.text))),
        Some(bytes) if bytes < MIN_ZONE_SIZE => {
            Err(directive.error_at(size, format!("zone \"{}\" is too small", name.text)))
        }
        Some(_) => Ok(()),
    }
}
