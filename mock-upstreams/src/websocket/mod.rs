//! An open WebSocket whose messages go into the journal, with SockJS around them or without. A SockJS session over HTTP is
//! one, too.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio::time::Instant;

use crate::journal::{self, MessageKind, Recorder, SessionEnd};
use crate::sockjs::{Incoming, Outgoing, frame};

/// How long a client may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether messages are wrapped as SockJS wraps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Plain,
    /// With a heart-beat of its own after this silence.
    SockJs(Duration),
}

/// An open WebSocket whose messages go into the journal.
pub(crate) struct Socket {
    pub(crate) reader: SocketReader,
    pub(crate) writer: SocketWriter,
}

pub(crate) struct SocketReader {
    stream: Incoming,
    log: Arc<SessionLog>,
    framing: Framing,
    unwrapped: VecDeque<ClientMessage>,
}

pub(crate) struct SocketWriter {
    sink: Outgoing,
    log: Arc<SessionLog>,
    framing: Framing,
    /// When something was sent last.
    last_sent: Instant,
}

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl From<String> for ClientMessage {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl Socket {
    pub(crate) async fn new(socket: WebSocket, log: SessionLog, framing: Framing) -> Self {
        let (sink, stream) = socket.split();
        Self::over(Box::pin(stream), Box::pin(sink), log, framing).await
    }

    /// What behaves as a WebSocket does.
    pub(crate) async fn over(stream: Incoming, sink: Outgoing, log: SessionLog, framing: Framing) -> Self {
        let log = Arc::new(log);
        let reader = SocketReader { stream, log: Arc::clone(&log), framing, unwrapped: VecDeque::new() };
        let mut writer = SocketWriter { sink, log, framing, last_sent: Instant::now() };
        if let Framing::SockJs(_) = framing {
            writer.raw(Message::text(frame::OPEN)).await;
        }
        Self { reader, writer }
    }

    /// The next message; `None` once the session is over. Safe to cancel.
    pub(crate) async fn receive(&mut self) -> Option<ClientMessage> {
        let Framing::SockJs(silence) = self.writer.framing else { return self.reader.next().await };
        loop {
            tokio::select! {
                incoming = self.reader.next() => return incoming,
                () = tokio::time::sleep_until(self.writer.last_sent + silence) => {
                    self.writer.raw(Message::text(frame::HEART_BEAT)).await;
                }
            }
        }
    }

    /// Sends a text message. A failure to send shows in [`Socket::receive`].
    pub(crate) async fn text(&mut self, text: String) {
        self.writer.text(text).await;
    }

    /// Sends a binary message. SockJS has none: there, bytes that are not UTF-8 are replaced, as Spring does.
    pub(crate) async fn binary(&mut self, data: Bytes) {
        self.writer.binary(data).await;
    }

    /// Closes the session, and waits for the client to do so, too.
    pub(crate) async fn close(mut self, code: Option<u16>, reason: &str) {
        self.writer.close(code, reason).await;
        self.reader.drain().await;
    }
}

impl SocketReader {
    pub(crate) async fn next(&mut self) -> Option<ClientMessage> {
        loop {
            if let Some(message) = self.unwrapped.pop_front() {
                return Some(message);
            }
            let message = match self.stream.next().await {
                None => {
                    self.log.end(SessionEnd::Aborted {
                        why: "the connection ended without a close frame".to_owned(),
                    });
                    return None;
                }
                Some(Err(error)) => {
                    self.log.end(SessionEnd::Aborted { why: error.to_string() });
                    return None;
                }
                Some(Ok(message)) => message,
            };
            match message {
                Message::Text(text) => {
                    self.log.received(MessageKind::Text, text.as_bytes());
                    match self.framing {
                        Framing::Plain => return Some(ClientMessage::Text(text)),
                        Framing::SockJs(_) => match frame::unwrap(&text) {
                            Ok(texts) => self.unwrapped.extend(texts.into_iter().map(ClientMessage::from)),
                            Err(error) => {
                                let why = format!("the client sent no JSON array of strings: {error}");
                                self.log.end(SessionEnd::Aborted { why });
                                return None;
                            }
                        },
                    }
                }
                Message::Binary(data) => {
                    self.log.received(MessageKind::Binary, &data);
                    return Some(ClientMessage::Binary(data));
                }
                Message::Ping(data) => self.log.received(MessageKind::Ping, &data),
                Message::Pong(data) => self.log.received(MessageKind::Pong, &data),
                Message::Close(frame) => {
                    let code = frame.as_ref().map(|frame| frame.code);
                    let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    self.log.end(SessionEnd::ClosedByClient { code, reason });
                }
            }
        }
    }

    /// Reads on until the client has closed, too.
    pub(crate) async fn drain(&mut self) {
        let closed = async { while self.next().await.is_some() {} };
        // A client that does not answer in time is dropped.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
    }
}

impl SocketWriter {
    pub(crate) async fn text(&mut self, text: String) {
        let text = match self.framing {
            Framing::Plain => text,
            Framing::SockJs(_) => frame::wrap(&text),
        };
        self.raw(Message::text(text)).await;
    }

    pub(crate) async fn binary(&mut self, data: Bytes) {
        match self.framing {
            Framing::Plain => self.raw(Message::Binary(data)).await,
            Framing::SockJs(_) => self.text(String::from_utf8_lossy(&data).into_owned()).await,
        }
    }

    pub(crate) async fn ping(&mut self, payload: Bytes) {
        self.raw(Message::Ping(payload)).await;
    }

    pub(crate) async fn close(&mut self, code: Option<u16>, reason: &str) {
        if let Framing::SockJs(_) = self.framing {
            self.raw(Message::text(frame::close(code, reason))).await;
        }
        self.log.end(SessionEnd::ClosedByServer { code, reason: reason.to_owned() });
        let frame = code.map(|code| CloseFrame { code, reason: Utf8Bytes::from(reason) });
        // If this fails, the client has gone first.
        let _ = self.sink.send(Message::Close(frame)).await;
    }

    async fn raw(&mut self, message: Message) {
        self.last_sent = Instant::now();
        if self.sink.send(message).await.is_ok() {
            self.log.sent();
        }
    }
}

/// The journal's entry of a session. It ends at the latest when this is dropped.
pub(crate) struct SessionLog {
    journal: Arc<Recorder>,
    sequence: u64,
}

impl SessionLog {
    pub(crate) fn open(journal: Arc<Recorder>, sequence: u64, subprotocol: Option<String>) -> Self {
        journal.session_opened(sequence, subprotocol);
        Self { journal, sequence }
    }

    fn received(&self, kind: MessageKind, payload: &[u8]) {
        let message = journal::Message::new(kind, payload);
        self.journal.update_session(self.sequence, |session| session.received.push(message));
    }

    fn sent(&self) {
        self.journal.update_session(self.sequence, |session| session.sent += 1);
    }

    /// Enters how the session ended; the first end counts.
    fn end(&self, end: SessionEnd) {
        self.journal.update_session(self.sequence, |session| {
            session.end.get_or_insert(end);
        });
    }
}

impl Drop for SessionLog {
    fn drop(&mut self) {
        self.end(SessionEnd::Aborted { why: "the session was dropped".to_owned() });
    }
}
