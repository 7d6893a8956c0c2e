//! STOMP. Clients have names; each has a WebSocket of its own at the site's endpoint.

use std::time::Duration;

use cucumber::{given, then, when};
use gherkin::Step;
use mock_upstreams::stomp::frame::{Frame, Version};

use super::handshake::{diagnosis, handshake};
use super::rows;
use crate::failure::{Checked, Failure};
use crate::world::World;
use crate::{ensure, ensure_eq, text};
use hopcheck_clients::{ClientError, StompClient, WebSocket, escape, sockjs_path, with_headers};
use hopcheck_site::profile::Transport;

/// How long a broker that confirms a subscription may take to. Some never do: their silence is no fault.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(2);

/// How many handshakes a client makes to reach a certain app server; each should do in two.
const MAX_ATTEMPTS: usize = 100;

/// Opens a WebSocket that offers this version of STOMP, sends CONNECT without a host, and awaits CONNECTED.
#[given(expr = "{string} is connected over STOMP {word}")]
#[when(expr = "{string} is connected over STOMP {word}")]
async fn connected(world: &mut World, name: String, version: String) -> Checked {
    let socket = open(world, &name, &version).await?;
    connect(world, &name, &version, socket, &[]).await
}

/// The same at this path, from a page of the site.
#[given(expr = "{string} is connected at {string} over STOMP {word}")]
#[when(expr = "{string} is connected at {string} over STOMP {word}")]
async fn connected_at(world: &mut World, name: String, path: String, version: String) -> Checked {
    let origin = world.text("{site}");
    let offers = [subprotocol(&version)?, ("Origin".to_owned(), origin)];
    let socket = open_at(world, &name, &path, &offers).await?;
    connect(world, &name, &version, socket, &[]).await
}

/// The same with these headers in CONNECT; one that every CONNECT has is replaced.
#[given(expr = "{string} is connected over STOMP {word} with the headers:")]
#[when(expr = "{string} is connected over STOMP {word} with the headers:")]
async fn connected_headers(world: &mut World, name: String, version: String, step: &Step) -> Checked {
    let headers = headers(world, &name, step)?;
    let socket = open(world, &name, &version).await?;
    connect(world, &name, &version, socket, &headers).await
}

/// The same, once a handshake has come to this app server; WebSockets to the other are closed again.
#[given(expr = "{string} is connected to the app server {string} over STOMP {word}")]
async fn connected_to(world: &mut World, name: String, instance: String, version: String) -> Checked {
    for _ in 0..MAX_ATTEMPTS {
        let socket = open(world, &name, &version).await?;
        if world.response()?.value("x-instance") == Some(&*instance) {
            return connect(world, &name, &version, socket, &[]).await;
        }
    }
    Err(Failure::new(format!(
        "of {MAX_ATTEMPTS} handshakes none came to {instance}; are both servers in the `upstream`?"
    )))
}

/// Subscribes, and waits until the app server has dealt with it. Messages need not be acknowledged.
#[given(expr = "{string} is subscribed to {string}")]
async fn subscribed(world: &mut World, name: String, destination: String) -> Checked {
    subscribe(world, &name, &destination, &[]).await
}

/// The same with these headers in SUBSCRIBE, such as `ack` or `id`.
#[given(expr = "{string} is subscribed to {string} with the headers:")]
async fn subscribed_headers(world: &mut World, name: String, destination: String, step: &Step) -> Checked {
    let headers = headers(world, &name, step)?;
    subscribe(world, &name, &destination, &headers).await
}

/// Sends a text to a destination.
#[given(expr = "{string} sends {string} to {string}")]
#[when(expr = "{string} sends {string} to {string}")]
async fn sends(world: &mut World, name: String, body: String, destination: String) -> Checked {
    let body = world.bytes(&body);
    send(world, &name, message(world, &destination, "text/plain", body, &[]))
}

/// The same with these headers in SEND; values are escaped as the version says.
#[given(expr = "{string} sends {string} to {string} with the headers:")]
#[when(expr = "{string} sends {string} to {string} with the headers:")]
async fn sends_headers(
    world: &mut World,
    name: String,
    body: String,
    destination: String,
    step: &Step,
) -> Checked {
    let (body, headers) = (world.bytes(&body), headers(world, &name, step)?);
    send(world, &name, message(world, &destination, "text/plain", body, &headers))
}

/// Sends so many bytes, every value in turn, NUL included.
#[when(expr = "{string} sends {int} bytes to {string}")]
async fn sends_bytes(world: &mut World, name: String, count: usize, destination: String) -> Checked {
    let body = (u8::MIN..=u8::MAX).cycle().take(count).collect();
    send(world, &name, message(world, &destination, "application/octet-stream", body, &[]))
}

