//! Names of servers by address.

use std::collections::HashSet;
use std::net::SocketAddr;

use crate::error::ConfigError;
use crate::model::{Listen, ServerNames};
use crate::read::draft::{ListenAddress, ListenAddresses};
use crate::read::draft::{ServerDraft, ServerName};
use crate::read::host_names::HostPattern;

/// The listening sockets, each with the names of its servers.
pub(super) fn listens(
    listens: ListenAddresses,
    servers: Vec<ServerDraft>,
    warnings: &mut Vec<ConfigError>,
) -> Result<Vec<Listen>, ConfigError> {
    listens.addresses.into_iter().map(|address| listen(&address, &servers, warnings)).collect()
}

fn listen(
    address: &ListenAddress,
    servers: &[ServerDraft],
    warnings: &mut Vec<ConfigError>,
) -> Result<Listen, ConfigError> {
    // Like nginx, look into names only where there is something to choose or to capture.
    let captures =
        |index: &usize| servers.get(*index).is_some_and(|server| server.names.iter().any(has_captures));
    if address.servers.len() < 2 && !address.servers.iter().any(captures) {
        return Ok(listen_on(address, ServerNames::default()));
    }
    let mut table = NameTable::new(address.socket);
    for &index in &address.servers {
        let Some(server) = servers.get(index) else { continue };
        if server.names.is_empty() {
            table.add("", index)?;
        }
        for name in &server.names {
            match &name.pattern {
                Some(pattern) => table.names.regex.push((pattern.clone(), index)),
                None => table
                    .add(&name.text, index)
                    .map_err(|error| name.error.clone().with_message(error.message()))?,
            }
        }
    }
    let NameTable { mut names, conflicts, .. } = table;
    warnings.extend(conflicts);
    names.leading.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.trailing.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    Ok(listen_on(address, names))
}

fn listen_on(address: &ListenAddress, names: ServerNames) -> Listen {
    Listen {
        address: address.socket,
        tls: address.tls,
        http2: address.http2,
        proxy_protocol: address.proxy_protocol,
        backlog: address.options.and_then(|options| options.backlog),
        dual_stack: address.options.is_some_and(|options| options.dual_stack),
        default_server: address.default_server.or(address.servers.first().copied()).unwrap_or(0),
        names,
    }
}

fn has_captures(name: &ServerName) -> bool {
    name.pattern.as_ref().is_some_and(|pattern| pattern.regex.captures_len() > 1)
}

/// The names of one address while they are collected.
struct NameTable {
    socket: SocketAddr,
    names: ServerNames,
    /// Those of `names` with a wildcard; whether it leads or trails shows in where the dot is.
    wildcards: HashSet<String>,
    /// A warning for each name that an earlier server has, too.
    conflicts: Vec<ConfigError>,
}

impl NameTable {
    fn new(socket: SocketAddr) -> NameTable {
        NameTable { socket, names: ServerNames::default(), wildcards: HashSet::new(), conflicts: Vec::new() }
    }

    fn add(&mut self, name: &str, server: usize) -> Result<(), ConfigError> {
        let NameTable { socket, names, wildcards, conflicts } = self;
        let Some(pattern) = HostPattern::parse(name) else {
            return Err(ConfigError::new(format!("invalid server name or wildcard \"{name}\" on {socket}")));
        };
        let exact = match pattern {
            HostPattern::Exact(name) => Some(name),
            HostPattern::WithSubdomains(name) => name.strip_prefix('.'),
            _ => None,
        };
        let wildcard = match pattern {
            HostPattern::Exact(_) => None,
            HostPattern::WithSubdomains(name) | HostPattern::Leading(name) => {
                Some((name, &mut names.leading))
            }
            HostPattern::Trailing(name) => Some((name, &mut names.trailing)),
        };
        let taken = exact.is_some_and(|name| names.exact.contains_key(name))
            || wildcard.as_ref().is_some_and(|(name, _)| wildcards.contains(*name));
        if taken {
            conflicts
                .push(ConfigError::new(format!("conflicting server name \"{name}\" on {socket}, ignored")));
            return Ok(());
        }
        if let Some((name, list)) = wildcard {
            wildcards.insert(name.to_owned());
            list.push((name.to_owned(), server));
        }
        if let Some(name) = exact {
            names.exact.insert(name.to_owned(), server);
        }
        Ok(())
    }
}
