//! The client asks.

use std::time::Duration;

use cucumber::{given, when};
use gherkin::Step;

use super::{doc_string, request_line, rows};
use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_clients::{Body, ClientError, Connection, Framing, Request, describe_message};

/// So many requests nobody is refused for.
const FEW: usize = 2;

/// Sends a request, as `GET /api/items`, with nothing but `Host`, and awaits the whole response. The target goes out
/// byte for byte. The client keeps its connection from request to request.
#[given(expr = "the client sends {string}")]
#[when(expr = "the client sends {string}")]
async fn sends(world: &mut World, request: String) -> Checked {
    ask(world, &request, &[], Body::None).await
}

/// The same over HTTP/2, on a connection of its own, which must be chosen in the TLS handshake.
#[when(regex = r#"^the client sends "(.*)" over HTTP/2$"#)]
async fn sends_over_http2(world: &mut World, request: String) -> Checked {
    world.begin();
    let request = request_for(world, &request, &[])?;
    world.ask_over_http2(request).await?;
    Ok(())
}

/// The same with these headers; a `Host` among them replaces the client's own.
#[given(expr = "the client sends {string} with the headers:")]
#[when(expr = "the client sends {string} with the headers:")]
async fn sends_headers(world: &mut World, request: String, step: &Step) -> Checked {
    ask(world, &request, &rows(step)?, Body::None).await
}

/// The same with a text for a body, and its `Content-Length`.
#[given(expr = "the client sends {string} with the body {string}")]
#[when(expr = "the client sends {string} with the body {string}")]
async fn sends_body(world: &mut World, request: String, body: String) -> Checked {
    let body = world.bytes(&body);
    ask(world, &request, &[], Body::Sized(body)).await
}

/// The same with so many bytes of every value, and their `Content-Length`.
#[when(expr = "the client sends {string} with a body of {int} bytes")]
async fn sends_bytes(world: &mut World, request: String, length: usize) -> Checked {
    ask(world, &request, &[], Body::Sized(noise(length))).await
}

/// The same in chunks of uneven size, without a `Content-Length`.
#[when(expr = "the client sends {string} with a chunked body of {int} bytes")]
async fn sends_chunks(world: &mut World, request: String, length: usize) -> Checked {
    ask(world, &request, &[], Body::Chunked(uneven(&noise(length)))).await
}

/// Sends a request so many times, one after the other on one connection, which must stay open in between.
#[given(expr = "the client sends {string} {int} times")]
#[when(expr = "the client sends {string} {int} times")]
async fn sends_often(world: &mut World, request: String, times: usize) -> Checked {
    world.begin();
    world.connect().await?;
    for nth in 1..=times {
        let closed = world.connection.as_mut().is_none_or(Connection::looks_closed);
        ensure!(!closed, "the proxy closed the connection after {} of {times} requests", nth - 1);
        let request = request_for(world, &request, &[])?;
        world.ask(request).await?;
    }
    Ok(())
}

/// Sends a request as many times as the scenario has app servers, so that each gets one where they take turns; two at least. It ends
/// before where the proxy lets nobody ask so often.
#[when(expr = "the client sends {string} once for each app server")]
async fn sends_to_each(world: &mut World, request: String) -> Checked {
    let times = world.scene().await?.selected_app_servers().len();
    sends_often(world, request.clone(), FEW).await?;
    for _ in FEW..times {
        let next = request_for(world, &request, &[])?;
        let is_limited = matches!(world.ask(next).await?.status, 429 | 503);
        if is_limited && world.scene().await?.stage().source.text.contains("limit_") {
            world.responses.pop();
            break;
        }
    }
    Ok(())
}

/// So many clients, each with a connection of its own, send a request at once.
#[when(expr = "{int} clients send {string}")]
async fn many_send(world: &mut World, clients: usize, request: String) -> Checked {
    world.begin();
    let route = world.route().await?;
    let request = request_for(world, &request, &[])?;
    let asking = (0..clients).map(|_| async { Connection::open(&route).await?.ask(&request).await });
    for answer in futures::future::join_all(asking).await {
        world.keep(answer)?;
    }
    Ok(())
}