/// Sends any frame without a body. `{ack}` in the table is the header `ack` of the last message that this client received.
#[given(expr = "{string} sends the frame {string} with the headers:")]
#[when(expr = "{string} sends the frame {string} with the headers:")]
async fn sends_frame(world: &mut World, name: String, command: String, step: &Step) -> Checked {
    let headers = headers(world, &name, step)?;
    send(world, &name, with_headers(Frame::new(command), &[], &headers))
}

/// The next message that this client receives has this body.
#[given(expr = "{string} receives {string}")]
#[then(expr = "{string} receives {string}")]
async fn receives(world: &mut World, name: String, body: String) -> Checked {
    let message = receive(world, &name, "MESSAGE").await?;
    ensure_eq!(message.text(), world.text(&body), "{name} received another message");
    Ok(())
}

/// A message from this destination comes, whatever the app makes of what was sent.
#[then(expr = "{string} receives a message from {string}")]
async fn receives_from(world: &mut World, name: String, destination: String) -> Checked {
    let destination = world.text(&destination);
    loop {
        if receive(world, &name, "MESSAGE").await?.get("destination") == Some(&*destination) {
            return Ok(());
        }
    }
}

/// The next message that this client receives has the bytes that were sent last, by whomever.
#[then(expr = "{string} receives the same bytes")]
async fn receives_same(world: &mut World, name: String) -> Checked {
    let sent = world.stomp.values().filter_map(|client| client.sent.clone()).max_by_key(|(at, _)| *at);
    let (_, sent) = sent.ok_or_else(|| Failure::new("nobody has sent anything"))?;
    let received = receive(world, &name, "MESSAGE").await?.body;
    ensure_eq!(received.len(), sent.len(), "{name} received another number of bytes");
    let differing = received.iter().zip(&sent).position(|(received, sent)| received != sent);
    ensure!(
        differing.is_none(),
        "{name} received other bytes, from byte {} on",
        differing.unwrap_or_default()
    );
    Ok(())
}

/// The next frame of this kind that the client receives has these headers; others are free.
#[then(expr = "{string} receives the frame {string} with the headers:")]
async fn receives_frame(world: &mut World, name: String, command: String, step: &Step) -> Checked {
    let expected = headers(world, &name, step)?;
    let frame = receive(world, &name, &command).await?;
    for (header, value) in expected {
        ensure_eq!(
            frame.get(&header),
            Some(&*value),
            "the {command} that {name} received has another {header}"
        );
    }
    Ok(())
}

/// Once everybody's frames have been dealt with, there is no message for this client that was not asked about.
#[then(expr = "{string} receives nothing more")]
async fn receives_nothing(world: &mut World, name: String) -> Checked {
    let others = world.stomp.iter_mut().filter(|(other, client)| **other != name && !client.is_over());
    for (other, client) in others {
        client.wait_until_processed().await.map_err(|error| about(other, &error))?;
    }
    let remaining = client(world, &name)?.remaining().await.map_err(|error| about(&name, &error))?;
    match remaining {
        Some(message) => Err(Failure::new(format!("{name} received a message\n{}", quoted('<', &message)))),
        None => Ok(()),
    }
}

/// Three more heart-beats come from the app server, each in time.
#[then(expr = "{string} keeps getting heart-beats")]
async fn heart_beats(world: &mut World, name: String) -> Checked {
    let is_live = !world.sees_app_servers();
    if is_live && client(world, &name)?.beat().is_none() {
        return Err(Failure::not_asked("the broker agrees to no heart-beats"));
    }
    client(world, &name)?.heart_beats(3).await.map_err(|error| about(&name, &error))
}

/// The client's session ends: its WebSocket is closed or dropped.
#[then(expr = "{string} is disconnected")]
async fn disconnected(world: &mut World, name: String) -> Checked {
    let how = client(world, &name)?.wait_for_end().await.map_err(|error| about(&name, &error))?;
    world.transcript.note(&format!("{name}: {how}"));
    Ok(())
}

/// A WebSocket that offers this version; anything but 101 fails.
async fn open(world: &mut World, name: &str, version: &str) -> Result<WebSocket, Failure> {
    let offer = subprotocol(version)?;
    let endpoint = world.word("stomp.endpoint").unwrap_or_default();
    let (path, offers) = match world.transport() {
        Transport::WebSocket => (endpoint.to_owned(), vec![offer]),
        // SockJS's own client offers no subprotocol.
        Transport::SockJs => (sockjs_path(endpoint), Vec::new()),
    };
    open_at(world, name, &path, &offers).await
}

/// The header by which a client offers this version.
fn subprotocol(version: &str) -> Result<(String, String), Failure> {
    Ok(("Sec-WebSocket-Protocol".to_owned(), parsed(version)?.subprotocol().to_owned()))
}

