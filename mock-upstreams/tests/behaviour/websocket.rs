use futures::SinkExt;
use mock_upstreams::journal::{MessageKind, SessionEnd};
use mock_upstreams::{AppServer, Fault, Journal, StopMode};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::support::{DEADLINE, Outcome, blue, exchange, next, open};

#[tokio::test]
async fn echoes_messages_and_writes_them_down() -> Outcome {
    let blue = blue().await;
    let (mut socket, _) = open(&blue, "/stomp/echo", "").await?;
    for message in [Message::text("차"), Message::text(""), Message::binary(vec![7; 1 << 20])] {
        socket.send(message.clone()).await?;
        assert_eq!(next(&mut socket).await?, message);
    }
    socket.send(Message::Ping(Bytes::from_static(b"p"))).await?;
    assert_eq!(next(&mut socket).await?, Message::Pong(Bytes::from_static(b"p")));
    assert_eq!(blue.open_sessions(), 1);
    let close = CloseFrame { code: CloseCode::Library(4002), reason: "enough".into() };
    socket.close(Some(close)).await?;
    let journal = blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
    let session = journal.exchanges[0].session.as_ref().ok_or("no session")?;
    let seen: Vec<_> =
        session.received.iter().map(|each| (each.kind, each.length, each.text.as_deref())).collect();
    let expected = [
        (MessageKind::Text, 3, Some("차")),
        (MessageKind::Text, 0, Some("")),
        (MessageKind::Binary, 1 << 20, None),
        (MessageKind::Ping, 1, None),
    ];
    assert_eq!(seen, expected);
    let end = SessionEnd::ClosedByClient { code: Some(4002), reason: "enough".to_owned() };
    assert_eq!((session.sent, session.end.as_ref()), (3, Some(&end)));
    Ok(())
}

