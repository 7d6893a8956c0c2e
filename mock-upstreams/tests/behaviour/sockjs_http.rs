//! SockJS without WebSocket: sessions that are made of requests.

use mock_upstreams::AppServer;

use crate::support::{Client, DEADLINE, Outcome, blue, exchange, get};

const SESSION: &str = "/stomp/ws/042/a_1";

const CONNECT: &str = r#"["CONNECT\naccept-version:1.2\n\n\u0000"]"#;

fn post(transport: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {SESSION}/{transport} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
}

async fn poll(server: &AppServer) -> std::io::Result<String> {
    Ok(exchange(server, &post("xhr", "")).await?.text())
}

async fn send(server: &AppServer, body: &str) -> std::io::Result<u16> {
    Ok(exchange(server, &post("xhr_send", body)).await?.status)
}

/// A response that streams: its connection, after the head.
async fn stream(server: &AppServer, request: &str) -> std::io::Result<(Client, String)> {
    let mut client = Client::connect(server).await?;
    client.send(request).await?;
    let head = client.until("\r\n\r\n").await?;
    Ok((client, head))
}

#[tokio::test]
async fn a_poll_gets_one_frame_with_all_messages() -> Outcome {
    let blue = blue().await;
    let opened = exchange(&blue, &post("xhr", "")).await?;
    assert_eq!(opened.text(), "o\n");
    assert_eq!(opened.header("content-type"), ["application/javascript; charset=UTF-8"]);
    assert_eq!(opened.header("cache-control"), ["no-store, no-cache, must-revalidate, max-age=0"]);
    assert_eq!(send(&blue, CONNECT).await?, 204);
    let connected = poll(&blue).await?;
    assert!(
        connected.starts_with(r#"a["CONNECTED\nversion:1.2\n"#) && connected.ends_with("\"]\n"),
        "{connected}"
    );
    let frames = r#"["SUBSCRIBE\nid:s\ndestination:/topic/a\n\n\u0000","SEND\ndestination:/topic/a\n\n차\u0000","SEND\ndestination:/topic/a\n\n2\u0000"]"#;
    assert_eq!(send(&blue, frames).await?, 204);
    let is_sent =
        |sent| move |journal: &mock_upstreams::Journal| journal.sessions().any(|each| each.sent >= sent);
    blue.wait_for(DEADLINE, is_sent(4)).await?;
    let messages = poll(&blue).await?;
    assert!(messages.contains(r#"\n\n차\u0000","MESSAGE\n"#), "{messages}");
    Ok(())
}

#[tokio::test]
async fn a_stream_gets_one_frame_after_the_other() -> Outcome {
    let blue = blue().await;
    let eventsource = format!("GET {SESSION}/eventsource HTTP/1.1\r\nHost: x\r\n\r\n");
    let htmlfile = format!("GET {SESSION}/htmlfile?c=_jp.a HTTP/1.1\r\nHost: x\r\n\r\n");
    for (request, content_type, opened, connected) in [
        (
            post("xhr_streaming", ""),
            "application/javascript; charset=UTF-8",
            "hhh\n\r\n2\r\no\n",
            "a[\"CONNECTED",
        ),
        (eventsource, "text/event-stream", "\r\ndata: o\r\n\r\n", "data: a[\"CONNECTED"),
        (htmlfile, "text/html; charset=UTF-8", "<script>\np(\"o\");\n</script>\r\n", "p(\"a[\\\"CONNECTED"),
    ] {
        let (mut client, head) = stream(&blue, &request).await?;
        assert!(head.contains(&format!("content-type: {content_type}\r\n")), "{head}");
        let prelude = client.until(opened).await?;
        assert!(!request.contains("htmlfile") || prelude.contains("var c = parent._jp.a;"), "{prelude}");
        assert!(request.contains("eventsource") || prelude.len() > 1024, "{}", prelude.len());
        assert_eq!(send(&blue, CONNECT).await?, 204);
        client.until(connected).await?;
        drop(client);
        // Whoever breaks off has left.
        blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 0).await?;
        blue.stop().await;
        blue.restart().await?;
    }
    Ok(())
}

#[tokio::test]
async fn one_request_receives_at_a_time() -> Outcome {
    let blue = blue().await;
    let (mut first, _) = stream(&blue, &post("xhr_streaming", "")).await?;
    first.until("o\n").await?;
    assert_eq!(poll(&blue).await?, "c[2010,\"Another connection still open\"]\n");
    drop(first);
    blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 0).await?;
    assert_eq!(poll(&blue).await?, "c[1002,\"Connection interrupted\"]\n");
    assert_eq!(send(&blue, CONNECT).await?, 404);
    Ok(())
}

#[tokio::test]
async fn a_long_stream_ends_and_the_next_goes_on() -> Outcome {
    let blue = blue().await;
    let (mut first, _) = stream(&blue, &post("xhr_streaming", "")).await?;
    first.until("o\n").await?;
    send(&blue, CONNECT).await?;
    send(&blue, r#"["SUBSCRIBE\nid:s\ndestination:/topic/a\n\n\u0000"]"#).await?;
    let message = format!(r#"["SEND\ndestination:/topic/a\n\n{}\u0000"]"#, "x".repeat(150_000));
    send(&blue, &message).await?;
    // The last chunk, of a response that is complete.
    first.until("\r\n0\r\n\r\n").await?;
    send(&blue, r#"["SEND\ndestination:/topic/a\n\nnext\u0000"]"#).await?;
    let (mut second, _) = stream(&blue, &post("xhr_streaming", "")).await?;
    let rest = second.until("next\\u0000\"]\n").await?;
    assert!(!rest.contains("o\n"), "the session is the same: {rest}");
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_closed_says_so_to_whoever_asks() -> Outcome {
    let blue = blue().await;
    assert_eq!(poll(&blue).await?, "o\n");
    send(&blue, r#"["CONNECT\naccept-version:1.2\n\n\u0000","DISCONNECT\n\n\u0000"]"#).await?;
    blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 0).await?;
    assert!(poll(&blue).await?.starts_with("a[\"CONNECTED"));
    assert_eq!(poll(&blue).await?, "c[1000,\"\"]\n");
    assert_eq!(poll(&blue).await?, "c[1000,\"\"]\n");
    Ok(())
}

#[tokio::test]
async fn a_client_that_waits_is_told_of_the_end() -> Outcome {
    let blue = blue().await;
    let (mut waits, _) = stream(&blue, &post("xhr_streaming", "")).await?;
    waits.until("o\n").await?;
    blue.quit().await;
    waits.until("c[1001,\"going away\"]\n").await?;
    Ok(())
}

#[tokio::test]
async fn another_instance_knows_nothing_of_a_session() -> Outcome {
    let (blue, green) = AppServer::start_pair().await?;
    assert_eq!(poll(&blue).await?, "o\n");
    assert_eq!(send(&green, CONNECT).await?, 404);
    assert_eq!(poll(&green).await?, "o\n", "a session of its own");
    blue.stop().await;
    blue.restart().await?;
    assert_eq!(send(&blue, CONNECT).await?, 404);
    Ok(())
}

#[tokio::test]
async fn refuses_what_is_no_payload_and_no_callback() -> Outcome {
    let blue = blue().await;
    assert_eq!(poll(&blue).await?, "o\n");
    for (body, why) in
        [("", "Payload expected."), ("[\"a", "Broken JSON encoding."), ("{}", "Broken JSON encoding.")]
    {
        let reply = exchange(&blue, &post("xhr_send", body)).await?;
        assert_eq!((reply.status, reply.text().as_str()), (500, why), "{body}");
    }
    for (query, why) in
        [("", "\"callback\" parameter required"), ("?c=%3Cx%3E", "invalid \"callback\" parameter")]
    {
        let reply = get(&blue, &format!("{SESSION}/htmlfile{query}")).await?;
        assert_eq!((reply.status, reply.text().as_str()), (500, why), "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_another_origin_may_read_it_with_credentials() -> Outcome {
    let blue = blue().await;
    let asked = post("xhr", "").replace("Host: x", "Host: x\r\nOrigin: https://a.example");
    let reply = exchange(&blue, &asked).await?;
    assert_eq!(reply.header("access-control-allow-origin"), ["https://a.example"]);
    assert_eq!(reply.header("access-control-allow-credentials"), ["true"]);
    Ok(())
}
