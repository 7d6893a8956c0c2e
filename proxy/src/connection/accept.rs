//! A connection that has just been accepted: TLS or not, and then one request after another.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::net::TcpStream;

use super::http_connection::HttpConnection;
use super::server_names;
use crate::cycle::Cycle;
use crate::exchange::ClientInfo;
use crate::response::ClientConnection;
use crate::tls::{self, Handshake, HandshakeOptions};
use nginx_conf::model::{Http, Level, Listen};

/// Serves an accepted connection until it ends. `listen`: the index of its listening address in the configuration.
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
    // A socket that cannot be told so works all the same.
    let _ = stream.set_nodelay(true);
    let client = ClientInfo { peer, local, number: cycle.next_connection_number(), requests: 0 };
    if listen.tls {
        // In a box, so that plain connections need not hold the room that a handshake takes.
        Box::pin(serve_tls(stream, &cycle, http, listen, client)).await;
    } else {
        HttpConnection::new(&cycle, http, listen, client).run(ClientConnection::new(stream)).await;
    }
}

/// Shakes hands first, on behalf of the server that the client names, or else of the default server.
async fn serve_tls(stream: TcpStream, cycle: &Cycle, http: &Http, listen: &Listen, client: ClientInfo) {
    let server = |index: usize| http.servers.get(index);
    let Some(default) = server(listen.default_server) else { return };
    let chosen = Cell::new(listen.default_server);
    let options = HandshakeOptions {
        timeout: default.client_header_timeout,
        connections: &cycle.connections,
        select: |name: Option<&str>| {
            let matches = |name: &str| {
                server_names::find(&listen.names, name, |pattern| {
                    pattern.regex.is_match(name.as_bytes()).unwrap_or(false)
                })
            };
            chosen.set(name.and_then(matches).unwrap_or(listen.default_server));
            // A server without a certificate of its own borrows that of the default server, as nginx has it.
            let server = server(chosen.get()).filter(|server| !server.rejects_handshake)?;
            server.tls.clone().or_else(|| default.tls.clone())
        },
    };
    let session = HttpConnection::new(cycle, http, listen, client);
    match tls::accept(stream, options).await {
        Ok(Handshake::Tls(stream, info)) => {
            session.over_tls(chosen.get(), &info).run(ClientConnection::new(*stream)).await;
        }
        Ok(Handshake::Plain(stream)) => session.plain_to_tls().run(ClientConnection::new(stream)).await,
        Ok(Handshake::Evicted) => {}
        Err(failed) => {
            let Some(location) = http.locations.get(default.root.0) else { return };
            let (number, ip, address) = (client.number, client.peer.ip(), listen.address);
            let context = format_args!("while SSL handshaking, client: {ip}, server: {address}");
            let logs = &location.settings.error_log;
            cycle.logs.error(logs, Level::Info, format_args!("*{number} {failed} {context}"));
        }
    }
}
