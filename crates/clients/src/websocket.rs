//! A WebSocket client whose steps (RFC 6455) a scenario takes one by one.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::policy::refused;
use crate::{ClientError, Connection, Request, Response, Route, Stream, digest, with_timeout};

/// The sending half of a WebSocket.
pub(super) type Outgoing = SplitSink<WebSocketStream<Stream>, Message>;

/// The receiving half of a WebSocket.
pub(super) type Incoming = SplitStream<WebSocketStream<Stream>>;

/// The opening handshake of RFC 6455 §4.1, to be sent as an ordinary request.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The request.
    pub request: Request,
}

impl Handshake {
    /// A handshake for `target`, as browsers send it. `headers` override its own headers of the same name.
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

    /// Why a browser would not take a 101 as the answer (RFC 6455 §4.1), if it would not.
    pub fn mistake_in(&self, response: &Response) -> Option<String> {
        let has = |name: &str, wanted: &str| {
            let words = response.values(name).flat_map(|value| value.split(','));
            words.into_iter().any(|word| word.trim().eq_ignore_ascii_case(wanted))
        };
        for (name, wanted) in [("upgrade", "websocket"), ("connection", "upgrade")] {
            if !has(name, wanted) {
                return Some(format!("the 101 has no `{name}: {wanted}`"));
            }
        }
        if response.value("sec-websocket-accept") != Handshake::accept(&self.request).as_deref() {
            return Some("the 101 has not the Sec-WebSocket-Accept of its key".to_owned());
        }
        let protocol = |headers: &[(String, String)]| {
            let of = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
            of.map(|(_, value)| value.clone()).collect::<Vec<_>>().join(", ")
        };
        let (offered, agreed) = (protocol(&self.request.headers), protocol(&response.headers));
        let is_offered = offered.split(',').any(|one| one.trim() == agreed);
        match (is_offered, agreed.as_str()) {
            (true, _) => None,
            (false, "") => Some(format!("no subprotocol was agreed on, of {offered}")),
            (false, other) => Some(format!("the subprotocol {other:?} was agreed on, which was not offered")),
        }
    }

    /// Sends the handshake, with a text message right behind it if there is one. Returns the response and, after a 101,
    /// the open WebSocket.
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
            // Clients mask their frames (RFC 6455 §5.3), with a key of their choice.
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
        let mut socket = WebSocket::over(route, stream, early.to_vec()).await;
        socket.sent = text_behind.map(Message::text).into_iter().collect();
        Ok((response, Some(socket)))
    }
}

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    route: Route,
    sink: Outgoing,
    stream: Incoming,
    /// Messages that arrived while waiting for another.
    kept: VecDeque<Message>,
    /// The text or binary messages sent last: one, or those of an exchange.
    pub sent: Vec<Message>,
}

impl WebSocket {
    /// What is opened by a handshake on `stream`, of which `early` was read behind the response.
    pub(super) async fn over(route: Route, stream: Stream, early: Vec<u8>) -> WebSocket {
        let limit = Some(route.limits().size);
        let config = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
        let socket = WebSocketStream::from_partially_read(stream, early, Role::Client, Some(config)).await;
        let (sink, stream) = socket.split();
        WebSocket { route, sink, stream, kept: VecDeque::new(), sent: Vec::new() }
    }

    /// Sends a message, ping or Close frame.
    ///
    /// # Errors
    /// When the WebSocket is closed.
    pub async fn send(&mut self, message: Message) -> Result<(), ClientError> {
        if self.route.policy().is_some() && !(message.is_ping() || message.is_pong() || message.is_close()) {
            return Err(refused("a WebSocket message may have side effects"));
        }
        if message.is_text() || message.is_binary() {
            self.sent = vec![message.clone()];
        }
        with_timeout(self.route.timeout(), "the proxy to read", self.sink.send(message)).await
    }

    /// Sends a Close frame without a code.
    ///
    /// # Errors
    /// When the WebSocket is closed.
    pub async fn close(&mut self) -> Result<(), ClientError> {
        self.send(Message::Close(None)).await
    }

