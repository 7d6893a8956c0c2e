use std::sync::Arc;

use bytes::Bytes;
use futures::future;
use serde::Deserialize;

use super::session::{Incoming, Reader, Socket, Writer};
use crate::instance::Instance;
use crate::server::Connection;

/// What the query of `/stomp/echo` asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Orders {
    close: Option<String>,
    flood: Option<u32>,
    size: Option<usize>,
    push: Option<u32>,
    ping: Option<String>,
    greet: Option<String>,
}

impl Orders {
    /// Whether there is something to say in one breath with the 101.
    pub(super) fn greets(&self) -> bool {
        self.greet.is_some()
    }
}

pub(super) async fn run(
    mut socket: Socket,
    orders: Orders,
    instance: Arc<Instance>,
    connection: Arc<Connection>,
) {
    if let Some(text) = orders.greet {
        socket.writer.text(text).await;
        connection.hold_back(false);
    }
    if let Some(close) = orders.close {
        let (code, reason) = close.split_once(',').unwrap_or((&close, ""));
        return socket.close(code.parse().ok(), reason).await;
    }
    if let Some(payload) = orders.ping {
        socket.writer.ping(Bytes::from(payload)).await;
    }
    if let Some(count) = orders.flood {
        flood(socket.reader, socket.writer, count, orders.size.unwrap_or(0)).await;
        return;
    }
    let mut pushed = 0;
    loop {
        tokio::select! {
            message = socket.reader.next() => match message {
                Some(Incoming::Text(text)) => socket.writer.text(text.to_string()).await,
                Some(Incoming::Binary(data)) => socket.writer.binary(data).await,
                None => return,
            },
            () = instance.gate.step(), if orders.push.is_some_and(|count| pushed < count) => {
                socket.writer.text(pushed.to_string()).await;
                pushed += 1;
            }
        }
    }
}

/// Sends and reads at once, neither waiting for the other.
async fn flood(mut reader: Reader, mut writer: Writer, count: u32, size: usize) {
    let sending = async {
        for number in 0..count {
            writer.text(format!("{number:<size$}")).await;
        }
    };
    let reading = async { while reader.next().await.is_some() {} };
    future::join(sending, reading).await;
}
