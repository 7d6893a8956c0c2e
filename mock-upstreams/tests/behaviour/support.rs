//! A client that sends what it is told, byte for byte.

use std::io;
use std::time::Duration;

use futures::StreamExt;
use mock_upstreams::AppServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response as Handshake;
use tokio_tungstenite::tungstenite::{Error, Message};

/// No wait in these tests takes this long unless something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

pub(crate) async fn blue() -> AppServer {
    let any = "127.0.0.1:0".parse().expect("an address");
    AppServer::start("blue", any).await.expect("a free port")
}

/// One connection to an app server.
pub(crate) struct Client(BufReader<TcpStream>);

/// A response with its fields in lower case, as hyper sends them, `Date` left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(server: &AppServer) -> io::Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(server.address()).await?)))
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.get_mut().write_all(bytes.as_ref()).await
    }

    /// Reads up to and including `mark`.
    pub(crate) async fn until(&mut self, mark: &str) -> io::Result<String> {
        let mut text = Vec::new();
        while !text.ends_with(mark.as_bytes()) {
            text.push(soon(self.0.read_u8()).await?);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Reads until the server closes; an error when it resets.
    pub(crate) async fn rest(&mut self) -> io::Result<String> {
        let mut text = Vec::new();
        soon(self.0.read_to_end(&mut text)).await?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// What came before a reset.
    pub(crate) async fn before_reset(&mut self) -> String {
        let mut text = Vec::new();
        while let Ok(byte) = soon(self.0.read_u8()).await {
            text.push(byte);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    pub(crate) async fn reply(&mut self) -> io::Result<Reply> {
        let head = self.until("\r\n\r\n").await?;
        let mut lines = head.trim_end().lines();
        let status =
            lines.next().and_then(|line| line.get(9..12)?.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let headers: Vec<_> = lines.filter(|line| !line.starts_with("date:")).map(str::to_owned).collect();
        let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        soon(self.0.read_exact(&mut body)).await?;
        Ok(Reply { status, headers, body })
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
    }
}

/// One request on a connection of its own.
pub(crate) async fn exchange(server: &AppServer, request: &str) -> io::Result<Reply> {
    let mut client = Client::connect(server).await?;
    client.send(request).await?;
    client.reply().await
}

pub(crate) async fn get(server: &AppServer, target: &str) -> io::Result<Reply> {
    exchange(server, &format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")).await
}

async fn soon<T>(wait: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(DEADLINE, wait).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// A WebSocket to an app server.
pub(crate) type WebSocket = tokio_tungstenite::WebSocketStream<TcpStream>;

/// Opens a WebSocket, offering these subprotocols.
pub(crate) async fn open(
    server: &AppServer,
    target: &str,
    protocols: &str,
) -> Result<(WebSocket, Handshake), Error> {
    let mut request = format!("ws://{}{target}", server.address()).into_client_request()?;
    if !protocols.is_empty() {
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse()?);
    }
    tokio_tungstenite::client_async(request, TcpStream::connect(server.address()).await?).await
}

/// The next message.
pub(crate) async fn next(socket: &mut WebSocket) -> Result<Message, Error> {
    let message = tokio::time::timeout(DEADLINE, socket.next()).await;
    message.map_err(|_| Error::Io(io::ErrorKind::TimedOut.into()))?.unwrap_or(Err(Error::ConnectionClosed))
}
