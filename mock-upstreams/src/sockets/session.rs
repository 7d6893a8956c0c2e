use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};

use super::sockjs;
use crate::journal::{self, MessageKind, Recorder, SessionEnd};

/// How long a client may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether messages are wrapped as SockJS wraps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Plain,
    SockJs,
}

/// An open WebSocket whose messages go into the journal.
pub(crate) struct Socket {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

pub(super) struct Reader {
    stream: SplitStream<WebSocket>,
    log: Arc<Log>,
    framing: Framing,
    unwrapped: VecDeque<Incoming>,
}

pub(super) struct Writer {
    sink: SplitSink<WebSocket, Message>,
    log: Arc<Log>,
    framing: Framing,
}

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl Socket {
    pub(super) async fn new(socket: WebSocket, log: Log, framing: Framing) -> Self {
        let (log, (sink, stream)) = (Arc::new(log), socket.split());
        let reader = Reader { stream, log: Arc::clone(&log), framing, unwrapped: VecDeque::new() };
        let mut writer = Writer { sink, log, framing };
        if framing == Framing::SockJs {
            writer.raw(Message::text(sockjs::OPEN)).await;
        }
        Self { reader, writer }
    }

    /// The next message; `None` once the session is over. Safe to cancel.
    pub(crate) async fn receive(&mut self) -> Option<Incoming> {
        self.reader.next().await
    }

    /// Sends a text message. What cannot be sent any more shows in [`Socket::receive`].
    pub(crate) async fn text(&mut self, text: String) {
        self.writer.text(text).await;
    }

    /// Sends a binary message.
    pub(crate) async fn binary(&mut self, data: Bytes) {
        self.writer.binary(data).await;
    }

    /// Closes the session, and waits for the client to do so, too.
    pub(crate) async fn close(mut self, code: Option<u16>, reason: &str) {
        self.writer.close(code, reason).await;
        self.reader.drain().await;
    }
}

impl Reader {
    pub(super) async fn next(&mut self) -> Option<Incoming> {
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
                        Framing::Plain => return Some(Incoming::Text(text)),
                        Framing::SockJs => self.unwrapped.extend(sockjs::unwrap(&text).map(Incoming::Text)),
                    }
                }
                Message::Binary(data) => {
                    self.log.received(MessageKind::Binary, &data);
                    return Some(Incoming::Binary(data));
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
    pub(super) async fn drain(&mut self) {
        let closed = async { while self.next().await.is_some() {} };
        // Whoever does not answer in time is left.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
    }
}

impl Writer {
    pub(super) async fn text(&mut self, text: String) {
        let text = match self.framing {
            Framing::Plain => text,
            Framing::SockJs => sockjs::wrap(&text),
        };
        self.raw(Message::text(text)).await;
    }

    pub(super) async fn binary(&mut self, data: Bytes) {
        self.raw(Message::Binary(data)).await;
    }

    pub(super) async fn ping(&mut self, payload: Bytes) {
        self.raw(Message::Ping(payload)).await;
    }

    pub(super) async fn close(&mut self, code: Option<u16>, reason: &str) {
        if self.framing == Framing::SockJs {
            self.raw(Message::text(sockjs::CLOSE)).await;
        }
        self.log.end(SessionEnd::ClosedByServer { code, reason: reason.to_owned() });
        let frame = code.map(|code| CloseFrame { code, reason: Utf8Bytes::from(reason) });
        // When it fails, the client has gone first.
        let _ = self.sink.send(Message::Close(frame)).await;
    }

    async fn raw(&mut self, message: Message) {
        if self.sink.send(message).await.is_ok() {
            self.log.sent();
        }
    }
}

/// The journal's entry of a session. It ends at the latest when this is dropped.
pub(super) struct Log {
    journal: Arc<Recorder>,
    sequence: u64,
}

impl Log {
    pub(super) fn open(journal: Arc<Recorder>, sequence: u64, subprotocol: Option<String>) -> Self {
        journal.session_opened(sequence, subprotocol);
        Self { journal, sequence }
    }

    fn received(&self, kind: MessageKind, payload: &[u8]) {
        let message = journal::Message::new(kind, payload);
        self.journal.amend_session(self.sequence, |session| session.received.push(message));
    }

    fn sent(&self) {
        self.journal.amend_session(self.sequence, |session| session.sent += 1);
    }

    /// Enters how the session ended; whoever was first stays.
    fn end(&self, end: SessionEnd) {
        self.journal.amend_session(self.sequence, |session| {
            session.end.get_or_insert(end);
        });
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.end(SessionEnd::Aborted { why: "the session was dropped".to_owned() });
    }
}
