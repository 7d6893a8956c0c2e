//! Names of servers by address.

use crate::error::ConfigError;
use crate::model::{Listen, ServerNames};
use crate::read::http::listen::{Address, Listens};
use crate::read::http::server::{ServerDraft, ServerName};

/// What kind of name a host name in a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) enum Shape<'a> {
    /// `example.com`.
    Exact(&'a str),
    /// `.example.com`: itself and every name below it.
    Both(&'a str),
    /// `*.example.com`, as `.example.com`.
    Leading(&'a str),
    /// `www.*`, as `www.`.
    Trailing(&'a str),
}

/// The shape of a name, as `ngx_hash_add_key` sees it; `None` for a wildcard it does not allow.
pub(in crate::read) fn shape(name: &str) -> Option<Shape<'_>> {
    if name.matches('*').count() > 1 || name.contains("..") || name.contains('\0') {
        return None;
    }
    if name.len() > 1 && name.starts_with('.') {
        return (!name.contains('*')).then_some(Shape::Both(name));
    }
    if name.len() > 2 {
        if let Some(rest) = name.strip_prefix('*').filter(|rest| rest.starts_with('.')) {
            return Some(Shape::Leading(rest));
        }
        if let Some(rest) = name.strip_suffix('*').filter(|rest| rest.ends_with('.')) {
            return Some(Shape::Trailing(rest));
        }
    }
    (!name.contains('*')).then_some(Shape::Exact(name))
}

/// The listening sockets, each with the names of its servers.
pub(super) fn listens(
    listens: Listens,
    servers: Vec<ServerDraft>,
    warnings: &mut Vec<ConfigError>,
) -> Result<Vec<Listen>, ConfigError> {
    listens.addresses.into_iter().map(|address| listen(&address, &servers, warnings)).collect()
}

fn listen(
    address: &Address,
    servers: &[ServerDraft],
    warnings: &mut Vec<ConfigError>,
) -> Result<Listen, ConfigError> {
    let mut names = ServerNames::default();
    // Like nginx, look into names only where there is something to choose or to capture.
    let captures =
        |index: &usize| servers.get(*index).is_some_and(|server| server.names.iter().any(has_captures));
    if address.servers.len() < 2 && !address.servers.iter().any(captures) {
        return Ok(listen_on(address, names));
    }
    for &index in &address.servers {
        let Some(server) = servers.get(index) else { continue };
        if server.names.is_empty() {
            add(&mut names, "", index, address, warnings)?;
        }
        for name in &server.names {
            match &name.pattern {
                Some(pattern) => names.regex.push((pattern.clone(), index)),
                None => add(&mut names, &name.text, index, address, warnings)
                    .map_err(|error| name.invalid.clone().with_message(error.message()))?,
            }
        }
    }
    names.leading.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.trailing.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    Ok(listen_on(address, names))
}

fn listen_on(address: &Address, names: ServerNames) -> Listen {
    Listen {
        address: address.socket,
        tls: address.tls,
        backlog: address.options.and_then(|options| options.backlog),
        default_server: address.default_server.or(address.servers.first().copied()).unwrap_or(0),
        names,
    }
}

fn has_captures(name: &ServerName) -> bool {
    name.pattern.as_ref().is_some_and(|pattern| pattern.regex.captures_len() > 1)
}

fn add(
    names: &mut ServerNames,
    name: &str,
    server: usize,
    address: &Address,
    warnings: &mut Vec<ConfigError>,
) -> Result<(), ConfigError> {
    let socket = address.socket;
    let Some(shape) = shape(name) else {
        return Err(ConfigError::new(format!("invalid server name or wildcard \"{name}\" on {socket}")));
    };
    let exact = match shape {
        Shape::Exact(name) => Some(name),
        Shape::Both(name) => name.strip_prefix('.'),
        _ => None,
    };
    let wildcard = match shape {
        Shape::Exact(_) => None,
        Shape::Both(name) | Shape::Leading(name) => Some((name, &mut names.leading)),
        Shape::Trailing(name) => Some((name, &mut names.trailing)),
    };
    let taken = exact.is_some_and(|name| names.exact.contains_key(name))
        || wildcard.as_ref().is_some_and(|(name, list)| list.iter().any(|(known, _)| known == name));
    if taken {
        warnings.push(ConfigError::new(format!("conflicting server name \"{name}\" on {socket}, ignored")));
        return Ok(());
    }
    if let Some((name, list)) = wildcard {
        list.push((name.to_owned(), server));
    }
    if let Some(name) = exact {
        names.exact.insert(name.to_owned(), server);
    }
    Ok(())
}
