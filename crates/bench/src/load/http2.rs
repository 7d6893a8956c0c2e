//! Closed loop over HTTP/2: a connection, on each stream of which another request follows the answer.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use h2::client::{Builder, SendRequest};
use tokio::net::TcpStream;

use super::Seen;
use crate::Error;

/// How much of each answer may be on its way, as browsers have it.
const WINDOW_SIZE: u32 = 6 * 1024 * 1024;

/// Asks for `path` on so many streams at a time. Servers end a connection now and then, which another one follows.
///
/// # Errors
/// When there is no connection.
pub(crate) fn run(port: u16, path: &str, streams: usize, time: Duration) -> Result<Seen, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let mut seen = Seen::default();
        while begun.elapsed() < time {
            let requests = connect(port).await?;
            let mut talks: FuturesUnordered<_> =
                (0..streams).map(|_| talk(requests.clone(), port, path, begun + time)).collect();
            while let Some(talk) = talks.next().await {
                seen.done += talk.done;
                seen.bytes += talk.bytes;
                seen.failures += talk.failures;
            }
        }
        seen.elapsed = begun.elapsed();
        Ok(seen)
    })
}

async fn connect(port: u16) -> Result<SendRequest<Bytes>, Error> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    let mut settings = Builder::new();
    settings.initial_window_size(WINDOW_SIZE).initial_connection_window_size(WINDOW_SIZE);
    let (requests, connection) = settings.handshake(stream).await?;
    tokio::spawn(connection);
    Ok(requests)
}

/// One stream after another, until the time is over or the server takes no more.
async fn talk(mut requests: SendRequest<Bytes>, port: u16, path: &str, end: Instant) -> Seen {
    let mut seen = Seen::default();
    while Instant::now() < end {
        match requests.ready().await {
            Ok(ready) => requests = ready,
            Err(_) => return seen,
        }
        match ask(&mut requests, port, path).await {
            Ok(bytes) => {
                seen.done += 1;
                seen.bytes += bytes;
            }
            // It was on its way when the server said that it takes no more, and has not been looked at.
            Err(error) if error.is_go_away() => return seen,
            Err(_) => {
                seen.failures += 1;
                return seen;
            }
        }
    }
    seen
}

/// The length of the answer.
async fn ask(requests: &mut SendRequest<Bytes>, port: u16, path: &str) -> Result<u64, h2::Error> {
    let request = http::Request::get(format!("http://127.0.0.1:{port}{path}"));
    let request = request.body(()).map_err(|_| h2::Error::from(h2::Reason::INTERNAL_ERROR))?;
    let (response, _) = requests.send_request(request, true)?;
    let response = response.await?;
    if response.status() != http::StatusCode::OK {
        return Err(h2::Reason::INTERNAL_ERROR.into());
    }
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(data) = body.data().await {
        let count = data?.len();
        bytes += count as u64;
        body.flow_control().release_capacity(count)?;
    }
    Ok(bytes)
}