/// A WebSocket at this path, opened with these headers; anything but 101 fails.
async fn open_at(
    world: &mut World,
    name: &str,
    path: &str,
    headers: &[(String, String)],
) -> Result<WebSocket, Failure> {
    world.begin();
    match handshake(world, path, headers, None).await? {
        Some(socket) => Ok(socket),
        None => {
            let (status, why) = (world.response()?.status, diagnosis(world));
            Err(Failure::new(format!(
                "{name} got no WebSocket: the handshake was answered with {status}\n{why}"
            )))
        }
    }
}

async fn connect(
    world: &mut World,
    name: &str,
    version: &str,
    socket: WebSocket,
    headers: &[(String, String)],
) -> Checked {
    let headers = [world.stomp_headers()?, headers.to_vec()].concat();
    let client = StompClient::connect(socket, world.transport(), parsed(version)?, &headers).await;
    let client = client.map_err(|error| {
        refused(world, "CONNECT; see `login`, `passcode` and `host` of `[stomp]`", &error)
            .unwrap_or_else(|| Failure::new(format!("{name} could not connect over STOMP: {error}")))
    })?;
    world.transcript.note(&format!("{name} connected over STOMP {version}"));
    world.stomp.insert(name.to_owned(), client);
    Ok(())
}

async fn subscribe(
    world: &mut World,
    name: &str,
    destination: &str,
    headers: &[(String, String)],
) -> Checked {
    let destination = world.text(destination);
    let own = [("id", &*format!("{name}-{destination}")), ("destination", &destination), ("ack", "auto")];
    let frame = with_headers(Frame::new("SUBSCRIBE"), &own, headers);
    world.transcript.note(&format!("{name} sent\n{}", quoted('>', &frame)));
    let confirms = world.sees_app_servers();
    let client = client(world, name)?;
    let outcome = if confirms {
        client.send_confirmed(frame).await
    } else {
        client.send_asking(frame, RECEIPT_TIMEOUT).await
    };
    outcome.map_err(|error| {
        refused(world, &format!("to let it subscribe to {destination}"), &error)
            .unwrap_or_else(|| Failure::new(format!("{name} could not subscribe to {destination}: {error}")))
    })
}

/// Says that a live site's broker refuses something, if that is what `error` is: it is no fault of the proxy, which has
/// carried the refusal.
fn refused(world: &World, what: &str, error: &ClientError) -> Option<Failure> {
    let refusal = error.broker_refusal().filter(|_| !world.sees_app_servers())?;
    Some(Failure::not_asked(format!("the broker refuses {what} ({refusal})")))
}

fn message(
    world: &World,
    destination: &str,
    kind: &str,
    body: Vec<u8>,
    headers: &[(String, String)],
) -> Frame {
    let (destination, length) = (world.text(destination), body.len().to_string());
    let own = [("destination", &*destination), ("content-type", kind), ("content-length", &length)];
    with_headers(Frame::new("SEND").body(body), &own, headers)
}

fn send(world: &mut World, name: &str, frame: Frame) -> Checked {
    world.transcript.note(&format!("{name} sent\n{}", quoted('>', &frame)));
    let outcome = client(world, name)?.send(&frame);
    outcome.map_err(|error| Failure::new(format!("{name} cannot send: {error}")))
}

async fn receive(world: &mut World, name: &str, command: &str) -> Result<Frame, Failure> {
    let frame = client(world, name)?.next(command).await.map_err(|error| about(name, &error))?;
    world.transcript.note(&format!("{name} received\n{}", quoted('<', &frame)));
    Ok(frame)
}

fn client<'a>(world: &'a mut World, name: &str) -> Result<&'a mut StompClient, Failure> {
    let known = || Failure::new(format!("{name} is not connected over STOMP"));
    world.stomp.get_mut(name).ok_or_else(known)
}

/// A table of headers; besides what every table may have in braces, `{ack}`.
fn headers(world: &World, name: &str, step: &Step) -> Result<Vec<(String, String)>, Failure> {
    let ack = world.stomp.get(name).and_then(|client| client.ack.clone());
    let lookup = |word: &str| if word == "ack" { ack.clone() } else { world.lookup(word) };
    Ok(rows(step)?.into_iter().map(|(name, value)| (name, text::plain(&value, &lookup))).collect())
}

fn parsed(version: &str) -> Result<Version, Failure> {
    Version::parse(version)
        .ok_or_else(|| Failure::new(format!("STOMP has the versions 1.0, 1.1 and 1.2, not {version}")))
}

fn about(name: &str, error: &ClientError) -> Failure {
    Failure::new(format!("{name}: {error}"))
}

fn quoted(mark: char, frame: &Frame) -> String {
    let lines = escape(frame.to_string().as_bytes());
    lines.lines().map(|line| format!("  {mark} {line}")).collect::<Vec<_>>().join("\n")
}
