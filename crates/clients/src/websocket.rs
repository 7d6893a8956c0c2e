//! A WebSocket client that can be asked for each step of RFC 6455.

use std::collections::VecDeque;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::manners::refused;
use crate::{ClientError, Connection, Request, Response, Route, Stream, digest, patiently};

/// What a client sends goes in here.
pub(super) type Outgoing = SplitSink<WebSocketStream<Stream>, Message>;

/// What comes for a client comes out here.
pub(super) type Incoming = SplitStream<WebSocketStream<Stream>>;

/// The opening handshake of RFC 6455 §4.1, to be sent as an ordinary request.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The request.
    pub request: Request,
}

impl Handshake {
    /// A handshake for `target`, as browsers send it. Of `headers`, one of the same name takes the place of its own.
    pub fn new(target: &str, headers: &[(String, String)]) -> Handshake {
        let key = generate_key();
        let own = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", &key),
        ];
        let replaced = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let kept = own.iter().filter(|(name, _)| !replaced(name));
        let mut fields: Vec<_> =
            kept.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        fields.extend_from_slice(headers);
        Handshake { request: Request { headers: fields, ..Request::new("GET", target) } }
    }

    /// The `Sec-WebSocket-Accept` that must come back for a request (RFC 6455 §4.2.2); `None` when it has no key.
    pub fn accept(request: &Request) -> Option<String> {
        let (_, key) =
            request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))?;
        Some(derive_accept_key(key.as_bytes()))
    }

    /// Sends the handshake, and a text message in the same breath if there is one. Whatever came back is returned; with
    /// a 101, the open WebSocket too.
    ///
    /// # Errors
    /// When no response comes.
    pub async fn open(
        &self,
        mut connection: Connection,
        text_behind: Option<&str>,
    ) -> Result<(Response, Option<WebSocket>), ClientError> {
        let mut behind = Vec::new();
        if let Some(text) = text_behind {
            let mut frame = Frame::message(text.to_owned(), OpCode::Data(Data::Text), true);
            // What comes from a client is masked (RFC 6455 §5.3); by which four bytes is for the client to say.
            frame.header_mut().mask = Some(*b"mask");
            frame.format(&mut behind)?;
        }
        connection.send_head(&self.request, &behind).await?;
        let response = connection.response(&self.request.method).await?;
        if response.status != 101 {
            return Ok((response, None));
        }
        let route = connection.route().clone();
        let (stream, early) = connection.into_parts();
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let socket =
            WebSocketStream::from_partially_read(stream, early.to_vec(), Role::Client, Some(config)).await;
        let (sink, stream) = socket.split();
        let sent = text_behind.map(Message::text).into_iter().collect();
        Ok((response, Some(WebSocket { route, sink, stream, kept: VecDeque::new(), sent })))
    }
}

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    route: Route,
    sink: Outgoing,
    stream: Incoming,
    /// What has come while something else was asked for.
    kept: VecDeque<Message>,
    /// The text or binary messages that were sent last: one, or those of an exchange.
    pub sent: Vec<Message>,
}

impl WebSocket {
    /// Sends a message, ping or Close frame.
    ///
    /// # Errors
    /// When the WebSocket is over.
    pub async fn send(&mut self, message: Message) -> Result<(), ClientError> {
        if self.route.manners().is_some() && !(message.is_ping() || message.is_pong() || message.is_close()) {
            return Err(refused("what a WebSocket message does there is not known"));
        }
        if message.is_text() || message.is_binary() {
            self.sent = vec![message.clone()];
        }
        patiently(self.route.patience(), "the proxy to read", self.sink.send(message)).await
    }

    /// Sends a text as one message in `count` frames, each as soon as the one before is out. Characters may be cut in
    /// two: only the whole needs to be UTF-8 (RFC 6455 §5.6).
    ///
    /// # Errors
    /// When the WebSocket is over.
    pub async fn send_fragments(&mut self, text: &str, count: usize) -> Result<(), ClientError> {
        let (message, count) = (Message::text(text), count.max(1));
        for (nth, piece) in pieces(text.as_bytes(), count).into_iter().enumerate() {
            let opcode = if nth == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(piece, OpCode::Data(opcode), nth + 1 == count);
            self.send(Message::Frame(frame)).await?;
        }
        self.sent = vec![message];
        Ok(())
    }

    /// The next message or control frame. A ping or Close frame has been answered by then.
    ///
    /// # Errors
    /// When the WebSocket is over, or nothing comes.
    pub async fn next(&mut self) -> Result<Message, ClientError> {
        let next = async { Ok::<_, ClientError>(self.stream.next().await) };
        let message = match patiently(self.route.patience(), "a WebSocket message", next).await? {
            Some(message) => message?,
            None => return Err(dropped("")),
        };
        if message.is_ping() || message.is_close() {
            // Where it fails, what comes next will say why.
            let _ = self.sink.flush().await;
        }
        Ok(message)
    }