    /// Sends a text as one message in `count` frames. Characters may be split: only the whole message has to be UTF-8
    /// (RFC 6455 §5.6).
    ///
    /// # Errors
    /// When the WebSocket is closed.
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

    /// The next message or control frame. Pings and Close frames are answered.
    ///
    /// # Errors
    /// When the WebSocket is closed, or nothing arrives.
    pub async fn next(&mut self) -> Result<Message, ClientError> {
        let next = async { Ok::<_, ClientError>(self.stream.next().await) };
        let message = match with_timeout(self.route.timeout(), "a WebSocket message", next).await? {
            Some(message) => message?,
            None => return Err(connection_dropped("")),
        };
        if message.is_ping() || message.is_close() {
            // If it fails, the next read reports why.
            let _ = self.sink.flush().await;
        }
        Ok(message)
    }

    /// The next message or control frame that is `wanted`, or the Close frame. Others that arrive before it are kept.
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
            self.keep(message)?;
        }
    }

    /// Says nothing for so long, or until the other end says goodbye, which is returned. What else comes is kept.
    ///
    /// # Errors
    /// When the WebSocket is dropped.
    pub async fn stay_silent(&mut self, time: Duration) -> Result<Option<Message>, ClientError> {
        let silence = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(message)) if message.is_close() => return Ok(message),
                    Some(message) => self.keep(message?)?,
                    None => return Err(connection_dropped("")),
                }
            }
        };
        tokio::time::timeout(time, silence).await.ok().transpose()
    }

    fn keep(&mut self, message: Message) -> Result<(), ClientError> {
        self.kept.push_back(message);
        self.route.limits().check(self.kept.iter().map(Message::len).sum())
    }

    /// Sends all `messages` while reading as many text and binary messages into `received`.
    ///
    /// # Errors
    /// When the WebSocket is closed before they have arrived, or nothing more arrives.
    pub async fn exchange(
        &mut self,
        messages: Vec<Message>,
        received: &mut Vec<Message>,
    ) -> Result<(), ClientError> {
        if self.route.policy().is_some() {
            return Err(refused("a WebSocket message may have side effects"));
        }
        self.sent.clone_from(&messages);
        let timeout = self.route.timeout();
        let count = messages.len();
        let mut outgoing = futures::stream::iter(messages.into_iter().map(Ok));
        let WebSocket { sink, stream, .. } = self;
        let sending = async { sink.send_all(&mut outgoing).await.map_err(ClientError::from) };
        let receiving = async {
            while received.len() < count {
                let next = async { Ok::<_, ClientError>(stream.next().await) };
                match with_timeout(timeout, "a WebSocket message", next).await? {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        return Err(ClientError::Session(describe_close(frame.as_ref())));
                    }
                    Some(message) => received.push(message?),
                    None => return Err(connection_dropped("")),
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

/// Describes a message; a long one by its length and digest.
pub fn describe_message(message: &Message) -> String {
    const MAX_INLINE: usize = 160;
    let (kind, data): (&str, &[u8]) = match message {
        Message::Text(text) if text.len() <= MAX_INLINE => return format!("the text {:?}", text.as_str()),
        Message::Text(text) => ("text", text.as_bytes()),
        Message::Binary(data) => ("binary", data),
        Message::Ping(data) => ("ping", data),
        Message::Pong(data) => ("pong", data),
        Message::Close(frame) => return format!("a Close frame {}", describe_code(frame.as_ref())),
        Message::Frame(frame) => ("frame", frame.payload()),
    };
    if data.len() <= MAX_INLINE {
        return format!("the {kind} \"{}\"", data.escape_ascii());
    }
    format!("a {kind} of {} bytes, sha256 {}", data.len(), digest(data))
}

/// Describes how a WebSocket was closed.
pub(super) fn describe_close(frame: Option<&CloseFrame>) -> String {
    format!("the WebSocket was closed {}", describe_code(frame))
}

fn describe_code(frame: Option<&CloseFrame>) -> String {
    match frame {
        Some(frame) => format!("with {} {:?}", u16::from(frame.code), frame.reason.as_str()),
        None => "without a code".to_owned(),
    }
}

fn connection_dropped(why: &str) -> ClientError {
    ClientError::Session(format!(
        "the WebSocket was dropped: the connection ended without a Close frame{why}"
    ))
}

/// Splits `bytes` into `count` even pieces.
fn pieces(bytes: &[u8], count: usize) -> Vec<Vec<u8>> {
    let cut = |nth: usize| bytes.len() * nth / count;
    (0..count).map(|nth| bytes[cut(nth)..cut(nth + 1)].to_vec()).collect()
}

impl From<Error> for ClientError {
    fn from(error: Error) -> ClientError {
        use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
        match error {
            Error::Io(error) => connection_dropped(&format!(" ({error})")),
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => connection_dropped(""),
            Error::Protocol(ProtocolError::SendAfterClosing) => {
                ClientError::Session("the WebSocket is already closed".to_owned())
            }
            Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
                ClientError::TooLarge { limit: max_size }
            }
            error => ClientError::Protocol { protocol: "WebSocket", reason: error.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_the_scenario_overrides_the_handshakes_own() {
        let request = Handshake::new("/ws", &[("sec-websocket-version".into(), "8".into())]).request;
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Connection", "Upgrade", "Sec-WebSocket-Key", "sec-websocket-version"]);
    }

    #[test]
    fn the_accept_key_matches_the_example_of_the_rfc() {
        let key = [("Sec-WebSocket-Key".to_owned(), "dGhlIHNhbXBsZSBub25jZQ==".to_owned())];
        let accept = Handshake::accept(&Handshake::new("/ws", &key).request);
        assert_eq!(accept.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn a_101_is_taken_as_browsers_take_it() {
        let key = ("Sec-WebSocket-Key".to_owned(), "dGhlIHNhbXBsZSBub25jZQ==".to_owned());
        let offer = ("Sec-WebSocket-Protocol".to_owned(), "v12.stomp, v11.stomp".to_owned());
        let mistake = |headers: &[(String, String)], fields: &str| {
            let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
            let (response, _) = Response::parse(head.as_bytes(), "GET").unwrap().unwrap();
            Handshake::new("/ws", headers).mistake_in(&response)
        };
        let right = "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        let plain = [key.clone()];
        assert_eq!(mistake(&plain, right), None);
        assert_eq!(
            mistake(&plain, "Connection: Upgrade\r\n").unwrap(),
            "the 101 has no `upgrade: websocket`"
        );
        assert_eq!(
            mistake(&plain, "Upgrade: websocket\r\n").unwrap(),
            "the 101 has no `connection: upgrade`"
        );
        let other_key = right.replace("s3p", "x3p");
        assert_eq!(
            mistake(&plain, &other_key).unwrap(),
            "the 101 has not the Sec-WebSocket-Accept of its key"
        );
        let offering = [key, offer];
        let agreeing = |name: &str| format!("{right}Sec-WebSocket-Protocol: {name}\r\n");
        assert_eq!(mistake(&offering, &agreeing("v11.stomp")), None);
        assert!(mistake(&offering, &agreeing("v10.stomp")).unwrap().contains("was not offered"));
        assert!(mistake(&plain, &agreeing("v11.stomp")).unwrap().contains("was not offered"));
        assert!(mistake(&offering, right).unwrap().starts_with("no subprotocol was agreed on"));
    }

    #[test]
    fn a_text_is_split_into_pieces() {
        assert_eq!(pieces(b"abcdefg", 3), [b"ab".to_vec(), b"cd".to_vec(), b"efg".to_vec()]);
        assert_eq!(pieces(b"a", 2), [b"".to_vec(), b"a".to_vec()]);
    }

    #[test]
    fn a_message_is_described_in_words() {
        assert_eq!(describe_message(&Message::text("재고")), "the text \"재고\"");
        assert_eq!(describe_message(&Message::binary(vec![0, 0xff])), r#"the binary "\x00\xff""#);
        assert_eq!(describe_message(&Message::Close(None)), "a Close frame without a code");
    }
}
