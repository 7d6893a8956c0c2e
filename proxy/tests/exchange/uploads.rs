//! Bodies of requests: framing, streaming, limits, and what happens when they stop.

use std::io::Write;
use std::time::Duration;

use crate::support::{Backend, LARGE_BODY_SIZE, Proxy, ok, rest, status, until, wait_for};

/// An app server that says again what it was sent: so many bytes.
fn echoing(count: usize) -> Backend {
    Backend::start(move |conversation| {
        conversation.head();
        let body = conversation.read(count);
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n{body}"));
    })
}

#[test]
fn a_client_that_stops_in_a_long_body_is_given_up_after_client_body_timeout() {
    let backend = Backend::start(|conversation| drop((conversation.head(), conversation.rest())));
    let limits = "client_body_timeout 200ms; client_max_body_size 0;";
    let proxy =
        Proxy::start("", &format!("{limits} location / {{ proxy_pass http://{}; }}", backend.address));
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE_BODY_SIZE}\r\n\r\n");
    assert_eq!(proxy.ask([head.as_bytes(), &[b'x'; 300_000]].concat()), "");
    assert!(proxy.access_line("POST").starts_with("POST / HTTP/1.1|408|0|"));
}

#[test]
fn an_app_server_that_takes_nothing_is_given_up_after_proxy_send_timeout() {
    let (over, is_over) = std::sync::mpsc::channel::<()>();
    let is_over = std::sync::Mutex::new(is_over);
    let stuck = Backend::start(move |conversation| {
        conversation.head();
        // Ends with the test.
        let _ = is_over.lock().expect("the channel").recv();
    });
    let http =
        format!("upstream app {{ server {}; server {}; }}", stuck.address, Backend::named("b").address);
    let limits = "proxy_send_timeout 200ms; client_max_body_size 0;";
    let proxy = Proxy::start(&http, &format!("{limits} location / {{ proxy_pass http://app; }}"));
    let mut client = proxy.connect();
    let mut body = client.try_clone().expect("the same connection");
    let sending = std::thread::spawn(move || {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE_BODY_SIZE}\r\n\r\n");
        body.write_all(head.as_bytes()).and_then(|()| body.write_all(&vec![b'x'; LARGE_BODY_SIZE]))
    });
    assert_eq!(status(&until(&mut client, "\r\n\r\n")), "504");
    proxy.error_line("upstream timed out (110: Connection timed out) while sending request to upstream");
    proxy.error_line("upstream server temporarily disabled while sending request to upstream");
    drop((client, proxy, over));
    // It is told so, or has sent all.
    let _ = sending.join().expect("one who sends");
}

#[test]
fn a_request_goes_on_when_its_answer_has_begun() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.read(1000);
        conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
        conversation.read(299_000);
        conversation.say("k");
    });
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n";
    let proxy = Proxy::before(backend.address);
    let mut client = proxy.connect();
    client.write_all(head.as_bytes()).expect("a head");
    client.write_all(&[b'x'; 100_000]).expect("a part of the body");
    until(&mut client, "\r\n\r\no");
    client.write_all(&[b'x'; 200_000]).expect("the rest of the body");
    assert_eq!(rest(&mut client), "k");
}

