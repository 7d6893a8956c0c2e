use std::future::poll_fn;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use mock_upstreams::journal::Framing;
use mock_upstreams::{AppServer, Fault};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::support::{DEADLINE, Outcome, blue, get};

/// A connection that begins with the preface (RFC 9113 §3.3), and what drives it.
async fn connect(
    server: &AppServer,
) -> Result<(SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>), Box<dyn std::error::Error>> {
    let socket = TcpStream::connect(server.address()).await?;
    let (requests, connection) = h2::client::handshake(socket).await?;
    Ok((requests, tokio::spawn(connection)))
}

async fn ask(
    requests: &mut SendRequest<Bytes>,
    request: Request<()>,
    body: Option<&'static [u8]>,
) -> Result<Response<RecvStream>, h2::Error> {
    poll_fn(|cx| requests.poll_ready(cx)).await?;
    let (response, mut stream) = requests.send_request(request, body.is_none())?;
    if let Some(body) = body {
        stream.send_data(Bytes::from_static(body), true)?;
    }
    response.await
}

/// The whole body, and what stands behind it.
async fn read(response: Response<RecvStream>) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, body.trailers().await?))
}

fn to(path: &str) -> http::request::Builder {
    Request::builder().uri(format!("http://app.test{path}"))
}

#[tokio::test]
async fn requests_are_journaled_as_http1_would_have_them() -> Outcome {
    let blue = blue().await;
    let (mut requests, _connection) = connect(&blue).await?;
    let request =
        to("/api/echo?a=b").method("POST").header("X-Odd-Case", "1").header("content-length", "4").body(())?;
    let response = ask(&mut requests, request, Some(b"text")).await?;
    assert_eq!((response.status().as_u16(), &response.headers()["x-instance"]), (200, &"blue".parse()?));
    read(response).await?;
    // The same port speaks HTTP/1.1.
    assert_eq!(get(&blue, "/api/y").await?.status, 200);
    let journal = blue.wait_for(DEADLINE, |journal| journal.exchanges.len() == 2).await?;
    let first = &journal.exchanges[0];
    assert_eq!((first.method.as_str(), first.target.as_str()), ("POST", "/api/echo?a=b"));
    assert_eq!((first.version.as_str(), first.status), ("HTTP/2", Some(200)));
    assert_eq!((first.headers.get("host"), first.headers.get("x-odd-case")), (Some("app.test"), Some("1")));
    assert_eq!((first.body.framing, first.body.text.as_deref()), (Framing::Length(4), Some("text")));
    assert!(first.body.complete);
    assert_eq!(journal.exchanges[1].version, "HTTP/1.1");
    Ok(())
}

#[tokio::test]
async fn several_requests_share_a_connection_and_trailers_follow_their_bodies() -> Outcome {
    let blue = blue().await;
    let (mut requests, _connection) = connect(&blue).await?;
    for _ in 0..3 {
        let (body, trailers) = read(ask(&mut requests, to("/api/trailers").body(())?, None).await?).await?;
        assert_eq!(body, b"body, and more");
        assert_eq!(trailers.ok_or("no trailers")?["x-checksum"], "abc");
    }
    let connections: Vec<u64> = blue.journal().exchanges.iter().map(|each| each.connection).collect();
    assert_eq!(connections, [1, 1, 1]);
    Ok(())
}

#[tokio::test]
async fn faults_end_streams_or_connections() -> Outcome {
    let blue = blue().await;
    let (mut requests, _connection) = connect(&blue).await?;
    blue.inject(Fault::RefuseRequests);
    let refused = ask(&mut requests, to("/api/x").body(())?, None).await.err().ok_or("an answer")?;
    assert_eq!(refused.reason(), Some(Reason::REFUSED_STREAM));
    blue.heal();
    blue.inject(Fault::CloseMidBody { after: 10 });
    let cut = ask(&mut requests, to("/api/x").body(())?, None).await?;
    assert_eq!(cut.headers()["content-length"], "65546");
    assert!(read(cut).await.is_err());
    blue.heal();
    // The connection outlives both.
    assert_eq!(ask(&mut requests, to("/api/x").body(())?, None).await?.status(), 200);
    blue.inject(Fault::CloseBeforeResponse);
    assert!(ask(&mut requests, to("/api/x").body(())?, None).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_graceful_end_is_announced() -> Outcome {
    let blue = blue().await;
    let (mut requests, connection) = connect(&blue).await?;
    assert_eq!(ask(&mut requests, to("/api/x").body(())?, None).await?.status(), 200);
    blue.quit().await;
    connection.await??;
    let error = poll_fn(|cx| requests.poll_ready(cx)).await.err().ok_or("it is still open")?;
    assert!(error.is_go_away() || error.is_io(), "{error}");
    Ok(())
}
