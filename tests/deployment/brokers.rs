//! Brokers that do as brokers may: none is taken for a fault of the proxy, and nothing waits for what they never send.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mock_upstreams::stomp::frame::{Decoder, Frame, Input, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::raw_site::serve;
use crate::site::{hopcheck, said};

/// What a broker does with a frame; `None` for what a client does that has sent nothing yet.
type Broker = fn(Option<&Frame>, &mut WebSocket<&mut TcpStream>);

/// A site with a broker at `/ws`, and how many sessions are open.
fn site(broker: Broker) -> (String, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    let url = serve(move |head, stream| {
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let Some(key) = key.filter(|_| head.starts_with("GET /ws ")) else {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_ok();
        };
        counted.fetch_add(1, Ordering::SeqCst);
        converse(key, stream, broker);
        counted.fetch_sub(1, Ordering::SeqCst);
        false
    });
    (url, open)
}

fn converse(key: &str, stream: &mut TcpStream, broker: Broker) {
    let accept = derive_accept_key(key.as_bytes());
    let opened = write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n"
    );
    if opened.is_err() {
        return;
    }
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    broker(None, &mut socket);
    let mut frames = Decoder::new(Version::V1_2);
    while let Ok(message) = socket.read() {
        if message.is_text() || message.is_binary() {
            frames.push(&message.into_data());
        }
        while let Ok(Some(input)) = frames.next() {
            if let Input::Frame(frame) = input {
                broker(Some(&frame), &mut socket);
            }
        }
    }
}

fn send(socket: &mut WebSocket<&mut TcpStream>, frame: Frame) {
    let text = String::from_utf8(frame.encode(Version::V1_2)).unwrap();
    let _ = socket.send(Message::text(text)); // the client may have left
}

/// Answers CONNECT, and confirms nothing: neither SUBSCRIBE nor DISCONNECT, after which it waits for the client to close.
/// It agrees to no heart-beats.
fn confirms_nothing(frame: Option<&Frame>, socket: &mut WebSocket<&mut TcpStream>) {
    static SUBSCRIPTION: Mutex<Option<String>> = Mutex::new(None);
    match frame.map(|frame| (frame.command.as_str(), frame)) {
        Some(("CONNECT", frame)) => {
            let version = frame.get("accept-version").unwrap_or_default();
            send(socket, Frame::new("CONNECTED").with("version", version).with("heart-beat", "0,0"));
        }
        Some(("SUBSCRIBE", frame)) => {
            *SUBSCRIPTION.lock().unwrap() = frame.get("id").map(str::to_owned);
        }
        Some(("SEND", frame)) => {
            let subscription = SUBSCRIPTION.lock().unwrap().clone().unwrap_or_default();
            let message = Frame::new("MESSAGE").with("subscription", subscription).with("message-id", "1");
            send(socket, message.with("destination", "/topic/a").body(frame.body.clone()));
        }
        _ => {}
    }
}

/// Lets nobody in, and leaves the session open after its ERROR.
fn refuses(frame: Option<&Frame>, socket: &mut WebSocket<&mut TcpStream>) {
    if frame.is_some_and(|frame| frame.command == "CONNECT") {
        send(
            socket,
            Frame::new("ERROR").with("message", "Bad CONNECT").body("Access refused for user 'guest'"),
        );
    }
}

/// Says goodbye to clients that do not begin with CONNECT at once.
fn is_impatient(frame: Option<&Frame>, socket: &mut WebSocket<&mut TcpStream>) {
    if frame.is_none() {
        let _ = socket.close(Some(CloseFrame { code: CloseCode::Policy, reason: "no CONNECT".into() }));
    }
}

fn run(url: &str, tags: &str) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    let text = "[stomp]\nendpoint = \"/ws\"\nsubscribe = \"/topic/a\"\nsend = \"/app/a\"\n\
                heart-beat = \"10000,10000\"\n[limits]\nrequests-per-second = 1000\n";
    std::fs::write(&profile, text).unwrap();
    let profile = profile.display().to_string();
    said(&hopcheck(&["run", "--target", url, "--profile", &profile, "--slow", "--tags", tags]))
}

#[test]
fn a_broker_that_confirms_nothing_keeps_its_promises() {
    let (url, open) = site(confirms_nothing);
    let (code, said) = run(&url, "@D12 and not @rfc6455");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2 kept, 1 not checked"), "{said}");
    assert!(said.contains("the broker agrees to no heart-beats"), "{said}");
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    let (code, said) =
        crate::site::said(&hopcheck(&["init", "--target", &url, "--profile", profile.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("STOMP 1.2, 1.1, 1.0; CONNECT is accepted without login"), "{said}");
    while open.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn what_a_broker_refuses_is_no_fault_of_the_proxy() {
    let (url, _) = site(refuses);
    let (code, said) = run(&url, "@D12 and not @rfc6455");
    assert!(said.contains("0 kept") || !said.contains("✗"), "{said}");
    assert_ne!(code, Some(1), "{said}");
    assert!(
        said.contains(
            "the broker refuses CONNECT; see `login`, `passcode` and `host` of `[stomp]` (Bad CONNECT)"
        ),
        "{said}"
    );
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    let (_, said) =
        crate::site::said(&hopcheck(&["init", "--target", &url, "--profile", profile.to_str().unwrap()]));
    assert!(said.contains("CONNECT without login, passcode and host is refused: Bad CONNECT"), "{said}");
}

#[test]
fn a_broker_that_ends_silent_clients_is_not_taken_for_the_proxy() {
    let (url, _) = site(is_impatient);
    let (code, said) = run(&url, "@slow");
    assert_ne!(code, Some(1), "{said}");
    assert!(
        said.contains("the app server itself ends a client that says nothing, with a Close frame with 1008"),
        "{said}"
    );
}
