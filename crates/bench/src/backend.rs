//! The app server that all contenders have behind them: as fast as may be, so that what is measured is in front of it.
//!
//! | request | answer |
//! |---|---|
//! | `/api/bytes/N` | N bytes |
//! | `/api/json/N` | as much of a list of items in JSON |
//! | anything under `/stomp/` with `Upgrade` | 101, then every message back |
//! | anything else | a small JSON text, after the request's body was read |

use std::net::{Ipv4Addr, SocketAddr};

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::Error;

const ITEMS: &str =
    r#"{"items":[{"id":1,"name":"triangle gimbap","left":12},{"id":2,"name":"banana milk","left":40}]}"#;
static BLOCK: [u8; 64 * 1024] = [b'x'; 64 * 1024];

/// Answers on the given ports of loopback until it is killed.
///
/// # Errors
/// When a port cannot be bound.
pub(crate) fn run(ports: impl Iterator<Item = u16>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut listeners = Vec::new();
        for port in ports {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
            listeners.push(socket.listen(4096)?);
        }
        futures::future::join_all(listeners.into_iter().map(accept)).await;
        Ok(())
    })
}

async fn accept(listener: TcpListener) {
    loop {
        // Out of descriptors for a moment, or a client that has gone already: the next one may do better.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            // A contender that ends a connection early has its own failures counted; nobody listens to ours.
            let _ = serve(stream).await;
        });
    }
}

/// What of a request matters here.
struct Request {
    head: usize,
    body: usize,
    kept_alive: bool,
    bytes: Option<usize>,
    json: Option<usize>,
    key: Option<String>,
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut read = Vec::with_capacity(16 * 1024);
    let mut list = String::new();
    loop {
        let request = loop {
            if let Some(request) = parse(&read) {
                break request;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        if let Some(key) = request.key {
            return echo(stream, &key, read.split_off(request.head)).await;
        }
        let mut missing = request.body.saturating_sub(read.len() - request.head);
        read.drain(..read.len().min(request.head + request.body));
        while missing > 0 {
            let mut some = [0; 64 * 1024];
            let room = missing.min(some.len());
            let count = stream.read(&mut some[..room]).await?;
            if count == 0 {
                return Ok(());
            }
            missing -= count;
        }
        let text = match request.json {
            Some(size) => {
                // Made once for all requests of a connection.
                if list.len() != size {
                    list = items(size);
                }
                &list
            }
            None => ITEMS,
        };
        answer(&mut stream, text, request.bytes, request.kept_alive).await?;
        if !request.kept_alive {
            return stream.shutdown().await;
        }
    }
}

/// The request at the beginning of `read`, if its head is there in full.
fn parse(read: &[u8]) -> Option<Request> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Request::new(&mut fields);
    let head = match parsed.parse(read) {
        Ok(httparse::Status::Complete(head)) => head,
        _ => return None,
    };
    let field = |name: &str| {
        let found = parsed.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let closes = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let number = |prefix: &str| parsed.path.and_then(|path| path.strip_prefix(prefix)?.parse().ok());
    Some(Request {
        head,
        body: field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0),
        kept_alive: parsed.version == Some(1) && !closes,
        bytes: number("/api/bytes/"),
        json: number("/api/json/"),
        key: field("sec-websocket-key").map(str::to_owned),
    })
}

/// A list of items in JSON of that size. What is cut off at its end makes no difference here.
fn items(size: usize) -> String {
    let mut list = String::with_capacity(size + 64);
    list.push('[');
    for id in 0.. {
        if list.len() >= size {
            break;
        }
        // Numbers that no compressor can foresee, as in real answers.
        let left = (id as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        list.push_str(&format!(
            r#"{{"id":{id},"name":"item {left:x}","left":{left},"tags":["new","fresh"]}},"#
        ));
    }
    list.truncate(size);
    list
}

async fn answer(
    stream: &mut TcpStream,
    text: &str,
    bytes: Option<usize>,
    kept_alive: bool,
) -> std::io::Result<()> {
    let connection = if kept_alive { "" } else { "Connection: close\r\n" };
    let Some(bytes) = bytes else {
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{connection}\r\n{text}",
            text.len()
        );
        return stream.write_all(text.as_bytes()).await;
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {bytes}\r\n{connection}\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut left = bytes;
    while left > 0 {
        let part = left.min(BLOCK.len());
        stream.write_all(&BLOCK[..part]).await?;
        left -= part;
    }
    Ok(())
}

async fn echo(mut stream: TcpStream, key: &str, early: Vec<u8>) -> std::io::Result<()> {
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(small())).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Buffers small enough for ten thousand sessions at either end.
pub(crate) fn small() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0)
}
