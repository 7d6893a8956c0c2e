use crate::support::{Client, DEADLINE, Outcome, blue};

#[tokio::test]
async fn sends_a_chunk_per_release() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client.send("GET /api/stream?chunks=2 HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    client.until("\r\n\r\n").await?;
    blue.release();
    assert_eq!(client.until("chunk 1\n").await?, "8\r\nchunk 1\n");
    blue.release();
    assert_eq!(client.until("0\r\n\r\n").await?, "\r\n8\r\nchunk 2\n\r\n0\r\n\r\n");
    Ok(())
}

#[tokio::test]
async fn shows_a_body_while_it_arrives() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client.send("POST /api/stream-up HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n").await?;
    for (piece, so_far) in [("abc", "abc"), ("de", "abcde")] {
        client.send(piece).await?;
        let seen = blue.wait_for(DEADLINE, |journal| {
            journal.last().is_some_and(|each| each.body.text.as_deref() == Some(so_far))
        });
        assert!(!seen.await?.exchanges[0].body.complete);
    }
    client.send("f").await?;
    assert_eq!(client.reply().await?.json()["body"]["text"], "abcdef");
    Ok(())
}

#[tokio::test]
async fn sends_a_body_back_while_it_comes() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client
        .send("POST /api/duplex HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        .await?;
    client.until("\r\n\r\n1\r\na\r\n").await?;
    client.send("2\r\nbc\r\n0\r\n\r\n").await?;
    assert_eq!(client.until("0\r\n\r\n").await?, "2\r\nbc\r\n0\r\n\r\n");
    Ok(())
}

#[tokio::test]
async fn answers_before_the_body_when_asked() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client.send("POST /api/early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n").await?;
    assert_eq!(client.reply().await?.status, 413);
    Ok(())
}

#[tokio::test]
async fn lets_a_client_send_the_rest_of_its_body_after_an_early_answer() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client.send("POST /api/early HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n").await?;
    client.send(vec![b'x'; 7_999_999]).await?;
    assert_eq!(client.reply().await?.status, 413);
    assert_eq!(client.rest().await?, "");
    Ok(())
}

#[tokio::test]
async fn asks_for_the_body_that_a_client_holds_back() -> Outcome {
    let blue = blue().await;
    let mut client = Client::connect(&blue).await?;
    client
        .send("PUT /api/echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .await?;
    assert_eq!(client.until("\r\n\r\n").await?, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi").await?;
    assert_eq!(client.reply().await?.json()["body"]["text"], "hi");
    assert_eq!(blue.journal().len(), 1);
    Ok(())
}

#[tokio::test]
async fn sends_trailers_and_interim_responses() -> Outcome {
    let blue = blue().await;
    for (target, version, start, end) in [
        ("trailers", "1.1", "HTTP/1.1 200 OK", "0\r\nX-Checksum: abc\r\nX-Late: yes\r\n\r\n"),
        ("trailers", "1.0", "HTTP/1.0 200 OK", "\r\n\r\nbody, and more"),
        ("early-hints", "1.1", "HTTP/1.1 103 Early Hints", "Connection: close\r\n\r\nand all\n"),
        ("early-hints", "1.0", "HTTP/1.0 200 OK", "\r\n\r\nand all\n"),
    ] {
        let mut client = Client::connect(&blue).await?;
        client.send(format!("GET /api/{target} HTTP/{version}\r\nHost: x\r\n\r\n")).await?;
        let response = client.rest().await?;
        assert!(response.starts_with(start) && response.ends_with(end), "{response}");
    }
    Ok(())
}
