use mock_upstreams::journal::{ConnectionEnd, Framing};

use crate::support::{Client, DEADLINE, Outcome, blue, get};

#[tokio::test]
async fn shows_a_request_as_it_was_on_the_wire() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client
        .send("pOsT /api/%2e/a//b?x=%20&y HTTP/1.1\r\nhOsT:x\r\nX-A: 1\r\nx-b:  two  \r\nX-a: 3\r\nContent-Length: 5\r\n\r\nhello")
        .await?;
    client.reply().await?;
    let expected = "# blue saw this, request 1 of connection 1, and answered 200\n\
                    pOsT /api/%2e/a//b?x=%20&y HTTP/1.1\n\
                    hOsT: x\nX-A: 1\nx-b: two\nX-a: 3\nContent-Length: 5\n\nhello\n";
    assert_eq!(blue.journal().to_string(), expected);
    Ok(())
}

#[tokio::test]
async fn tells_the_requests_of_a_connection_apart() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client.send("POST /api/early HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n\r\n\r\n").await?;
    client.reply().await?;
    client.send("PUT /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT-1: v\r\n\r\n").await?;
    client.reply().await?;
    client.send("GET /api/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /api/2 HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    client.reply().await?;
    client.reply().await?;
    let journal = blue.journal();
    let seen: Vec<_> = journal
        .exchanges
        .iter()
        .map(|each| (each.request, each.target.as_str(), each.body.framing))
        .collect();
    let expected = [
        (1, "/api/early", Framing::Length(4)),
        (2, "/api/echo", Framing::Chunked),
        (3, "/api/1", Framing::None),
        (4, "/api/2", Framing::None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(journal.exchanges[1].body.text.as_deref(), Some("abc"));
    assert_eq!(journal.exchanges[1].body.trailers.0, [("T-1".to_owned(), "v".to_owned())]);
    assert_eq!(journal.exchanges[1].body.digest, mock_upstreams::hex_digest(b"abc"));
    Ok(())
}

#[tokio::test]
async fn keeps_what_goes_on_when_cleared() -> Outcome {
    let blue = blue().await;
    get(&blue, "/api").await?;
    let mut client = Client::connect(&blue).await?;
    client.send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    blue.wait_for(DEADLINE, |journal| journal.len() == 2).await?;
    blue.clear();
    blue.release();
    client.reply().await?;
    let journal = blue.journal();
    let left: Vec<_> = journal.exchanges.iter().map(|each| (each.sequence, each.status)).collect();
    assert_eq!(left, [(2, Some(200))]);
    Ok(())
}

#[tokio::test]
async fn knows_who_ended_a_connection() -> Outcome {
    let blue = blue().await;
    drop(Client::connect(&blue).await?);
    blue.wait_for(DEADLINE, |journal| journal.connections.len() == 1 && journal.open_connections() == 0)
        .await?;
    let mut client = Client::connect(&blue).await?;
    client.send("GET /api HTTP/1.0\r\n\r\n").await?;
    client.rest().await?;
    let journal = blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
    let ends: Vec<_> = journal.connections.iter().map(|each| (each.requests, each.end)).collect();
    assert_eq!(ends, [(0, Some(ConnectionEnd::ClosedByPeer)), (1, Some(ConnectionEnd::ClosedByServer))]);
    Ok(())
}

#[tokio::test]
async fn counts_a_request_that_came_twice() -> Outcome {
    let blue = blue().await;
    for _ in 0..2 {
        let post = "POST /api/items HTTP/1.1\r\nHost: x\r\nX-Request-Id: r-1\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(crate::support::exchange(&blue, post).await?.status, 201);
    }
    assert_eq!(blue.read(|journal| journal.with_request_id("r-1").count()), 2);
    Ok(())
}

#[tokio::test]
async fn says_what_had_come_when_a_wait_was_in_vain() -> Outcome {
    let blue = blue().await;
    let error = blue.wait_for(std::time::Duration::ZERO, |journal| !journal.is_empty()).await.unwrap_err();
    assert_eq!(error.to_string(), "it did not happen within 0ns; by then:\nblue: nothing arrived\n");
    Ok(())
}
