#!/usr/bin/env bash
# hyper's client sends an extended CONNECT (RFC 8441) whether or not the server offers it: RFC 8441 §3 lets `:protocol` be sent only once
# SETTINGS_ENABLE_CONNECT_PROTOCOL has come. It neither waits for the server's SETTINGS nor refuses when these have come without it; h2's
# server then resets the stream with PROTOCOL_ERROR, which does not look like "not offered". Whoever opens WebSockets over HTTP/2 must ask
# `Connection::is_extended_connect_protocol_enabled` before the connection is given away, and later cannot ask any more.
#
# Seen with hyper 1.12.0 and h2 0.4.20 (crates.io) on 2026-11-30. Needs cargo.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "connect"
version = "0.0.0"
edition = "2021"

[dependencies]
h2 = "=0.4.20"
http-body-util = "0.1"
hyper = { version = "=1.12.0", features = ["client", "server", "http2"] }
hyper-util = { version = "0.1", features = ["tokio"] }
tokio = { version = "1", features = ["macros", "net", "rt", "time"] }
TOML
cat >src/main.rs <<'RUST'
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::handshake;
use hyper::ext::Protocol;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// A server that offers extended CONNECT or does not.
async fn serve(offers: bool) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut server = Builder::new(TokioExecutor::new());
            if offers {
                server.enable_connect_protocol();
            }
            let answer = service_fn(|_: Request<Incoming>| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) });
            tokio::spawn(server.serve_connection(TokioIo::new(stream), answer));
        }
    });
    address
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for offers in [true, false] {
        let address = serve(offers).await;
        for waits in [false, true] {
            let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
            let (mut requests, connection) = handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            if waits {
                // A GET, so that the SETTINGS have surely come.
                let get = Request::builder().uri("http://localhost/").body(Empty::<Bytes>::new()).unwrap();
                requests.send_request(get).await.unwrap();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let uri = "http://localhost/socket";
            let mut connect = Request::builder().method(Method::CONNECT).uri(uri).body(Empty::<Bytes>::new()).unwrap();
            connect.extensions_mut().insert(Protocol::from_static("websocket"));
            let said = match requests.send_request(connect).await {
                Ok(response) => response.status().as_u16().to_string(),
                Err(error) => std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string),
            };
            println!("offered: {offers}, SETTINGS awaited: {waits}: {said}");
        }
    }
}
RUST
seen=$(cargo run --quiet 2>/dev/null)
echo "$seen"
[ "$seen" = "offered: true, SETTINGS awaited: false: 200
offered: true, SETTINGS awaited: true: 200
offered: false, SETTINGS awaited: false: stream error received: unspecific protocol error detected
offered: false, SETTINGS awaited: true: stream error received: unspecific protocol error detected" ]
