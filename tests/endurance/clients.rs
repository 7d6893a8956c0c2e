//! Clients that take their time, or never end.

use std::time::Duration;

use hopcheck_clients::{Connection, Response};
use tokio::time::{Instant, sleep};

use crate::processes::MIB;
use crate::site::{DEADLINE, Site, bounded, on_each};

/// What a client may cost that never ends: some buffers, whatever goes through them.
const FEW_BUFFERS: u64 = 6 * MIB;

/// Between two bytes of a client that is slow on purpose, much less than any timeout here.
const DRIP: Duration = Duration::from_millis(75);

/// Sends `byte` again and again until the proxy has had enough; what came back.
async fn drip(site: &Site, mut connection: Connection, byte: &[u8]) -> Vec<u8> {
    let deadline = Instant::now() + DEADLINE;
    while !connection.looks_closed() && connection.send(byte).await.is_ok() {
        assert!(Instant::now() < deadline, "{}: a slow client is never let go", site.engine);
        sleep(DRIP).await;
    }
    connection.rest().await.expect("a connection that ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_must_be_whole_within_client_header_timeout() {
    on_each(&[("http", "client_header_timeout 1s;")], async |site| {
        let slow = site.saying("GET /slow HTTP/1.1\r\nHost: shop.test\r\nX-Slow: ").await;
        let silent = site.saying("GET /silent HTTP/1.1\r\n").await;
        let nothing = site.connect().await;
        site.serves_others().await;
        let ends = tokio::join!(drip(site, slow, b"x"), ended(silent), ended(nothing));
        assert_eq!(ends, (vec![], vec![], vec![]), "{}", site.engine);
        site.logs("\"GET /slow HTTP/1.1\" 408 0 ").await;
        site.logs("\"GET /silent HTTP/1.1\" 408 0 ").await;
        site.logs("client timed out (110: Connection timed out) while reading client request headers").await;
        assert!(!site.access().contains("\"\" 408"), "{}: nothing was asked", site.engine);
    })
    .await;
}

/// What comes until the proxy closes.
async fn ended(mut connection: Connection) -> Vec<u8> {
    connection.rest().await.expect("a connection that ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_must_go_on_within_client_body_timeout() {
    on_each(&[("http", "client_body_timeout 2s;")], async |site| {
        let stops =
            site.saying("POST /api/stops HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 9\r\n\r\nabc").await;
        let chunks =
            "POST /api/chunks HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab";
        let chunks = site.saying(chunks).await;
        // As long as something comes, time does not matter.
        let drips = async {
            let head = "POST /api/drips HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 40\r\n\r\n";
            let mut connection = site.saying(head).await;
            for _ in 0..40 {
                connection.send(b"x").await.expect("a proxy that reads");
                sleep(DRIP).await;
            }
            connection.response("POST").await.expect("an answer").status
        };
        site.serves_others().await;
        let ends = tokio::join!(ended(stops), ended(chunks), drips);
        assert_eq!(ends, (vec![], vec![], 200), "{}", site.engine);
        site.logs("\"POST /api/stops HTTP/1.1\" 408 0 ").await;
        site.logs("\"POST /api/chunks HTTP/1.1\" 408 0 ").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_must_take_something_within_send_timeout() {
    const LONG: usize = 16 * 1024 * 1024;
    on_each(&[("http", "send_timeout 1s;")], async |site| {
        let front_end = site.scene.front_end().expect("a front end");
        std::fs::write(front_end.join("long.bin"), vec![b'.'; LONG]).expect("a long file");
        let before = site.processes.start_peak();
        let targets = ["/long.bin".to_owned(), format!("/api/bytes/{LONG}")];
        let mut readers = Vec::new();
        for target in &targets {
            readers.push(site.saying(&format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\n\r\n")).await);
        }
        site.serves_others().await;
        for (target, reader) in targets.iter().zip(&mut readers) {
            site.logs(&format!("\"GET {target} HTTP/1.1\" 200 ")).await;
            let received = reader.rest().await.expect("a connection that ends");
            assert!(received.len() < LONG, "{}: {target}: {} bytes", site.engine, received.len());
        }
        bounded(site, "two readers who take nothing", before, FEW_BUFFERS);
        for doing in ["sending response to client", "sending to client"] {
            site.logs(&format!("client timed out (110: Connection timed out) while {doing}, client: ")).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_must_take_something_within_send_timeout() {
    const HANDSHAKE: &str = "GET /stomp/echo HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const SIZE: u16 = 0x8000;
    // A whole message (RFC 6455 §5.2), its mask all zeros.
    let message = [&[0x82, 0x80 | 126][..], &SIZE.to_be_bytes(), &[0; 4], &vec![b'.'; SIZE.into()]].concat();
    on_each(&[("http", "send_timeout 1s; proxy_send_timeout 1h;")], async |site| {
        let before = site.processes.start_peak();
        let mut connection = site.saying(HANDSHAKE).await;
        // Only then: nginx may log what comes along with a handshake in place of the request (docs/trust/differences.md).
        let Response { status, .. } = connection.response("GET").await.expect("an answer");
        assert_eq!(status, 101, "{}", site.engine);
        // Every message comes back, and nobody reads it, so that in the end none is taken in either direction.
        while connection.send(&message).await.is_ok() {}
        site.logs("client timed out (110: Connection timed out) while proxying upgraded connection").await;
        site.logs("\"GET /stomp/echo HTTP/1.1\" 101 ").await;
        bounded(site, "a session that takes nothing", before, FEW_BUFFERS);
        site.serves_others().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_must_be_used_within_keepalive_timeout() {
    on_each(&[("http", "keepalive_timeout 1s;")], async |site| {
        let mut connection = site.saying("GET /index.html HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
        let Response { status, .. } = connection.response("GET").await.expect("an answer");
        assert_eq!((status, ended(connection).await), (200, vec![]), "{}", site.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_without_end_are_refused_at_client_max_body_size() {
    on_each(&[], async |site| {
        let mut connection = site.saying(&endless("/api/echo")).await;
        let answering = async {
            // What is answered is there before the proxy closes; a client that goes on sending may not get to see it.
            site.logs("\"POST /api/echo HTTP/1.1\" 413 ").await;
        };
        tokio::join!(pour(&mut connection, u64::MAX), answering);
        site.serves_others().await;
        site.logs("client intended to send too large chunked body").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_without_end_cost_no_memory_where_they_are_allowed() {
    on_each(&[("http", "client_max_body_size 0;")], async |site| {
        let before = site.processes.start_peak();
        let mut connection = site.saying(&endless("/api/stream-up")).await;
        assert_eq!(pour(&mut connection, 64 * MIB).await, 64 * MIB, "{}", site.engine);
        site.serves_others().await;
        bounded(site, "chunks without end, 64 MiB of them sent", before, FEW_BUFFERS);
        drop(connection);
        site.logs("\"POST /api/stream-up HTTP/1.1\" 4").await;
    })
    .await;
}

fn endless(target: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n")
}

/// Sends chunks until something is answered or so many bytes are on their way; how many were.
async fn pour(connection: &mut Connection, most: u64) -> u64 {
    const SIZE: u16 = 0x4000;
    let chunk = [format!("{SIZE:x}\r\n").as_bytes(), &vec![b'.'; SIZE.into()], b"\r\n"].concat();
    let mut sent = 0;
    while sent < most && !connection.looks_closed() && connection.send(&chunk).await.is_ok() {
        sent += u64::from(SIZE);
    }
    sent
}
