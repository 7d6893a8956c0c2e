//! WebSocket.

use cucumber::{given, then, when};
use futures::future::join_all;
use gherkin::{Step, StepType};
use mock_upstreams::Exchange;
use mock_upstreams::journal::{Fields, MessageKind, Session, SessionEnd};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::handshake::{diagnosis, handshake};
use super::rows;
use crate::failure::{Checked, Failure};
use crate::world::World;
use crate::{ensure, ensure_eq};
use hopcheck_clients::{ClientError, Connection, Handshake, WebSocket, describe_message, digest};

/// The client that has no name.
const UNNAMED_CLIENT: &str = "";

/// Asks for a WebSocket with a fresh key. What answers is the response, 101 or not; as a Given it must be 101.
#[given(expr = "the client opens a WebSocket at {string}")]
#[when(expr = "the client opens a WebSocket at {string}")]
async fn opens(world: &mut World, target: String, step: &Step) -> Checked {
    opens_with(world, step, &target, &[], None).await
}

/// The same with these headers; one that every handshake has is replaced.
#[given(expr = "the client opens a WebSocket at {string} with the headers:")]
#[when(expr = "the client opens a WebSocket at {string} with the headers:")]
async fn opens_headers(world: &mut World, target: String, step: &Step) -> Checked {
    let headers = rows(step)?.into_iter().map(|(name, value)| (name, world.text(&value)));
    let headers: Vec<_> = headers.collect();
    opens_with(world, step, &target, &headers, None).await
}

/// The same, and a text message in the same breath, before there is an answer.
#[when(expr = "the client opens a WebSocket at {string} with the text {string} right behind")]
async fn opens_and_sends(world: &mut World, target: String, text: String, step: &Step) -> Checked {
    let text = world.text(&text);
    opens_with(world, step, &target, &[], Some(&text)).await
}

/// So many clients ask for a WebSocket at once.
#[when(expr = "{int} clients open a WebSocket at {string}")]
async fn many_open(world: &mut World, clients: usize, target: String) -> Checked {
    world.begin();
    let route = world.route().await?;
    let target = world.text(&target);
    let handshakes: Vec<Handshake> = (0..clients).map(|_| Handshake::new(&target, &[])).collect();
    let opening =
        handshakes.iter().map(|each| async { each.open(Connection::open(&route).await?, None).await });
    for (nth, answer) in join_all(opening).await.into_iter().enumerate() {
        let (answer, socket) =
            answer.map_or_else(|error| (Err(error), None), |(answer, socket)| (Ok(answer), socket));
        world.keep(answer)?;
        world.websockets.extend(socket.map(|socket| (format!("client {}", nth + 1), socket)));
    }
    world.request = handshakes.into_iter().next_back().map(|handshake| handshake.request);
    Ok(())
}

/// The handshake is answered with 101, `Upgrade: websocket`, `Connection: upgrade` and the accept key that belongs to it; over
/// HTTP/2 with 200.
#[then(expr = "the WebSocket is open")]
async fn is_open(world: &mut World) -> Checked {
    if let Some(astray) = world.astray() {
        return Err(astray);
    }
    let (response, why) = (world.response()?, diagnosis(world));
    let is_open = if world.is_over_http2() { 200 } else { 101 };
    ensure!(
        response.status == is_open,
        "there is no WebSocket: the handshake was answered with {}\n{why}",
        response.status
    );
    if world.is_over_http2() {
        return Ok(());
    }
    for (name, token) in [("Upgrade", "websocket"), ("Connection", "upgrade")] {
        let fields = Fields(response.headers.clone());
        let seen: Vec<&str> = response.values(name).collect();
        ensure!(
            fields.has_token(name, token),
            "browsers take no 101 without `{name}: {token}`; this has {seen:?}"
        );
    }
    let expected = world.request.as_ref().and_then(Handshake::accept);
    ensure_eq!(
        response.value("sec-websocket-accept"),
        expected.as_deref(),
        "the accept key is not that of the handshake"
    );
    Ok(())
}

