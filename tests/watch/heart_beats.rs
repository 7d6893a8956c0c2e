//! Sessions whose heart-beats stop.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use hopcheck_site::profile::Profile;
use hopcheck_watch::{Watch, WatchOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::{LENIENT, until};

/// An app server whose STOMP sessions agree to heart-beats every 100 ms, and send none.
async fn silent(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let Some((_, key)) = head.split_once("Sec-WebSocket-Key: ") else {
                return stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .await;
            };
            let accept = derive_accept_key(key.split("\r\n").next().unwrap_or_default().as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await?;
            let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            let _ = socket.next().await;
            let connected = "CONNECTED\nversion:1.2\nheart-beat:100,100\n\n\0";
            let _ = socket.send(Message::text(connected)).await;
            while socket.next().await.is_some() {}
            Ok::<_, std::io::Error>(())
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_heart_beats_stop_is_dropped() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("url = \"http://{}\"\n[stomp]\nendpoint = \"/ws\"\n", listener.local_addr().unwrap());
    let serving = tokio::spawn(silent(listener));
    let profile = Profile::parse(&text, "hopcheck.toml").unwrap();
    let options = WatchOptions { sessions: 1, heart_beat: Duration::from_millis(100), ..LENIENT };
    let running = Watch::prepare("shop", profile, options).await.unwrap().begin();
    until(&running, |status| status.dropped >= 1).await;
    let report = running.end().await;
    let end = &report.sessions.as_ref().unwrap().ends.listed[0];
    assert_eq!((end.why.as_str(), end.in_order), ("heart-beats stopped: nothing came for 200 ms", false));
    let not_watched: Vec<&str> = report.not_watched.iter().map(|missing| missing.what.as_str()).collect();
    assert_eq!(not_watched, ["API", "front end", "preflight", "which instance answers"]);
    serving.abort();
}
