//! A WebSocket client that can be asked for each step of RFC 6455.

use std::net::SocketAddr;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{ClientError, Connection, Request, Response, patiently};

/// The opening handshake of RFC 6455 §4.1, to be sent as an ordinary request.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The request.
    pub request: Request,
    key: String,
}

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    stream: SplitStream<WebSocketStream<TcpStream>>,
    /// The 101 response.
    pub response: Response,
}

impl Handshake {
    /// A handshake for `target`, as browsers send it.
    pub fn new(target: &str) -> Handshake {
        let key = tokio_tungstenite::tungstenite::handshake::client::generate_key();
        let request = Request::new("GET", target)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", &key);
        Handshake { request, key }
    }

    /// Adds a field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Handshake {
        self.request = self.request.header(name, value);
        self
    }

    /// The `Sec-WebSocket-Accept` that must come back (RFC 6455 §4.2.2).
    pub fn accept(&self) -> String {
        derive_accept_key(self.key.as_bytes())
    }

    /// Sends the handshake to `address`. Whatever came back is returned; with a 101, the open WebSocket too.
    ///
    /// # Errors
    /// When no response comes.
    pub async fn open(&self, address: SocketAddr) -> Result<(Response, Option<WebSocket>), ClientError> {
        let mut connection = Connection::open(address).await?;
        connection.send(&self.request.head(&connection.host())).await?;
        let mut response = connection.head("GET").await?;
        if response.status != 101 {
            while let Some(piece) = connection.piece(&mut response).await? {
                response.body.extend_from_slice(&piece);
            }
            response.complete = true;
            return Ok((response, None));
        }
        let (stream, early) = connection.into_parts();
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let socket = WebSocketStream::from_partially_read(stream, early.to_vec(), Role::Client, Some(config)).await;
        let (sink, stream) = socket.split();
        Ok((response.clone(), Some(WebSocket { sink, stream, response })))
    }
}

impl WebSocket {
    /// Sends a message or frame.
    ///
    /// # Errors
    /// When the WebSocket is closed.
    pub async fn send(&mut self, message: Message) -> Result<(), ClientError> {
        patiently("the proxy to read", self.sink.send(message)).await
    }

    /// The next message (pings and pongs included).
    ///
    /// # Errors
    /// When the connection is lost or nothing comes.
    pub async fn next(&mut self) -> Result<Message, ClientError> {
        match patiently("a WebSocket message", async { Ok::<_, ClientError>(self.stream.next().await) }).await? {
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) => Err(error.into()),
            None => Err(ClientError::Closed(String::new())),
        }
    }

    /// The next text or binary message, or close; pings and pongs are passed over.
    ///
    /// # Errors
    /// As [`WebSocket::next`].
    pub async fn next_data(&mut self) -> Result<Message, ClientError> {
        loop {
            match self.next().await? {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return Ok(message),
            }
        }
    }

    /// Sends all `messages` while reading as many data messages as there are, both at once.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn exchange(&mut self, messages: Vec<Message>) -> Result<Vec<Message>, ClientError> {
        let count = messages.len();
        let mut outgoing = futures::stream::iter(messages.into_iter().map(Ok));
        let WebSocket { sink, stream, .. } = self;
        let sending = async { sink.send_all(&mut outgoing).await.map_err(ClientError::from) };
        let receiving = async {
            let mut received = Vec::with_capacity(count);
            while received.len() < count {
                match patiently("a WebSocket message", async { Ok::<_, ClientError>(stream.next().await) }).await? {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(message)) => received.push(message),
                    Some(Err(error)) => return Err(ClientError::from(error)),
                    None => return Err(ClientError::Closed(String::new())),
                }
            }
            Ok(received)
        };
        let ((), received) = futures::try_join!(sending, receiving)?;
        Ok(received)
    }

    /// Waits until the connection is over, however it ends, at most `deadline`; data that still comes is passed over.
    pub async fn is_over(&mut self, deadline: std::time::Duration) -> bool {
        let over = async { while let Some(Ok(_)) = self.stream.next().await {} };
        tokio::time::timeout(deadline, over).await.is_ok()
    }
}

impl From<Error> for ClientError {
    fn from(error: Error) -> ClientError {
        match error {
            Error::Io(error) => ClientError::Io(error),
            Error::ConnectionClosed | Error::AlreadyClosed => ClientError::Closed(String::new()),
            error => ClientError::Protocol { protocol: "WebSocket", reason: error.to_string() },
        }
    }
}