/// Sends a message, `text` or `binary`, or a `ping`.
#[given(expr = "the client sends the {word} {string}")]
#[when(expr = "the client sends the {word} {string}")]
async fn sends(world: &mut World, kind: String, payload: String) -> Checked {
    let payload = world.bytes(&payload);
    send(world, message(&kind, payload)?).await
}

/// Sends a `text` or `binary` message of so many bytes.
#[when(expr = "the client sends a {word} message of {int} bytes")]
async fn sends_long(world: &mut World, kind: String, length: usize) -> Checked {
    let payload = if kind == "text" { numbers(length).into_bytes() } else { pattern(length) };
    send(world, message(&kind, payload)?).await
}

/// Sends a text as one message in so many frames; where they meet, characters may be cut in two.
#[when(expr = "the client sends the text {string} in {int} fragments")]
async fn sends_fragments(world: &mut World, text: String, count: usize) -> Checked {
    let text = world.text(&text);
    world.transcript.note(&format!("the client sent the text {text:?} in {count} fragments"));
    Ok(websocket(world)?.send_fragments(&text, count).await?)
}

/// Sends that many numbered texts as fast as they are taken, and reads while it sends.
#[when(expr = "the client sends {int} messages without waiting")]
async fn sends_many(world: &mut World, count: usize) -> Checked {
    let messages = (1..=count).map(|nth| Message::text(format!("message {nth} of {count}")));
    let mut received = Vec::with_capacity(count);
    let outcome = websocket(world)?.exchange(messages.collect(), &mut received).await;
    world.transcript.note(&format!("the client sent {count} messages, and received {}", received.len()));
    let back = received.len();
    world.messages.append(&mut received);
    outcome.map_err(|error| Failure::new(format!("{back} of {count} messages came back, then: {error}")))
}

/// Sends a Close frame with this code and reason, waits for the app server's, and then closes the connection.
#[when(expr = "the client closes the WebSocket with {int} {string}")]
async fn closes(world: &mut World, code: u16, reason: String) -> Checked {
    let reason = Utf8Bytes::from(world.text(&reason));
    send(world, Message::Close(Some(CloseFrame { code: code.into(), reason }))).await?;
    // RFC 6455 §7.1.1: the server closes the connection first. A client that stayed would leave half of it open.
    while websocket(world)?.next().await.is_ok() {}
    world.websockets.remove(UNNAMED_CLIENT);
    Ok(())
}

/// Closes the client's connection without a Close frame.
#[when(expr = "the client drops the WebSocket")]
async fn drops(world: &mut World) -> Checked {
    websocket(world)?;
    world.websockets.remove(UNNAMED_CLIENT);
    world.transcript.note("the client closed the connection without a Close frame");
    Ok(())
}

/// The next `text` or `binary` message, `ping` or `pong` that the client receives is this one.
#[then(expr = "the client receives the {word} {string}")]
async fn receives(world: &mut World, kind: String, payload: String) -> Checked {
    let expected = message(&kind, world.bytes(&payload))?;
    let received = receive(world, kind_of(&expected)).await?;
    same(&received, &expected, "the client received something else")
}

/// The client receives the message that it sent last, of the same type, with the same bytes.
#[then(expr = "the message comes back unchanged")]
async fn comes_back(world: &mut World) -> Checked {
    let sent = websocket(world)?
        .sent
        .last()
        .cloned()
        .ok_or_else(|| Failure::new("the client has sent no message"))?;
    let received = receive(world, kind_of(&sent)).await?;
    same(&received, &sent, "the message did not come back as it was sent")
}

/// Every message of the step before has come back, in the order in which they were sent.
#[then(expr = "all of them come back in order")]
async fn all_come_back(world: &mut World) -> Checked {
    let sent = websocket(world)?.sent.clone();
    ensure_eq!(world.messages.len(), sent.len(), "not as many messages came back as were sent");
    let differing = world.messages.iter().zip(&sent).find(|(received, sent)| received != sent);
    differing
        .map_or(Ok(()), |(received, sent)| same(received, sent, "the messages came back in another order"))
}

