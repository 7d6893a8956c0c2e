//! Bodies of answers: framing, streaming, and what happens when they break off or nobody takes them.

use std::io::{Read, Write};

use crate::support::{Backend, LARGE_BODY_SIZE, Proxy, ok, rest, status, until};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn a_chunked_response_keeps_its_bytes_and_loses_its_trailers() {
    let backend = Backend::saying(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    let proxy = Proxy::before(backend.address);
    let head = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
    assert_eq!(proxy.get("/"), ok(head, "5\r\nabcde\r\n0\r\n\r\n"));
    let old = proxy.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(old, ok("Connection: close\r\n", "abcde"));
    let head = proxy.ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(head, ok("Connection: close\r\n", ""));
}

#[test]
fn responses_without_a_body_have_none() {
    for (response, fields) in [
        ("204 No Content\r\nContent-Length: 5", ""),
        ("304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5", "Content-Length: 5\r\n"),
    ] {
        let text: &'static str = format!("HTTP/1.1 {response}\r\n\r\n").leak();
        let proxy = Proxy::before(Backend::saying(text).address);
        let answer = proxy.get("/");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        assert_eq!(answer.contains("Content-Length: 5\r\n"), !fields.is_empty(), "{answer}");
    }
}

#[test]
fn a_response_arrives_piece_by_piece_as_it_is_made() {
    let (have, had) = std::sync::mpsc::channel();
    let had = std::sync::Mutex::new(had);
    let backend = Backend::start(move |conversation| {
        conversation.head();
        conversation.say(CHUNKED);
        conversation.say("3\r\none\r\n");
        // The second piece is made only once the client has the first.
        had.lock().expect("the channel").recv().expect("the first piece to arrive");
        conversation.say("3\r\ntwo\r\n0\r\n\r\n");
    });
    let proxy = Proxy::before(backend.address);
    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("a request");
    until(&mut client, "3\r\none\r\n");
    have.send(()).expect("the app server to wait");
    assert_eq!(rest(&mut client), "3\r\ntwo\r\n0\r\n\r\n");
}

#[test]
fn a_client_that_does_not_read_holds_the_app_server_back() {
    const WHOLE: usize = 200 << 20;
    let (stuck, written) = std::sync::mpsc::channel();
    let backend = Backend::start(move |conversation| {
        conversation.head();
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {WHOLE}\r\n\r\n"));
        stuck.send(conversation.pour(WHOLE)).expect("the test to wait");
    });
    let proxy = Proxy::before(backend.address);
    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    let written = written.recv().expect("a count");
    assert!(written < WHOLE / 2, "{written} bytes went somewhere");
}

#[test]
fn a_response_cut_short_does_not_look_complete() {
    for (response, seen) in [
        ("Content-Length: 10\r\n\r\nabc", "abc"),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "3\r\nabc\r\n"),
    ] {
        let backend = Backend::start(move |conversation| {
            conversation.head();
            conversation.say(&format!("HTTP/1.1 200 OK\r\n{response}"));
        });
        let proxy = Proxy::before(backend.address);
        let answer = proxy.get("/");
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with(&format!("\r\n\r\n{seen}")),
            "{answer}"
        );
        proxy.error_line("upstream prematurely closed connection while reading upstream, client: 127.0.0.1");
    }
}

#[test]
fn a_response_that_turns_out_malformed_is_cut_there() {
    let (have, had) = std::sync::mpsc::channel();
    let had = std::sync::Mutex::new(had);
    let backend = Backend::start(move |conversation| {
        conversation.head();
        conversation.say(&format!("{CHUNKED}3\r\nabc\r\n"));
        had.lock().expect("the channel").recv().expect("the first piece to arrive");
        conversation.say("zz\r\n");
        conversation.rest();
    });
    let proxy = Proxy::before(backend.address);
    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    until(&mut client, "3\r\nabc\r\n");
    have.send(()).expect("the app server to wait");
    assert_eq!(rest(&mut client), "");
    proxy.error_line("upstream sent invalid chunked response while reading upstream");
}

#[test]
fn a_client_that_takes_nothing_is_given_up_after_send_timeout() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE_BODY_SIZE}\r\n\r\n"));
        conversation.pour(LARGE_BODY_SIZE);
    });
    let server = format!("send_timeout 200ms; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    proxy.error_line("client timed out (110: Connection timed out) while sending to client");
    assert!(rest(&mut client).len() < LARGE_BODY_SIZE);
}

#[test]
fn a_slow_client_gets_all_that_there_is_and_holds_up_nobody_else() {
    for missing in [0, 1] {
        let backend = Backend::start(move |conversation| {
            conversation.head();
            conversation
                .say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", LARGE_BODY_SIZE + missing));
            conversation.say(&"x".repeat(LARGE_BODY_SIZE));
        });
        let pass = format!(
            "location / {{ return 200 ok; }} location /long {{ proxy_pass http://{}; }}",
            backend.address
        );
        let proxy = Proxy::start("", &pass);
        let mut client = proxy.connect();
        client.write_all(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("a request");
        until(&mut client, "\r\n\r\n");
        let (mut piece, mut received) = (vec![0; LARGE_BODY_SIZE / 32], 0);
        loop {
            let count = client.read(&mut piece).expect("a piece, or the end");
            received += count;
            assert_eq!(status(&proxy.get("/")), "200");
            if count == 0 {
                break;
            }
        }
        assert_eq!(received, LARGE_BODY_SIZE);
    }
}

#[test]
fn an_app_server_that_stops_is_given_up_after_proxy_read_timeout() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        conversation.rest();
    });
    let server = format!("proxy_read_timeout 200ms; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    assert!(proxy.get("/").ends_with("\r\n\r\nabc"));
    proxy.error_line("upstream timed out (110: Connection timed out) while reading upstream");
}

