//! SockJS over WebSocket: <https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>.

use futures::SinkExt;
use mock_upstreams::AppServer;
use mock_upstreams::journal::SessionEnd;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::{DEADLINE, Outcome, WebSocket, blue, exchange, get, next, open};

/// A session that has been opened at `/stomp/ws`.
async fn session(server: &AppServer, query: &str) -> Result<WebSocket, Error> {
    let (mut socket, _) = open(server, &format!("/stomp/ws/042/x_1/websocket{query}"), "").await?;
    assert_eq!(next(&mut socket).await?, Message::text("o"));
    Ok(socket)
}

#[tokio::test]
async fn says_what_it_can_do() -> Outcome {
    let blue = blue().await;
    for endpoint in ["/stomp", "/stomp/ws"] {
        let reply = get(&blue, &format!("{endpoint}/info")).await?;
        assert_eq!(reply.header("content-type"), ["application/json;charset=UTF-8"]);
        let info = reply.json();
        assert_eq!((&info["websocket"], &info["origins"][0]), (&true.into(), &"*:*".into()));
        // Without this no page of another origin may read it: sockjs-client asks with credentials.
        let asked = format!("GET {endpoint}/info HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n");
        let credentials = exchange(&blue, &asked).await?;
        assert_eq!(credentials.header("access-control-allow-credentials"), ["true"]);
        assert!(reply.header("access-control-allow-credentials").is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn takes_frames_whole_in_pieces_and_several_at_once() -> Outcome {
    let blue = blue().await;
    let mut socket = session(&blue, "").await?;
    for sent in [
        "", // to be ignored
        "[]",
        r#"["CONNECT\naccept-ver","sion:1.1\n\n\u0000"]"#,
        r#"["SUBSCRIBE\nid:s\ndestination:/topic/a\n\n\u0000","SEND\ndestination:/topic/a\n\n차\u0000"]"#,
    ] {
        socket.send(Message::text(sent)).await?;
    }
    let connected = next(&mut socket).await?.into_text()?;
    assert!(connected.starts_with(r#"a["CONNECTED\nversion:1.1\n"#), "{connected}");
    let message = next(&mut socket).await?.into_text()?;
    assert!(message.starts_with(r#"a["MESSAGE\n"#) && message.ends_with(r#"\n\n차\u0000"]"#), "{message}");
    Ok(())
}

#[tokio::test]
async fn closes_with_a_frame_of_its_own_first() -> Outcome {
    let blue = blue().await;
    let mut socket = session(&blue, "").await?;
    let frames = r#"["CONNECT\naccept-version:1.2\n\n\u0000","DISCONNECT\n\n\u0000"]"#;
    socket.send(Message::text(frames)).await?;
    next(&mut socket).await?; // CONNECTED
    assert_eq!(next(&mut socket).await?, Message::text(r#"c[1000,""]"#));
    assert!(next(&mut socket).await?.is_close());
    Ok(())
}

#[tokio::test]
async fn shows_that_it_is_alive_after_a_silence() -> Outcome {
    let blue = blue().await;
    let mut socket = session(&blue, "?beat=20").await?;
    assert_eq!(next(&mut socket).await?, Message::text("h"));
    assert_eq!(next(&mut socket).await?, Message::text("h"));
    Ok(())
}

#[tokio::test]
async fn drops_who_sends_no_json() -> Outcome {
    let blue = blue().await;
    let mut socket = session(&blue, "").await?;
    socket.send(Message::text("[\"a")).await?;
    assert!(next(&mut socket).await.is_err(), "no close frame");
    let journal = blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 0).await?;
    let end = journal.sessions().last().and_then(|session| session.end.clone());
    assert!(
        matches!(&end, Some(SessionEnd::Aborted { why }) if why.contains("no JSON array of strings")),
        "{end:?}"
    );
    Ok(())
}

#[tokio::test]
async fn has_a_raw_websocket_beside() -> Outcome {
    let blue = blue().await;
    let (mut socket, _) = open(&blue, "/stomp/ws/websocket", "").await?;
    socket.send(Message::text("CONNECT\naccept-version:1.2\n\n\0")).await?;
    let connected = next(&mut socket).await?.into_text()?;
    assert!(connected.starts_with("CONNECTED\nversion:1.2\n"), "{connected}");
    Ok(())
}