#[test]
fn without_request_buffering_the_app_server_hears_of_a_request_at_once() {
    let backend = echoing(6);
    let server =
        format!("proxy_request_buffering off; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let mut client = proxy.connect();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabc";
    client.write_all(head.as_bytes()).expect("a head and a part of the body");
    wait_for("the app server to be asked", || backend.heads().pop());
    client.write_all(b"def").expect("the rest");
    assert!(rest(&mut client).ends_with("\r\n\r\nabcdef"));
}

#[test]
fn without_request_buffering_a_chunked_body_goes_on_in_chunks() {
    let (asked, is_asked) = std::sync::mpsc::channel();
    let backend = Backend::start(move |conversation| {
        let head = conversation.head().unwrap_or_default();
        assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
        asked.send(()).expect("the client waits");
        let body = conversation.chunks();
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{body}"));
    });
    let server =
        format!("proxy_request_buffering off; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let mut client = proxy.connect();
    let request =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n";
    client.write_all(request.as_bytes()).expect("the request sent");
    // Known as a whole, it would have a length.
    is_asked.recv_timeout(Duration::from_secs(20)).expect("the app server asked");
    client.write_all(b"0\r\n\r\n").expect("the end sent");
    assert!(rest(&mut client).ends_with("\r\n\r\nabc"));
}

#[test]
fn a_chunked_body_may_be_as_long_as_the_limit_and_no_longer() {
    let backend = Backend::start(|conversation| {
        let head = conversation.head().unwrap_or_default();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
        match length {
            Some(length) => drop(conversation.read(length)),
            None => drop(conversation.chunks()),
        }
        conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    for (limit, chunk) in [(10, 1), (100_000, 10_000)] {
        let server =
            format!("client_max_body_size {limit}; location / {{ proxy_pass http://{}; }}", backend.address);
        let proxy = Proxy::start("", &server);
        let post = |chunks: usize| {
            let mut client = proxy.connect();
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n";
            client.write_all(head.as_bytes()).expect("a head");
            // So that no part of the body comes with the head.
            until(&mut client, "\r\n\r\n");
            let chunk = format!("{chunk:x}\r\n{}\r\n", "x".repeat(chunk));
            // Refused before it is all there, as the case may be.
            let _ = client.write_all(format!("{}0\r\n\r\n", chunk.repeat(chunks)).as_bytes());
            status(&rest(&mut client)).to_owned()
        };
        assert_eq!((post(10), post(11)), ("200".to_owned(), "413".to_owned()), "{limit}");
    }
}

#[test]
fn a_chunked_request_that_fits_a_buffer_goes_on_with_its_length() {
    let backend = echoing(5);
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let answer = Proxy::before(backend.address).ask(request);
    assert_eq!(answer, ok("Content-Length: 5\r\nConnection: close\r\n", "abcde"));
    assert!(backend.heads()[0].ends_with("Content-Length: 5\r\n\r\n"));
}

#[test]
fn a_long_body_arrives_whole_in_either_framing() {
    let backend = Backend::start(|conversation| {
        let head = conversation.head().unwrap_or_default();
        let body = if head.contains("chunked") { conversation.chunks() } else { conversation.read(300_000) };
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{}", body.len()));
    });
    let proxy = Proxy::before(backend.address);
    let body = "x".repeat(300_000);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let known = proxy.ask(format!("{head}Content-Length: 300000\r\n\r\n{body}"));
    assert!(known.ends_with("\r\n\r\n300000"), "{known}");
    let chunked = proxy.ask(format!("{head}Transfer-Encoding: chunked\r\n\r\n493e0\r\n{body}\r\n0\r\n\r\n"));
    assert!(chunked.ends_with("\r\n\r\n300000"), "{chunked}");
}

#[test]
fn a_client_that_waits_is_told_to_go_on_only_where_its_body_is_wanted() {
    let backend = echoing(3);
    let server =
        format!("location / {{ proxy_pass http://{}; }} location /no {{ return 403; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let head = |path| {
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    };
    let mut client = proxy.connect();
    client.write_all(head("/").as_bytes()).expect("a head");
    assert_eq!(until(&mut client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"abc").expect("a body");
    assert_eq!(until(&mut client, "abc"), ok("Content-Length: 3\r\nConnection: keep-alive\r\n", "abc"));
    assert!(!backend.heads()[0].contains("Expect"));
    // nginx counts the interim response as well.
    let logged = proxy.access_line("POST / ");
    assert_eq!(logged, format!("POST / HTTP/1.1|200|28|{}|200", backend.address));
    let refused = proxy.ask(head("/no"));
    assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("Connection: close"), "{refused}");
}

#[test]
fn a_body_over_the_limit_is_a_413_that_reaches_the_client() {
    let backend = Backend::named("app");
    let server = format!("client_max_body_size 1k; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let head = "POST / HTTP/1.1\r\nHost: a\r\n";
    let body = "x".repeat(100_000);
    assert_eq!(status(&proxy.ask(format!("{head}Content-Length: 100000\r\n\r\n{body}"))), "413");
    assert_eq!(status(&proxy.ask(format!("{head}Transfer-Encoding: chunked\r\n\r\n186a0\r\n{body}"))), "413");
    assert_eq!(status(&proxy.ask(format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"))), "400");
    // The chunk that will be too much need not come.
    assert_eq!(status(&proxy.ask(format!("{head}Transfer-Encoding: chunked\r\n\r\n401\r\n"))), "413");
    assert!(backend.heads().is_empty());
    let most = format!("{head}Connection: close\r\nContent-Length: 1024\r\n\r\n{}", "x".repeat(1024));
    assert_eq!(status(&proxy.ask(most)), "200");
    proxy.error_line("client intended to send too large body: 100000 bytes, client: 127.0.0.1, server: , request: \"POST / HTTP/1.1\", host: \"a\"");
}