/// Writes the bytes of the doc string on a connection of its own; line breaks in it count for nothing. Responses are
/// read until there are no more to expect.
#[when(expr = "the client sends these bytes:")]
async fn sends_raw(world: &mut World, step: &Step) -> Checked {
    world.begin();
    let bytes = world_bytes(world, step).await?;
    let mut connection = Connection::open(&world.route().await?).await?;
    world.client = Some(connection.local()?);
    world.transcript.sent(&bytes, b"");
    connection.send(&bytes).await?;
    let mut methods = methods_in(&bytes).into_iter();
    let mut method = methods.next().unwrap_or_default();
    loop {
        let answer = connection.response(&method).await;
        if let Err(ClientError::Closed(_)) = &answer {
            world.transcript.note("the proxy closed the connection without a word");
            break;
        }
        let response = world.keep(answer)?;
        let closes = response.value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let last = closes || response.status == 101 || matches!(response.framing, Framing::Close);
        match methods.next() {
            Some(next) if !last && response.complete => method = next,
            _ if closes => {
                // As told. A server that still waits for more would log the request only when it has waited enough.
                let _ = connection.finish_sending().await;
                break;
            }
            _ => break,
        }
    }
    world.connection = Some(connection);
    Ok(())
}

/// Sends a request, waits until it has reached an app server, and closes the connection.
#[when(expr = "the client sends {string} and goes away")]
async fn sends_and_goes(world: &mut World, request: String) -> Checked {
    let request = request_for(world, &request, &[])?;
    let connection = world.connect().await?;
    connection.send_head(&request, b"").await?;
    let arrived = world.arrival(|arrived| !arrived.is_empty()).await;
    ensure!(!arrived.is_empty(), "the request did not reach an app server");
    world.connection = None;
    Ok(())
}

/// The client and its WebSocket say nothing for so long, while STOMP sessions keep up their heart-beats.
#[given(expr = "nothing is sent for {int} second(s)")]
#[when(expr = "nothing is sent for {int} second(s)")]
async fn silence(world: &mut World, seconds: u64) -> Checked {
    let time = Duration::from_secs(seconds);
    let is_live = !world.sees_app_servers();
    let Some(socket) = world.websockets.values_mut().next().filter(|_| is_live) else {
        tokio::time::sleep(time).await;
        return Ok(());
    };
    // A proxy whose time is over drops the connection without a word.
    match socket.stay_silent(time).await? {
        Some(close) => Err(Failure::not_asked(format!(
            "the app server itself ends a client that says nothing, with {}",
            describe_message(&close)
        ))),
        None => Ok(()),
    }
}

async fn ask(world: &mut World, request: &str, headers: &[(String, String)], body: Body) -> Checked {
    world.begin();
    world.route().await?;
    let request = request_for(world, request, headers)?.body(body);
    if request.target.starts_with("/api/stream?") {
        return start_streaming(world, request).await;
    }
    world.ask(request).await?;
    Ok(())
}

/// A response whose body is released piece by piece is read by the step that releases it.
async fn start_streaming(world: &mut World, request: Request) -> Checked {
    let connection = world.connect().await?;
    connection.send_head(&request, b"").await?;
    world.request = Some(request);
    Ok(())
}

fn request_for(world: &World, text: &str, headers: &[(String, String)]) -> Result<Request, Failure> {
    let text = world.text(text);
    let (method, target) = request_line(&text)?;
    let fields = headers.iter().map(|(name, value)| (name.clone(), world.text(value)));
    Ok(Request { headers: fields.collect(), ..Request::new(method, target) })
}

async fn world_bytes(world: &mut World, step: &Step) -> Result<Vec<u8>, Failure> {
    world.route().await?;
    let lines: String = doc_string(step)?.lines().map(str::trim_start).collect();
    Ok(world.bytes(&lines))
}

/// The methods of the requests that pipelined bytes begin, in order: as many responses are to be expected.
fn methods_in(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split("\r\n").filter(|line| line.contains(" HTTP/1."));
    lines.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// Bytes of every value, the same each time, in no order that a proxy could mistake for another.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(length.next_multiple_of(4));
    while bytes.len() < length {
        bytes.extend_from_slice(&next());
    }
    bytes.truncate(length);
    bytes
}

fn uneven(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut sizes = [1, 4096, 17, 65_536, 3].into_iter().cycle();
    let (mut chunks, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (chunk, left) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
        chunks.push(chunk.to_vec());
        rest = left;
    }
    chunks
}
