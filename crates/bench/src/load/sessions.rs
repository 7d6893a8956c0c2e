//! WebSocket sessions: messages that come back, or none at all.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use futures::stream::FuturesUnordered;
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::Seen;
use crate::Error;
use crate::backend::small;

type Session = WebSocketStream<TcpStream>;

async fn open(port: u16) -> Result<Session, Error> {
    let opening = async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let address = format!("ws://127.0.0.1:{port}/stomp/websocket");
        Ok(tokio_tungstenite::client_async_with_config(address, stream, Some(small())).await?.0)
    };
    tokio::time::timeout(Duration::from_secs(20), opening).await.map_err(|_| "not opened within 20 s")?
}

fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Sends a message on each session, again as soon as it came back.
///
/// # Errors
/// When a session cannot be opened.
pub(crate) fn echo(port: u16, sessions: usize, size: usize, time: Duration) -> Result<Seen, Error> {
    block_on(async {
        let mut open_sessions = Vec::new();
        for _ in 0..sessions {
            open_sessions.push(open(port).await?);
        }
        let begun = Instant::now();
        let mut talks: FuturesUnordered<_> =
            open_sessions.into_iter().map(|session| talk(session, size, begun + time)).collect();
        let mut seen = Seen::default();
        while let Some((done, lost)) = talks.next().await {
            seen.done += done;
            seen.failures += u64::from(lost);
        }
        seen.elapsed = begun.elapsed();
        seen.bytes = seen.done * size as u64;
        Ok(seen)
    })
}

/// How many messages came back as they were sent, and whether the session was lost.
async fn talk(mut session: Session, size: usize, end: Instant) -> (u64, bool) {
    let text = "x".repeat(size);
    let mut done = 0;
    while Instant::now() < end {
        if session.send(Message::text(text.clone())).await.is_err() {
            return (done, true);
        }
        match session.next().await {
            Some(Ok(message)) if message.len() == size => done += 1,
            _ => return (done, true),
        }
    }
    (done, false)
}

/// Opens sessions that say nothing, and calls `look` while they are all open.
///
/// # Errors
/// When a session cannot be opened, or was closed since.
pub(crate) fn idle<T>(port: u16, sessions: usize, look: impl FnOnce() -> T) -> Result<T, Error> {
    block_on(async {
        let mut open_sessions = Vec::with_capacity(sessions);
        for nth in 0..sessions {
            open_sessions.push(open(port).await.map_err(|error| format!("session {nth}: {error}"))?);
        }
        let looked = look();
        // Every one must still carry a message.
        let (done, lost) = match open_sessions.pop() {
            Some(last) => talk_once(last).await,
            None => (0, false),
        };
        if lost || done == 0 { Err("a session that said nothing was lost".into()) } else { Ok(looked) }
    })
}

async fn talk_once(mut session: Session) -> (u64, bool) {
    if session.send(Message::text("?")).await.is_err() {
        return (0, true);
    }
    match session.next().await {
        Some(Ok(message)) if message.is_text() => (1, false),
        _ => (0, true),
    }
}