/// Each of the clients sends two texts of its own, all at once, and receives exactly these.
#[then(expr = "every client gets its own messages back")]
async fn own_messages(world: &mut World) -> Checked {
    let refused = world.batch().iter().filter(|response| response.status != 101).count();
    ensure!(
        refused == 0,
        "{refused} of {} clients got no WebSocket\n{}",
        world.batch().len(),
        diagnosis(world)
    );
    ensure!(!world.websockets.is_empty(), "no client has opened a WebSocket");
    let talks = world.websockets.iter_mut().map(|(name, socket)| async move {
        let own = ["first", "second"].map(|nth| Message::text(format!("the {nth} of {name}"))).to_vec();
        let mut received = Vec::new();
        (name, socket.exchange(own.clone(), &mut received).await, own, received)
    });
    for (name, outcome, own, received) in join_all(talks).await {
        outcome.map_err(|error| Failure::new(format!("{name} did not get its messages back: {error}")))?;
        ensure_eq!(received, own, "{name} got other messages than its own");
    }
    Ok(())
}

/// The client receives a Close frame with this code and reason.
#[then(expr = "the WebSocket is closed with {int} {string}")]
async fn is_closed(world: &mut World, code: u16, reason: String) -> Checked {
    let reason = Utf8Bytes::from(world.text(&reason));
    let expected = Message::Close(Some(CloseFrame { code: code.into(), reason }));
    let received = receive(world, Message::is_close).await?;
    same(&received, &expected, "the WebSocket was closed, but not so")
}

/// The client's connection ends without a Close frame.
#[then(expr = "the WebSocket is dropped")]
async fn is_dropped(world: &mut World) -> Checked {
    match websocket(world)?.next_of(|_| false).await {
        Err(ClientError::Session(_)) => Ok(()),
        Err(error) => Err(Failure::new(format!("the WebSocket was not dropped: {error}"))),
        Ok(message) => Err(Failure::new(format!(
            "the WebSocket was not dropped: the client received {}",
            describe_message(&message)
        ))),
    }
}

/// A message, `ping` or `pong` of the client has reached the app server.
#[then(expr = "the app server receives the {word} {string}")]
async fn server_receives(world: &mut World, kind: String, payload: String) -> Checked {
    let expected = message(&kind, world.bytes(&payload))?;
    let (kind, digest) = (journal_kind(&expected), digest(&expected.clone().into_data()));
    let it =
        |session: &Session| session.received.iter().any(|seen| seen.kind == kind && seen.digest == digest);
    let arrived = world.arrival(|arrived| last_session(arrived).is_some_and(it)).await;
    let session = last_session(&arrived).ok_or_else(|| no_session(world))?;
    ensure!(
        it(session),
        "the app server did not receive {}; what it did:\n{session}",
        describe_message(&expected)
    );
    Ok(())
}

/// The client's Close frame has reached the app server with this code and reason.
#[then(expr = "the app server sees the WebSocket closed with {int} {string}")]
async fn server_sees_close(world: &mut World, code: u16, reason: String) -> Checked {
    let expected = SessionEnd::ClosedByClient { code: Some(code), reason: world.text(&reason) };
    let over = |arrived: &[Exchange]| last_session(arrived).is_some_and(|session| session.end.is_some());
    let arrived = world.arrival(over).await;
    let session = last_session(&arrived).ok_or_else(|| no_session(world))?;
    let end =
        session.end.as_ref().ok_or_else(|| Failure::new("to the app server the WebSocket is still open"))?;
    ensure_eq!(*end, expected, "the app server saw the WebSocket end otherwise");
    Ok(())
}

