//! The server's side of a STOMP session over WebSocket.

mod acks;
mod heart_beats;
mod session;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::instance::Instance;
use crate::stomp::broker::Delivery;
use crate::stomp::frame::{Decoder, Input, Version};
use crate::websocket::{ClientMessage, Socket};
use heart_beats::HeartBeats;
use session::{Reply, Session};

/// Speaks STOMP over a WebSocket until either side ends it.
pub(crate) async fn serve(mut socket: Socket, instance: Arc<Instance>) {
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    // Held until the end: a server that quits waits until all are dropped.
    let mut quitting = instance.quitting.subscribe();
    let mut session = Session::new(instance, outbox);
    let close = tokio::select! {
        close = run(&mut socket, &mut session, &mut inbox) => close,
        () = async { drop(quitting.wait_for(|quitting| *quitting).await) } => Some((1001, "going away")),
    };
    inbox.close();
    let mut unsent = Vec::new();
    while let Ok(delivery) = inbox.try_recv() {
        unsent.push(delivery);
    }
    session.end(unsent);
    if let Some((code, reason)) = close {
        socket.close(Some(code), reason).await;
    }
}

/// Runs until the client is gone, or is to be closed with this code and reason.
async fn run(
    socket: &mut Socket,
    session: &mut Session,
    inbox: &mut mpsc::UnboundedReceiver<Delivery>,
) -> Option<(u16, &'static str)> {
    let mut decoder = Decoder::new(Version::default());
    let mut heart_beats = HeartBeats::default();
    loop {
        tokio::select! {
            incoming = socket.receive() => {
                heart_beats.received();
                match incoming? {
                    ClientMessage::Text(text) => decoder.push(text.as_bytes()),
                    ClientMessage::Binary(data) => decoder.push(&data),
                }
                loop {
                    let reply = match decoder.next() {
                        Ok(None) => break,
                        Ok(Some(Input::HeartBeat)) => continue,
                        Ok(Some(Input::Frame(frame))) => session.handle(frame),
                        Err(error) => session.error("malformed frame", &error.to_string(), None),
                    };
                    decoder.set_version(session.version());
                    let Reply { frames, close, heart_beat } = reply;
                    for frame in frames {
                        send(socket, frame).await;
                        heart_beats.sent();
                    }
                    if close.is_some() {
                        return close;
                    }
                    if let Some((send, receive)) = heart_beat {
                        heart_beats = HeartBeats::new(send, receive);
                    }
                }
            }
            Some(delivery) = inbox.recv() => {
                let message = session.deliver(delivery);
                send(socket, message).await;
                heart_beats.sent();
            }
            () = sleep_until(heart_beats.send_at()) => {
                socket.text("\n".to_owned()).await;
                heart_beats.sent();
            }
            () = sleep_until(heart_beats.give_up_at()) => return Some((1002, "no heart-beat")),
        }
    }
}

async fn send(socket: &mut Socket, frame: Vec<u8>) {
    match String::from_utf8(frame) {
        Ok(text) => socket.text(text).await,
        Err(binary) => socket.binary(Bytes::from(binary.into_bytes())).await,
    }
}

/// Waits until that time, or for ever.
async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
