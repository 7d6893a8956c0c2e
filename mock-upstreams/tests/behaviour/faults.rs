use std::io::ErrorKind;

use bytes::Bytes;
use mock_upstreams::Fault;

use crate::support::{Client, DEADLINE, Outcome, blue, get};

const POST: &str = "POST /api/items HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
const HEAD: &str = "HTTP/1.1 200 OK\r\nX-Instance: blue\r\nContent-Type: text/plain\r\n";

#[tokio::test]
async fn strike_after_the_request_has_come() -> Outcome {
    let cases = [
        (Fault::ResetBeforeResponse, String::new()),
        (Fault::CloseBeforeResponse, String::new()),
        (Fault::ResetMidHead, "HTTP/1.1 200 OK\r\nX-Inst".to_owned()),
        (Fault::ResetMidBody { after: 3 }, format!("{HEAD}Content-Length: 65539\r\n\r\nxxx")),
        (Fault::CloseMidBody { after: 3 }, format!("{HEAD}Content-Length: 65539\r\n\r\nxxx")),
        (Fault::CloseMidChunks { after: 3 }, format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nxxx\r\n")),
        (Fault::CloseMidChunks { after: 0 }, format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n")),
        (Fault::TooLongBody { extra: 2 }, format!("{HEAD}Content-Length: 5\r\n\r\nxxxxxxx")),
        (Fault::GarbageResponse(Bytes::from_static(b"\0oops")), "\0oops".to_owned()),
    ];
    for (fault, expected) in cases {
        let blue = blue().await;
        blue.inject(fault.clone());
        let mut client = Client::connect(&blue).await?;
        client.send(POST).await?;
        assert_eq!(client.before_reset().await, expected, "{fault}");
        let journal = blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
        let seen = journal.last().map(|each| (each.body.text.as_deref(), each.fault.as_deref(), each.status));
        assert_eq!(seen, Some((Some("{}"), Some(fault.to_string().as_str()), None)));
    }
    Ok(())
}

#[tokio::test]
async fn end_by_reset_or_by_close_as_their_names_say() -> Outcome {
    let reset = Some(ErrorKind::ConnectionReset);
    for (fault, expected) in [
        (Fault::ResetBeforeResponse, reset),
        (Fault::ResetMidHead, reset),
        (Fault::ResetMidBody { after: 9 }, reset),
        (Fault::CloseBeforeResponse, None),
        (Fault::CloseMidBody { after: 9 }, None),
    ] {
        let blue = blue().await;
        blue.inject(fault);
        let mut client = Client::connect(&blue).await?;
        client.send(POST).await?;
        assert_eq!(client.rest().await.err().map(|error| error.kind()), expected);
    }
    Ok(())
}

#[tokio::test]
async fn hang_until_the_client_gives_up() -> Outcome {
    for (fault, answer) in [(Fault::Hang, ""), (Fault::HangAfterHead, "content-length: 1\r\n")] {
        let blue = blue().await;
        blue.inject(fault);
        let mut client = Client::connect(&blue).await?;
        client.send(POST).await?;
        client.until(answer).await?;
        blue.wait_for(DEADLINE, |journal| journal.last().is_some_and(|each| each.body.complete)).await?;
        assert_eq!(blue.open_connections(), 1);
        drop(client);
        blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
    }
    Ok(())
}

#[tokio::test]
async fn let_a_slow_body_go_byte_by_byte() -> Outcome {
    let blue = blue().await;
    blue.inject(Fault::SlowBody { bytes: 3 });
    let mut client = Client::connect(&blue).await?;
    client.send(POST).await?;
    client.until("\r\n\r\n").await?;
    for _ in 0..3 {
        blue.release();
        client.until("x").await?;
    }
    Ok(())
}

#[tokio::test]
async fn strike_only_what_they_are_meant_for() -> Outcome {
    let blue = blue().await;
    blue.inject(Fault::status(503).on("/api/items").times(2));
    blue.inject(Fault::status(418).on("/api/items/1"));
    let mut statuses = Vec::new();
    for target in ["/api", "/api/items", "/api/items/1", "/api/items", "/api/items/1"] {
        statuses.push(get(&blue, target).await?.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200, 418]);
    blue.heal();
    assert_eq!(get(&blue, "/api/items/1").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn change_the_response_that_is_sent() -> Outcome {
    let blue = blue().await;
    let fields = [("X-One", "1"), ("X-One", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    blue.inject(Fault::ExtraHeaders(fields.to_vec()).times(1));
    assert_eq!(get(&blue, "/api/cookies").await?.header("x-one"), ["1", "2"]);
    blue.inject(Fault::Status { status: 599, headers: fields.to_vec(), body: Bytes::from_static(b"no\n") });
    let reply = get(&blue, "/api").await?;
    assert_eq!((reply.status, reply.header("x-one"), reply.text()), (599, vec!["1", "2"], "no\n".to_owned()));
    Ok(())
}
