use std::sync::Arc;

use bytes::Bytes;
use futures::future;
use serde::Deserialize;

use crate::instance::Instance;
use crate::transport::Connection;
use crate::websocket::{ClientMessage, Socket, SocketReader, SocketWriter};

/// The query of `/stomp/echo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EchoQuery {
    close: Option<String>,
    flood: Option<u32>,
    size: Option<usize>,
    push: Option<u32>,
    ping: Option<String>,
    greet: Option<String>,
}

impl EchoQuery {
    /// Whether a message is sent in one segment with the 101.
    pub(super) fn greets(&self) -> bool {
        self.greet.is_some()
    }
}

pub(super) async fn run(
    mut socket: Socket,
    query: EchoQuery,
    instance: Arc<Instance>,
    connection: Arc<Connection>,
) {
    if let Some(text) = query.greet {
        socket.writer.text(text).await;
        connection.cork(false);
    }
    if let Some(close) = query.close {
        let (code, reason) = close.split_once(',').unwrap_or((&close, ""));
        return socket.close(code.parse().ok(), reason).await;
    }
    if let Some(payload) = query.ping {
        socket.writer.ping(Bytes::from(payload)).await;
    }
    if let Some(count) = query.flood {
        flood(socket.reader, socket.writer, count, query.size.unwrap_or(0)).await;
        return;
    }
    let mut pushed = 0;
    loop {
        tokio::select! {
            message = socket.reader.next() => match message {
                Some(ClientMessage::Text(text)) => socket.writer.text(text.to_string()).await,
                Some(ClientMessage::Binary(data)) => socket.writer.binary(data).await,
                None => return,
            },
            () = instance.gate.step(), if query.push.is_some_and(|count| pushed < count) => {
                socket.writer.text(pushed.to_string()).await;
                pushed += 1;
            }
        }
    }
}

/// Sends and reads concurrently.
async fn flood(mut reader: SocketReader, mut writer: SocketWriter, count: u32, size: usize) {
    let sending = async {
        for number in 0..count {
            writer.text(format!("{number:<size$}")).await;
        }
    };
    let reading = async { while reader.next().await.is_some() {} };
    future::join(sending, reading).await;
}
