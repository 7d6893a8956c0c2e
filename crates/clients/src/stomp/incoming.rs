//! The receiving side of a session: frames are collected until a step asks for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt as _;
use mock_upstreams::stomp::frame::{Decoder, Frame, Input};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::sockjs::{self, ServerFrame};
use crate::websocket::{Incoming, describe_close, describe_message};
use crate::{AnswerLimits, ClientError};
use hopcheck_site::profile::Transport;

/// The prefix of the client's own receipts and destinations, which are hidden from scenarios.
pub(super) const OWN_PREFIX: &str = "hopcheck-";

/// What has been received so far.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) frames: Vec<Frame>,
    /// How many bytes the bodies of `frames` have.
    size: usize,
    pub(super) beats: usize,
    /// How the session ended.
    pub(super) ended: Option<String>,
    /// The close code of the app server; 1005 if there was none.
    pub(super) close_code: Option<u16>,
}

impl Inbox {
    /// Frames of that command, except those the client sent to itself.
    pub(super) fn of(&self, command: &str) -> impl Iterator<Item = Frame> {
        let own = |frame: &Frame, header| frame.get(header).is_some_and(|value| value.contains(OWN_PREFIX));
        let of_command = self.frames.iter().filter(move |frame| frame.command == command);
        of_command.filter(move |frame| !own(frame, "receipt-id") && !own(frame, "destination")).cloned()
    }

    /// Forgets messages.
    fn discard_messages(&mut self) {
        self.frames.retain(|frame| frame.command != "MESSAGE");
        self.size = self.frames.iter().map(|frame| frame.body.len()).sum();
    }

    /// Decodes a message.
    fn take(&mut self, data: &[u8], decoder: &mut Decoder) {
        decoder.push(data);
        self.beats += usize::from(data.iter().all(|byte| matches!(byte, b'\r' | b'\n')));
        loop {
            match decoder.next() {
                Ok(Some(Input::Frame(frame))) => {
                    self.size = self.size.saturating_add(frame.body.len());
                    self.frames.push(frame);
                }
                Ok(Some(Input::HeartBeat)) => {}
                Ok(None) => return,
                Err(error) => {
                    self.ended = Some(format!("this is not STOMP: {error}"));
                    return;
                }
            }
        }
    }

    /// Decodes a SockJS frame.
    fn take_sockjs(&mut self, frame: &str, decoder: &mut Decoder) {
        match sockjs::parse_frame(frame) {
            Ok(ServerFrame::Messages(messages)) => {
                messages.iter().for_each(|message| self.take(message.as_bytes(), decoder));
            }
            Ok(ServerFrame::HeartBeat) => {} // of SockJS, not of STOMP
            Ok(ServerFrame::Open) => self.ended = Some("SockJS opened the session a second time".to_owned()),
            Ok(ServerFrame::Closed(code, reason)) => {
                self.close_code = Some(code);
                self.ended = Some(format!("SockJS closed the session with {code} {reason:?}"));
            }
            Err(error) => self.ended = Some(error.to_string()),
        }
    }
}

/// Waits for SockJS to open the session.
pub(super) async fn wait_for_open(stream: &mut Incoming) -> Result<(), ClientError> {
    loop {
        let first = match stream.next().await {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(frame))) => {
                return Err(ClientError::Session(describe_close(frame.as_ref())));
            }
            Some(first) => first?,
            None => return Err(ClientError::Session("the WebSocket was dropped".to_owned())),
        };
        let Message::Text(frame) = &first else {
            let reason = format!("expected the frame \"o\", got {}", describe_message(&first));
            return Err(ClientError::Protocol { protocol: "SockJS", reason });
        };
        return match sockjs::parse_frame(frame)? {
            ServerFrame::Open => Ok(()),
            ServerFrame::Closed(code, reason) => {
                Err(ClientError::Session(format!("SockJS refused the session with {code} {reason:?}")))
            }
            ServerFrame::HeartBeat | ServerFrame::Messages(_) => {
                let reason = format!("expected the frame \"o\", got {}", describe_message(&first));
                Err(ClientError::Protocol { protocol: "SockJS", reason })
            }
        };
    }
}

/// Collects frames until the session is over.
pub(super) async fn read(
    mut stream: Incoming,
    transport: Transport,
    mut decoder: Decoder,
    inbox: watch::Sender<Inbox>,
    discards_messages: Arc<AtomicBool>,
    limits: AnswerLimits,
) {
    let mut close_code = None;
    let ended = loop {
        let message = match stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => break ClientError::from(error).to_string(),
            None => break "the WebSocket was dropped".to_owned(),
        };
        match message {
            Message::Text(frame) if transport == Transport::SockJs => {
                inbox.send_modify(|inbox| inbox.take_sockjs(&frame, &mut decoder));
            }
            Message::Text(text) => inbox.send_modify(|inbox| inbox.take(text.as_bytes(), &mut decoder)),
            Message::Binary(data) => inbox.send_modify(|inbox| inbox.take(&data, &mut decoder)),
            Message::Close(frame) => {
                close_code = Some(frame.as_ref().map_or(1005, |frame| u16::from(frame.code)));
                break describe_close(frame.as_ref());
            }
            _ => {}
        }
        if discards_messages.load(Ordering::Relaxed) {
            inbox.send_if_modified(|inbox| {
                inbox.discard_messages();
                false
            });
        }
        if let Err(error) = limits.check(inbox.borrow().size) {
            break error.to_string();
        }
    };
    inbox.send_modify(|inbox| {
        inbox.ended.get_or_insert(ended);
        inbox.close_code = inbox.close_code.or(close_code);
    });
    // tungstenite answers a Close frame while reading on.
    while let Some(Ok(_)) = stream.next().await {}
}

#[cfg(test)]
mod tests {
    use mock_upstreams::stomp::frame::Version;

    use super::*;

    #[test]
    fn heart_beats_are_counted_and_the_clients_own_frames_hidden() {
        let (mut inbox, mut decoder) = (Inbox::default(), Decoder::new(Version::V1_2));
        inbox.take(b"RECEIPT\nreceipt-id:hopcheck-receipt-1\n\n\0\n", &mut decoder);
        inbox.take(b"\n", &mut decoder);
        inbox.take(b"RECEIPT\nreceipt-id:r", &mut decoder);
        inbox.take(b"-1\n\n\0", &mut decoder);
        let seen: Vec<Frame> = inbox.of("RECEIPT").collect();
        assert_eq!((seen, inbox.beats), (vec![Frame::new("RECEIPT").with("receipt-id", "r-1")], 1));
    }

    #[test]
    fn sockjs_messages_may_hold_whole_or_partial_frames() {
        let (mut inbox, mut decoder) = (Inbox::default(), Decoder::new(Version::V1_2));
        for frame in ["h", r#"a["\n","MESSAGE\nx:1\n"]"#, r#"a["\n차\u0000"]"#, r#"c[1000,"bye"]"#] {
            inbox.take_sockjs(frame, &mut decoder);
        }
        let expected = Frame::new("MESSAGE").with("x", "1").body("차");
        assert_eq!((inbox.frames, inbox.beats), (vec![expected], 1));
        assert_eq!(inbox.ended.as_deref(), Some("SockJS closed the session with 1000 \"bye\""));
    }
}
