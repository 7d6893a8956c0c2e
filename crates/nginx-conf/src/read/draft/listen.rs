//! `listen` addresses, and which servers share them.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::source::Word;

/// The addresses named so far.
#[derive(Debug, Default)]
pub(crate) struct ListenAddresses {
    pub(crate) addresses: Vec<ListenAddress>,
    /// Their indices.
    by_socket: HashMap<SocketAddr, usize>,
}

/// An address and its servers.
#[derive(Debug)]
pub(crate) struct ListenAddress {
    /// Where to listen.
    pub socket: SocketAddr,
    /// The servers, by index, in file order.
    pub servers: Vec<usize>,
    /// The one marked `default_server`.
    pub default_server: Option<usize>,
    /// `ssl`, in one of its `listen`s.
    pub tls: bool,
    /// `http2`, in one of its `listen`s.
    pub http2: bool,
    /// `proxy_protocol`, in one of its `listen`s.
    pub proxy_protocol: bool,
    /// Socket options, once some `listen` has given any.
    pub options: Option<SocketOptions>,
}

/// Socket options of a `listen`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SocketOptions {
    /// `backlog=`.
    pub backlog: Option<i32>,
    /// `ipv6only=off`.
    pub dual_stack: bool,
}

/// What stands behind the address in a `listen`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListenParameters {
    /// The socket options among it, if any.
    pub options: Option<SocketOptions>,
    /// `default_server`.
    pub default_server: bool,
    /// `ssl`.
    pub tls: bool,
    /// `http2`.
    pub http2: bool,
    /// `proxy_protocol`.
    pub proxy_protocol: bool,
    /// `quic`: no socket that is listened on here.
    pub quic: bool,
}

impl ListenAddresses {
    /// Adds a socket to listen on for the server of that index, or that server to a known one.
    pub(crate) fn add(
        &mut self,
        directive: &Directive,
        word: &Word,
        socket: SocketAddr,
        server: usize,
        parameters: ListenParameters,
    ) -> Result<(), ConfigError> {
        let ListenParameters { options, default_server, tls, http2, proxy_protocol, quic: _ } = parameters;
        let default = default_server.then_some(server);
        let known = self.by_socket.get(&socket).and_then(|index| self.addresses.get_mut(*index));
        let Some(known) = known else {
            let servers = vec![server];
            self.by_socket.insert(socket, self.addresses.len());
            self.addresses.push(ListenAddress {
                socket,
                servers,
                default_server: default,
                tls,
                http2,
                proxy_protocol,
                options,
            });
            return Ok(());
        };
        // Servers come one after the other.
        if known.servers.last() == Some(&server) {
            return Err(directive.error_at(word, format!("a duplicate listen {socket}")));
        }
        known.servers.push(server);
        known.tls |= tls;
        known.http2 |= http2;
        known.proxy_protocol |= proxy_protocol;
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