async fn opens_with(
    world: &mut World,
    step: &Step,
    target: &str,
    headers: &[(String, String)],
    text_behind: Option<&str>,
) -> Checked {
    world.begin();
    world.websockets.remove(UNNAMED_CLIENT);
    match handshake(world, target, headers, text_behind).await? {
        Some(socket) => world.websockets.extend([(UNNAMED_CLIENT.to_owned(), socket)]),
        None if step.ty == StepType::Given => return Err(no_websocket(world)),
        None => {}
    }
    Ok(())
}

fn websocket(world: &mut World) -> Result<&mut WebSocket, Failure> {
    if !world.websockets.contains_key(UNNAMED_CLIENT) {
        return Err(no_websocket(world));
    }
    world.websockets.get_mut(UNNAMED_CLIENT).ok_or_else(|| Failure::new("the client has no WebSocket"))
}

fn no_websocket(world: &World) -> Failure {
    match world.response() {
        Ok(response) if response.status != 101 => {
            let why = diagnosis(world);
            Failure::new(format!(
                "there is no WebSocket: the handshake was answered with {}\n{why}",
                response.status
            ))
        }
        _ => Failure::new("the client has no WebSocket"),
    }
}

async fn send(world: &mut World, message: Message) -> Checked {
    world.transcript.note(&format!("the client sent {}", describe_message(&message)));
    Ok(websocket(world)?.send(message).await?)
}

async fn receive(world: &mut World, wanted: fn(&Message) -> bool) -> Result<Message, Failure> {
    let received = websocket(world)?.next_of(wanted).await?;
    world.transcript.note(&format!("the client received {}", describe_message(&received)));
    world.messages.push(received.clone());
    Ok(received)
}

fn message(kind: &str, payload: Vec<u8>) -> Result<Message, Failure> {
    match kind {
        "text" => match String::from_utf8(payload) {
            Ok(text) => Ok(Message::text(text)),
            Err(_) => Err(Failure::new("a text message must be UTF-8; this one can be binary only")),
        },
        "binary" => Ok(Message::binary(payload)),
        "ping" => Ok(Message::Ping(payload.into())),
        "pong" => Ok(Message::Pong(payload.into())),
        other => Err(Failure::new(format!(
            "what goes over a WebSocket is text, binary, ping or pong, not {other}"
        ))),
    }
}

/// What a message of that kind is compared with: texts and binaries come in one order, pings and pongs between.
fn kind_of(message: &Message) -> fn(&Message) -> bool {
    match message {
        Message::Ping(_) => Message::is_ping,
        Message::Pong(_) => Message::is_pong,
        _ => |message| message.is_text() || message.is_binary(),
    }
}

fn journal_kind(message: &Message) -> MessageKind {
    match message {
        Message::Ping(_) => MessageKind::Ping,
        Message::Pong(_) => MessageKind::Pong,
        Message::Binary(_) => MessageKind::Binary,
        _ => MessageKind::Text,
    }
}

fn same(received: &Message, expected: &Message, what: &str) -> Checked {
    ensure!(
        received == expected,
        "{what}\n  expected: {}\n       got: {}",
        describe_message(expected),
        describe_message(received)
    );
    Ok(())
}

fn last_session(arrived: &[Exchange]) -> Option<&Session> {
    arrived.iter().rev().find_map(|exchange| exchange.session.as_ref())
}

fn no_session(world: &World) -> Failure {
    Failure::new(format!("no WebSocket reached an app server\n{}", diagnosis(world)))
}

/// Numbers one after the other, so that a piece in the wrong place is seen.
fn numbers(length: usize) -> String {
    let mut text = String::with_capacity(length + 8);
    let mut number = 0_u64;
    while text.len() < length {
        text.push_str(&format!("{number} "));
        number += 1;
    }
    text.truncate(length);
    text
}

/// Bytes of every value, in an order that does not repeat before 64 KiB.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8)).to_le_bytes()[0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_have_the_length_asked_for() {
        assert_eq!(numbers(9), "0 1 2 3 4");
        assert_eq!(numbers(1_048_576).len(), 1_048_576);
    }
}
