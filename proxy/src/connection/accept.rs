//! Accepted connections, with or without TLS.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::http_connection::HttpConnection;
use super::proxy_protocol::read_proxy_header;
use super::server_names;
use crate::cycle::Cycle;
use crate::exchange::ClientInfo;
use crate::message::proxy_protocol::ProxyHeader;
use crate::response::ClientConnection;
use crate::tls::{self, Handshake, HandshakeOptions, Selected};
use crate::turn;
use nginx_conf::model::{Http, Level, Listen};

/// Serves a connection until it is closed. `listen` is the index of its address in the configuration.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    listen: usize,
    cycle: Rc<Cycle>,
) {
    let config = Rc::clone(&cycle.config);
    let Some(http) = &config.http else { return };
    let Some(listen) = http.listen.get(listen) else { return };
    let since = turn::moment();
    let client = ClientInfo { peer, local, number: cycle.next_connection_number(), since, requests: 0 };
    let header = match listen.proxy_protocol {
        true => match Box::pin(proxy_header(&stream, &cycle, http, listen, client)).await {
            Ok(header) => header,
            Err(()) => return,
        },
        false => None,
    };
    if listen.tls {
        // Boxed, so that plain connections need no memory for a handshake.
        Box::pin(serve_tls(stream, &cycle, http, listen, client, header.as_ref())).await;
        return;
    }
    let mut connection = HttpConnection::new(&cycle, http, listen, client).behind(header.as_ref());
    let default = http.servers.get(listen.default_server);
    let mut stream = ClientConnection::new(stream);
    if listen.http2 && cycle.config.is_before(25, 1) {
        // That spoke nothing else there.
        return Box::pin(connection.run_http2(stream)).await;
    }
    match listen.http2 || default.is_some_and(|server| server.http2.on) {
        // Boxed, so that those that speak HTTP/1 alone need no memory for it.
        true => Box::pin(connection.run_as_begun(stream)).await,
        false => connection.run(&mut stream).await,
    }
}

/// Does the handshake first, for the server in the client's SNI, or else for the default server.
async fn serve_tls(
    stream: TcpStream,
    cycle: &Cycle,
    http: &Http,
    listen: &Listen,
    client: ClientInfo,
    header: Option<&ProxyHeader>,
) {
    let server = |index: usize| http.servers.get(index);
    let Some(default) = server(listen.default_server) else { return };
    let selected = Cell::new(None);
    let options = HandshakeOptions {
        timeout: default.client_header_timeout,
        connections: &cycle.connections,
        select: |name: Option<&str>| {
            let matches = |name: &str| {
                server_names::find(&listen.names, name, |pattern| {
                    pattern.regex.is_match(name.as_bytes()).unwrap_or(false)
                })
            };
            let named = name.and_then(matches).map(|(server, _)| server);
            selected.set(named);
            // As in nginx, a server without a certificate uses that of the default server.
            let server =
                server(named.unwrap_or(listen.default_server)).filter(|server| !server.rejects_handshake)?;
            let tls = server.tls.as_ref().or(default.tls.as_ref())?;
            let config = if listen.http2 || server.http2.on { &tls.http2 } else { &tls.http1 };
            Some(Selected { config: Arc::clone(config), clients: tls.clients.clone() })
        },
    };
    let connection = HttpConnection::new(cycle, http, listen, client).behind(header);
    // Boxed, as it is over long before the connection is.
    match Box::pin(tls::accept(stream, options)).await {
        Ok(Handshake::Tls(stream, mut info)) => {
            info.names_server = selected.get().is_some();
            let is_http2 = info.alpn.as_deref() == Some(b"h2");
            let mut connection = connection.over_tls(selected.get().unwrap_or(listen.default_server), &info);
            let mut stream = ClientConnection::new(*stream);
            match is_http2 {
                true => Box::pin(connection.run_http2(stream)).await,
                false => connection.run(&mut stream).await,
            }
        }
        Ok(Handshake::Plain(stream)) => {
            connection.plain_to_tls().run(&mut ClientConnection::new(stream)).await
        }
        Ok(Handshake::Evicted) => {}
        Err(error) => {
            log(cycle, http, listen, client, Level::Info, format_args!("{error} while SSL handshaking"));
        }
    }
}

/// What another proxy tells of the client; an error where the connection is to be closed.
async fn proxy_header(
    stream: &TcpStream,
    cycle: &Cycle,
    http: &Http,
    listen: &Listen,
    client: ClientInfo,
) -> Result<Option<ProxyHeader>, ()> {
    let server = http.servers.get(listen.default_server).ok_or(())?;
    let read = read_proxy_header(stream, server.client_header_timeout, &cycle.connections);
    read.await.map_err(|refused| {
        if let Some(why) = refused {
            let what = format_args!("{why} while reading PROXY protocol");
            log(cycle, http, listen, client, Level::Error, what);
        }
    })
}

/// Writes to the error log of the default server, as nobody knows yet which one is asked for.
fn log(
    cycle: &Cycle,
    http: &Http,
    listen: &Listen,
    client: ClientInfo,
    level: Level,
    what: std::fmt::Arguments<'_>,
) {
    let server = http.servers.get(listen.default_server);
    let Some(location) = server.and_then(|server| http.locations.get(server.root.0)) else { return };
    let (number, ip, address) = (client.number, client.peer.ip(), listen.address);
    let logs = &location.settings.error_log;
    cycle.logs.error(logs, level, format_args!("*{number} {what}, client: {ip}, server: {address}"));
}