#[tokio::test]
async fn judges_a_handshake_as_spring_does() -> Outcome {
    let blue = blue().await;
    let full = "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let without = |field: &str| {
        full.split_inclusive("\r\n").filter(|line| !line.starts_with(field)).collect::<String>()
    };
    for (target, headers, status, body) in [
        ("ws", without("Upgrade"), 400, "Can \"Upgrade\" only to \"WebSocket\"."),
        ("ws", without("Connection"), 400, "\"Connection\" must be \"upgrade\"."),
        ("ws", without("Sec-WebSocket-Key"), 400, "Sec-WebSocket-Key is missing.\n"),
        ("ws", without("Sec-WebSocket-Version"), 426, "Sec-WebSocket-Version must be 13.\n"),
        ("echo", format!("{full}Origin: http://evil.example\r\n"), 403, "Invalid CORS request"),
        ("echo?refuse=403", full.to_owned(), 403, "refused on demand\n"),
        ("echo", full.to_owned(), 101, ""),
    ] {
        let request = format!("GET /stomp/{target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        let reply = exchange(&blue, &request).await?;
        assert_eq!((reply.status, reply.text().as_str()), (status, body), "{request}");
        if status == 101 {
            assert_eq!(reply.header("sec-websocket-accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
            assert_eq!(reply.header("x-instance"), ["blue"]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn chooses_a_subprotocol() -> Outcome {
    let blue = blue().await;
    for (target, offered, chosen) in [
        ("/stomp/echo", "chat, superchat", Some("chat")),
        ("/stomp/echo?protocol=superchat", "chat, superchat", Some("superchat")),
        ("/stomp/ws", "v10.stomp, v12.stomp, v11.stomp", Some("v12.stomp")),
        ("/stomp/ws", "", None),
    ] {
        let (_socket, response) = open(&blue, target, offered).await?;
        let header = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        assert_eq!(header, chosen);
        assert_eq!(
            blue.journal().sessions().last().and_then(|session| session.subprotocol.as_deref()),
            chosen
        );
    }
    Ok(())
}

#[tokio::test]
async fn closes_with_the_code_that_is_asked_for() -> Outcome {
    let blue = blue().await;
    for (close, code, reason) in [("4001,bye%20now", Some(4001), "bye now"), ("", None, "")] {
        let (mut socket, _) = open(&blue, &format!("/stomp/echo?close={close}"), "").await?;
        let Message::Close(frame) = next(&mut socket).await? else { return Err("no close frame".into()) };
        assert_eq!(
            frame.as_ref().map(|frame| (u16::from(frame.code), frame.reason.as_str())),
            code.map(|code| (code, reason))
        );
        while next(&mut socket).await.is_ok() {}
        let end = Some(SessionEnd::ClosedByServer { code, reason: reason.to_owned() });
        let is_over = |journal: &Journal| journal.sessions().last().is_some_and(|session| session.end == end);
        blue.wait_for(DEADLINE, is_over).await?;
    }
    Ok(())
}

#[tokio::test]
async fn floods_and_reads_at_the_same_time() -> Outcome {
    let blue = blue().await;
    let (mut socket, _) = open(&blue, "/stomp/echo?flood=2000", "").await?;
    for number in 0..2000 {
        socket.send(Message::text(format!("c{number}"))).await?;
    }
    for number in 0..2000 {
        assert_eq!(next(&mut socket).await?, Message::text(number.to_string()));
    }
    let all = |journal: &Journal| journal.sessions().any(|session| session.received.len() == 2000);
    let journal = blue.wait_for(DEADLINE, all).await?;
    let expected: Vec<_> = (0..2000).map(|number| format!("c{number}")).collect();
    assert!(journal.sessions().flat_map(|session| session.texts()).eq(expected.iter().map(String::as_str)));
    Ok(())
}

#[tokio::test]
async fn pushes_upon_release() -> Outcome {
    let blue = blue().await;
    let (mut socket, _) = open(&blue, "/stomp/echo?push=2", "").await?;
    blue.release_many(2);
    assert_eq!(next(&mut socket).await?, Message::text("0"));
    assert_eq!(next(&mut socket).await?, Message::text("1"));
    Ok(())
}

#[tokio::test]
async fn ends_sessions_when_the_server_does() -> Outcome {
    async fn stop(blue: &AppServer) {
        blue.stop().await;
    }
    async fn reset(blue: &AppServer) {
        blue.stop_with(StopMode::Reset).await;
    }
    async fn drop_sockets(blue: &AppServer) {
        blue.inject(Fault::DropSockets);
    }
    for number in 0..3 {
        let blue = blue().await;
        let (mut socket, _) = open(&blue, "/stomp/echo", "").await?;
        match number {
            0 => stop(&blue).await,
            1 => reset(&blue).await,
            _ => drop_sockets(&blue).await,
        }
        assert!(next(&mut socket).await.is_err(), "no close frame");
        let journal = blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 0).await?;
        assert!(matches!(
            journal.sessions().last().and_then(|each| each.end.as_ref()),
            Some(SessionEnd::Aborted { .. })
        ));
        blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
    }
    Ok(())
}

#[tokio::test]
async fn drops_a_new_socket_as_often_as_told() -> Outcome {
    let blue = blue().await;
    blue.inject(Fault::DropSockets.on("/stomp/").times(1));
    let (mut dropped, _) = open(&blue, "/stomp/echo", "").await?;
    assert!(next(&mut dropped).await.is_err());
    let (mut kept, _) = open(&blue, "/stomp/echo", "").await?;
    kept.send(Message::text("here")).await?;
    assert_eq!(next(&mut kept).await?, Message::text("here"));
    Ok(())
}

#[tokio::test]
async fn notices_a_client_that_is_gone() -> Outcome {
    let blue = blue().await;
    let (socket, _) = open(&blue, "/stomp/echo", "").await?;
    drop(socket);
    let journal = blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 0).await?;
    assert!(matches!(
        journal.sessions().last().and_then(|each| each.end.as_ref()),
        Some(SessionEnd::Aborted { .. })
    ));
    Ok(())
}

#[tokio::test]
async fn greets_in_one_breath_with_the_101() -> Outcome {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let blue = blue().await;
    let mut socket = tokio::net::TcpStream::connect(blue.address()).await?;
    let head = "GET /stomp/echo?greet=welcome HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(head.as_bytes()).await?;
    let mut first = vec![0; 4096];
    let length = socket.read(&mut first).await?;
    let text = String::from_utf8_lossy(&first[..length]).into_owned();
    assert!(text.starts_with("HTTP/1.1 101 ") && text.ends_with("welcome"), "{text}");
    Ok(())
}