#[test]
fn a_response_that_is_malformed_from_the_start_is_a_502() {
    let backend =
        Backend::saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n");
    let proxy = Proxy::before(backend.address);
    assert_eq!(status(&proxy.get("/")), "502");
    proxy.error_line("upstream sent invalid chunked response while reading upstream");
}

#[test]
fn a_head_longer_than_proxy_buffer_size_is_a_502() {
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: {}\r\n\r\n", "x".repeat(length - 43))
    };
    let backend = Backend::start(move |conversation| {
        let path = conversation.head().unwrap_or_default();
        let length = path.split([' ', '/']).filter_map(|word| word.parse().ok()).next();
        conversation.say(&format!("{}ok", head(length.unwrap_or_default())));
    });
    let pass = format!("proxy_pass http://{};", backend.address);
    let long = "proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 64k;";
    let proxy = Proxy::start("", &format!("location / {{ {pass} }} location /long {{ {long} {pass} }}"));
    for (path, expected) in [
        ("/4096", "200"),
        ("/4097", "502"),
        ("/40000", "502"),
        ("/long/65536", "200"),
        ("/long/65537", "502"),
    ] {
        assert_eq!(status(&proxy.get(path)), expected, "{path}");
    }
    proxy.error_line("upstream sent too big header while reading response header from upstream");
}

#[test]
fn an_answer_before_the_end_of_the_request_is_passed_on() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say("HTTP/1.1 403 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        conversation.finish();
        conversation.rest();
    });
    let server = format!("client_max_body_size 0; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let mut client = proxy.connect();
    client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n").expect("a head");
    client.write_all(&[b'x'; 100_000]).expect("a part of the body");
    let answer = rest(&mut client);
    assert!(answer.starts_with("HTTP/1.1 403 No") && answer.ends_with("\r\n\r\nno"), "{answer}");
}

#[test]
fn an_answer_from_an_app_server_that_then_hangs_up_is_passed_on() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.read(1000);
        // What has not been read makes this a reset.
        conversation.say("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
    });
    let location = format!("proxy_request_buffering off; proxy_pass http://{};", backend.address);
    let proxy = Proxy::start("", &format!("client_max_body_size 0; location / {{ {location} }}"));
    let request = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n";
    for _ in 0..20 {
        let answer = proxy.ask(format!("{request}{}", "x".repeat(4_000_000)));
        assert_eq!(
            answer,
            ok("Content-Length: 2\r\nConnection: close\r\n", "no").replace("200 OK", "403 No")
        );
    }
}

#[test]
fn a_client_that_leaves_frees_the_app_server_and_is_a_499() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        assert_eq!(conversation.rest(), "");
    });
    let proxy = Proxy::before(backend.address);
    let mut client = proxy.connect();
    client.write_all(b"GET /gone HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    crate::support::wait_for("the request to arrive", || backend.heads().first().map(drop));
    drop(client);
    let address = backend.address;
    assert_eq!(proxy.access_line("/gone"), format!("GET /gone HTTP/1.1|499|0|{address}|-"));
    proxy.error_line("client prematurely closed connection, so upstream connection is closed too while");
}

#[test]
fn a_client_that_leaves_before_there_is_a_connection_is_a_499() {
    // Nobody accepts here, and the queue is full.
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("an address");
    listener.listen(0).expect("a queue");
    let address = listener.local_addr().ok().and_then(|address| address.as_socket()).expect("its address");
    let _queue: Vec<_> = std::iter::from_fn(|| {
        std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(300)).ok()
    })
    .collect();
    let proxy = Proxy::before(address);
    let mut client = proxy.connect();
    client.write_all(b"GET /gone HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    drop(client);
    assert_eq!(proxy.access_line("/gone"), format!("GET /gone HTTP/1.1|499|0|{address}|-"));
}

#[test]
fn a_client_may_send_more_ahead_than_a_buffer_holds() {
    let (full, go_on) = std::sync::mpsc::channel();
    let go_on = std::sync::Mutex::new(go_on);
    let backend = Backend::start(move |conversation| {
        conversation.head();
        go_on.lock().expect("the channel").recv().expect("the client to have sent all it can");
        conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let proxy = Proxy::before(backend.address);
    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    client.set_write_timeout(Some(std::time::Duration::from_millis(200))).expect("a timeout");
    while client.write(&[b'x'; 65536]).is_ok() {}
    full.send(()).expect("the app server to wait");
    assert_eq!(until(&mut client, "ok"), ok("Content-Length: 2\r\nConnection: keep-alive\r\n", "ok"));
}