    /// The next message or control frame that is `wanted`, or the Close frame. What comes before it is kept, for
    /// whoever asks for that.
    ///
    /// # Errors
    /// As [`WebSocket::next`].
    pub async fn next_of(&mut self, wanted: impl Fn(&Message) -> bool) -> Result<Message, ClientError> {
        let place = self.kept.iter().position(&wanted);
        if let Some(message) = place.and_then(|place| self.kept.remove(place)) {
            return Ok(message);
        }
        loop {
            let message = self.next().await?;
            if message.is_close() || wanted(&message) {
                return Ok(message);
            }
            self.kept.push_back(message);
        }
    }

    /// Sends all `messages` while reading as many text and binary messages into `received`, both at once.
    ///
    /// # Errors
    /// When the WebSocket ends before they have come back, or nothing comes any more.
    pub async fn exchange(
        &mut self,
        messages: Vec<Message>,
        received: &mut Vec<Message>,
    ) -> Result<(), ClientError> {
        if self.route.manners().is_some() {
            return Err(refused("what a WebSocket message does there is not known"));
        }
        self.sent.clone_from(&messages);
        let patience = self.route.patience();
        let count = messages.len();
        let mut outgoing = futures::stream::iter(messages.into_iter().map(Ok));
        let WebSocket { sink, stream, .. } = self;
        let sending = async { sink.send_all(&mut outgoing).await.map_err(ClientError::from) };
        let receiving = async {
            while received.len() < count {
                let next = async { Ok::<_, ClientError>(stream.next().await) };
                match patiently(patience, "a WebSocket message", next).await? {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        return Err(ClientError::Session(closed(frame.as_ref())));
                    }
                    Some(message) => received.push(message?),
                    None => return Err(dropped("")),
                }
            }
            Ok(())
        };
        futures::try_join!(sending, receiving).map(|_| ())
    }

    pub(super) fn into_parts(self) -> (Route, Outgoing, Incoming) {
        (self.route, self.sink, self.stream)
    }
}

/// A message in words; a long one by its length and digest.
pub fn told(message: &Message) -> String {
    const SHORT: usize = 160;
    let (kind, data): (&str, &[u8]) = match message {
        Message::Text(text) if text.len() <= SHORT => return format!("the text {:?}", text.as_str()),
        Message::Text(text) => ("text", text.as_bytes()),
        Message::Binary(data) => ("binary", data),
        Message::Ping(data) => ("ping", data),
        Message::Pong(data) => ("pong", data),
        Message::Close(frame) => return format!("a Close frame {}", code_of(frame.as_ref())),
        Message::Frame(frame) => ("frame", frame.payload()),
    };
    if data.len() <= SHORT {
        return format!("the {kind} \"{}\"", data.escape_ascii());
    }
    format!("a {kind} of {} bytes, sha256 {}", data.len(), digest(data))
}

/// How a WebSocket was closed, in words.
pub(super) fn closed(frame: Option<&CloseFrame>) -> String {
    format!("the WebSocket was closed {}", code_of(frame))
}

fn code_of(frame: Option<&CloseFrame>) -> String {
    match frame {
        Some(frame) => format!("with {} {:?}", u16::from(frame.code), frame.reason.as_str()),
        None => "without a code".to_owned(),
    }
}

fn dropped(why: &str) -> ClientError {
    ClientError::Session(format!(
        "the WebSocket was dropped: the connection ended without a Close frame{why}"
    ))
}

/// `bytes` in `count` pieces, as even as can be.
fn pieces(bytes: &[u8], count: usize) -> Vec<Vec<u8>> {
    let cut = |nth: usize| bytes.len() * nth / count;
    (0..count).map(|nth| bytes[cut(nth)..cut(nth + 1)].to_vec()).collect()
}

impl From<Error> for ClientError {
    fn from(error: Error) -> ClientError {
        use tokio_tungstenite::tungstenite::error::ProtocolError;
        match error {
            Error::Io(error) => dropped(&format!(" ({error})")),
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => dropped(""),
            Error::Protocol(ProtocolError::SendAfterClosing) => {
                ClientError::Session("the WebSocket is closed already".to_owned())
            }
            error => ClientError::Protocol { protocol: "WebSocket", reason: error.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_the_scenario_takes_the_place_of_the_handshakes_own() {
        let request = Handshake::new("/ws", &[("sec-websocket-version".into(), "8".into())]).request;
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Connection", "Upgrade", "Sec-WebSocket-Key", "sec-websocket-version"]);
    }

    #[test]
    fn the_accept_key_is_that_of_the_rfc() {
        let key = [("Sec-WebSocket-Key".to_owned(), "dGhlIHNhbXBsZSBub25jZQ==".to_owned())];
        let accept = Handshake::accept(&Handshake::new("/ws", &key).request);
        assert_eq!(accept.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn a_text_is_cut_into_as_many_pieces_as_asked() {
        assert_eq!(pieces(b"abcdefg", 3), [b"ab".to_vec(), b"cd".to_vec(), b"efg".to_vec()]);
        assert_eq!(pieces(b"a", 2), [b"".to_vec(), b"a".to_vec()]);
    }

    #[test]
    fn messages_are_told_in_words() {
        assert_eq!(told(&Message::text("재고")), "the text \"재고\"");
        assert_eq!(told(&Message::binary(vec![0, 0xff])), r#"the binary "\x00\xff""#);
        assert_eq!(told(&Message::Close(None)), "a Close frame without a code");
    }
}
