//! Clients that mean harm, or are broken: each costs little, and nobody else notices.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;

use h2::Reason;
use http::Request;

use super::client::{Client, echo};
use crate::server::Server;
use crate::tls::client::{both, site};

/// A server with an app server and few streams.
fn clear(directives: &str) -> String {
    format!(
        "server {{ listen 127.0.0.1:@PORT@ http2; {directives} location /ok {{ return 200 ok; }} location / {{ proxy_pass http://{}; }} }}",
        echo()
    )
}

/// Others are answered still.
fn is_well(server: &Server<'_>) {
    assert_eq!(Client::new(server).get("/ok").body, "ok");
}

#[test]
fn requests_that_are_given_up_at_once_come_to_an_end() {
    let site = site(&clear("keepalive_requests 100; http2_max_concurrent_streams 8;"));
    let server = site.start();
    let client = Client::new(&server);
    let mut requests = client.requests();
    let sent = client.run(async {
        for number in 0..100_000 {
            let request = Request::get("http://a.test/app").body(()).unwrap();
            let Ok((_, mut stream)) = requests.send_request(request, true) else { return number };
            stream.send_reset(Reason::CANCEL);
            tokio::task::yield_now().await;
        }
        100_000
    });
    assert!(sent < 100_000, "nothing stops it");
    is_well(&server);
}

#[test]
fn there_are_only_so_many_streams() {
    let site = site(&clear("http2_max_concurrent_streams 8;"));
    let server = site.start();
    let mut client = Client::new(&server);
    assert_eq!(client.get("/ok").body, "ok");
    assert_eq!(client.requests().current_max_send_streams(), 8);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let site = site(&clear("large_client_header_buffers 2 1k;"));
    let server = site.start();
    let mut client = Client::new(&server);
    let long = |length: usize| Request::get("http://a.test/ok").header("x", "x".repeat(length));
    let statuses = [1000, 3000, 100_000].map(|length| client.ask(long(length), None).status);
    assert_eq!(statuses, [200, 400, 431]);
    is_well(&server);
}

/// The client's preface, with settings that say nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A POST of `/app` to `a.test` on the first stream, whose body is to follow (RFC 7541, appendix A).
const POST: &[u8] = b"\0\0\x10\x01\x04\0\0\0\x01\x83\x86\x04\x04/app\x01\x06a.test";

/// More than any of them needs to be known for what it is.
const MAX_FLOOD: usize = 48 * 1024 * 1024;

/// Whether the server ends the connection before a client has sent all that it means to.
fn ends(server: &Server<'_>, first: &[u8], frames: &[u8]) -> bool {
    let mut stream = server.connect();
    let mut reader = stream.try_clone().unwrap();
    let reading = thread::spawn(move || drop(reader.read_to_end(&mut Vec::new())));
    let block = frames.repeat(4096);
    let mut sent = 0;
    let mut result = stream.write_all(&[PREFACE, first].concat());
    while result.is_ok() && sent < MAX_FLOOD && !reading.is_finished() {
        result = stream.write_all(&block);
        sent += block.len();
    }
    let _ = stream.shutdown(Shutdown::Both);
    reading.join().unwrap();
    sent < MAX_FLOOD
}

#[test]
fn frames_that_are_no_part_of_a_message_end_the_connection() {
    const FLOOD: &str = "http2 flood detected while processing HTTP/2 connection";
    // Of PRIORITY nginx has had enough sooner, and h2 of empty DATA; they say so in their own words.
    const FLOODS: [(&str, &[u8], &[u8], usize); 5] = [
        ("PING", b"", b"\0\0\x08\x06\0\0\0\0\0flooding", 1),
        ("SETTINGS", b"", b"\0\0\0\x04\0\0\0\0\0", 1),
        ("an unknown type", b"", b"\0\0\x01\xee\0\0\0\0\0x", 1),
        ("PRIORITY", b"", b"\0\0\x05\x02\0\0\0\0\x03\0\0\0\0\x10", 0),
        ("empty DATA", POST, b"\0\0\0\0\0\0\0\0\x01", 0),
    ];
    for (name, first, frames, times) in FLOODS {
        let ended = both(&clear(""), |server| {
            let ended = ends(server, first, frames);
            server.logged(FLOOD, times);
            is_well(server);
            ended
        });
        assert!(ended, "{name}");
    }
}
