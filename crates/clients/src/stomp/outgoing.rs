//! The sending side of a session: frames, and heart-beats in between.

use std::time::Duration;

use futures::SinkExt as _;
use mock_upstreams::stomp::frame::{Frame, Version};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::websocket::Outgoing;
use crate::{ClientError, sockjs};
use hopcheck_site::profile::Transport;

/// How frames are encoded as WebSocket messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoding {
    pub(super) transport: Transport,
    pub(super) version: Version,
}

impl Encoding {
    /// A text message, or a binary one when the frame is not UTF-8.
    ///
    /// # Errors
    /// When it is not UTF-8, and the transport is SockJS.
    pub(super) fn message(self, frame: &Frame) -> Result<Message, ClientError> {
        match (String::from_utf8(frame.encode(self.version)), self.transport) {
            (Ok(text), Transport::WebSocket) => Ok(Message::text(text)),
            (Ok(text), Transport::SockJs) => Ok(Message::text(sockjs::encode_message(&text))),
            (Err(error), Transport::WebSocket) => Ok(Message::binary(error.into_bytes())),
            (Err(_), Transport::SockJs) => {
                Err(ClientError::Session("SockJS only carries text, and this frame is not UTF-8".to_owned()))
            }
        }
    }

    pub(super) fn heart_beat(self) -> Message {
        match self.transport {
            Transport::WebSocket => Message::text("\n"),
            Transport::SockJs => Message::text(sockjs::encode_message("\n")),
        }
    }
}

/// Sends queued messages, and a heart-beat whenever the queue was empty for a while.
pub(super) async fn write(
    mut sink: Outgoing,
    mut queue: mpsc::UnboundedReceiver<Message>,
    heart_beat: Message,
    beat: Option<Duration>,
) {
    // Somewhat earlier than agreed: sent at the end of the interval, it would arrive late.
    let interval = beat.map(|beat| beat * 4 / 5);
    loop {
        let message = tokio::select! {
            message = queue.recv() => match message {
                Some(message) => message,
                None => return,
            },
            () = pause(interval) => heart_beat.clone(),
        };
        if sink.send(message).await.is_err() {
            return; // the reader finds out how the session ended
        }
    }
}

async fn pause(interval: Option<Duration>) {
    match interval {
        Some(interval) => tokio::time::sleep(interval).await,
        None => std::future::pending().await,
    }
}
