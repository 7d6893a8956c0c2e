use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::frame::{Decoder, Input, Version};
use super::session::{Answer, Session};
use crate::instance::Instance;
use crate::sockets::{Incoming, Socket};

/// A client is given up after so many intervals without a sign of life.
const PATIENCE: u32 = 3;

/// Speaks STOMP over a WebSocket until either side ends it.
pub(crate) async fn serve(mut socket: Socket, instance: Arc<Instance>) {
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    // Held until the end: a server that quits waits for those who hold one.
    let mut quitting = instance.quitting.subscribe();
    let mut session = Session::new(instance, outbox);
    let close = tokio::select! {
        close = converse(&mut socket, &mut session, &mut inbox) => close,
        () = async { drop(quitting.wait_for(|quitting| *quitting).await) } => Some((1001, "going away")),
    };
    inbox.close();
    let mut unsent = Vec::new();
    while let Ok(delivered) = inbox.try_recv() {
        unsent.push(delivered);
    }
    session.leave(unsent);
    if let Some((code, reason)) = close {
        socket.close(Some(code), reason).await;
    }
}

/// Until the client is gone, or is to be closed with this code and reason.
async fn converse(
    socket: &mut Socket,
    session: &mut Session,
    inbox: &mut mpsc::UnboundedReceiver<super::broker::Delivered>,
) -> Option<(u16, &'static str)> {
    let mut decoder = Decoder::new(Version::default());
    let mut pulse = Pulse::default();
    loop {
        tokio::select! {
            incoming = socket.receive() => {
                pulse.heard();
                match incoming? {
                    Incoming::Text(text) => decoder.push(text.as_bytes()),
                    Incoming::Binary(data) => decoder.push(&data),
                }
                loop {
                    let answer = match decoder.next() {
                        Ok(None) => break,
                        Ok(Some(Input::HeartBeat)) => continue,
                        Ok(Some(Input::Frame(frame))) => session.handle(frame),
                        Err(error) => session.error("malformed frame", &error.to_string(), None),
                    };
                    decoder.set_version(session.version());
                    let Answer { frames, close, heart_beat } = answer;
                    for frame in frames {
                        send(socket, frame).await;
                        pulse.said();
                    }
                    if close.is_some() {
                        return close;
                    }
                    if let Some((every, expected)) = heart_beat {
                        pulse = Pulse::new(every, expected);
                    }
                }
            }
            Some(delivered) = inbox.recv() => {
                let message = session.deliver(delivered);
                send(socket, message).await;
                pulse.said();
            }
            () = at(pulse.next_beat()) => {
                socket.text("\n".to_owned()).await;
                pulse.said();
            }
            () = at(pulse.end_of_patience()) => return Some((1002, "no heart-beat")),
        }
    }
}

async fn send(socket: &mut Socket, frame: Vec<u8>) {
    match String::from_utf8(frame) {
        Ok(text) => socket.text(text).await,
        Err(binary) => socket.binary(Bytes::from(binary.into_bytes())).await,
    }
}

/// Waits until then; without a then, for ever.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The heart-beats of both sides.
#[derive(Debug)]
struct Pulse {
    every: Option<Duration>,
    expected: Option<Duration>,
    said: Instant,
    heard: Instant,
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Pulse {
    /// Intervals in milliseconds; 0 for never.
    fn new(every: u32, expected: u32) -> Self {
        let interval = |ms: u32| (ms > 0).then(|| Duration::from_millis(u64::from(ms)));
        let now = Instant::now();
        Self { every: interval(every), expected: interval(expected), said: now, heard: now }
    }

    fn said(&mut self) {
        self.said = Instant::now();
    }

    fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// A little before the interval is over, so that it arrives in time.
    fn next_beat(&self) -> Option<Instant> {
        Some(self.said + self.every? * 9 / 10)
    }

    fn end_of_patience(&self) -> Option<Instant> {
        Some(self.heard + self.expected? * PATIENCE)
    }
}
