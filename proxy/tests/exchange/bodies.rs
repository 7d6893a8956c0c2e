//! Bodies in both directions: framing, streaming, limits, and what happens when they break off.

use std::io::{Read, Write};

use crate::support::{Backend, Proxy, ok, rest, status, until, wait_for};

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

/// More than all sockets on the way hold.
const LONG: usize = 16 << 20;

#[test]
fn a_client_that_takes_nothing_is_given_up_after_send_timeout() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\n\r\n"));
        conversation.pour(LONG);
    });
    let server = format!("send_timeout 200ms; location / {{ proxy_pass http://{}; }}", backend.address);
    let proxy = Proxy::start("", &server);
    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    proxy.error_line("client timed out (110: Connection timed out) while sending to client");
    assert!(rest(&mut client).len() < LONG);
}

#[test]
fn a_slow_client_gets_all_that_there_is_and_holds_up_nobody_else() {
    for missing in [0, 1] {
        let backend = Backend::start(move |conversation| {
            conversation.head();
            conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", LONG + missing));
            conversation.say(&"x".repeat(LONG));
        });
        let pass = format!(
            "location / {{ return 200 ok; }} location /long {{ proxy_pass http://{}; }}",
            backend.address
        );
        let proxy = Proxy::start("", &pass);
        let mut client = proxy.connect();
        client.write_all(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("a request");
        until(&mut client, "\r\n\r\n");
        let (mut piece, mut received) = (vec![0; LONG / 32], 0);
        loop {
            let count = client.read(&mut piece).expect("a piece, or the end");
            received += count;
            assert_eq!(status(&proxy.get("/")), "200");
            if count == 0 {
                break;
            }
        }
        assert_eq!(received, LONG);
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
fn a_client_that_stops_in_a_long_body_is_given_up_after_client_body_timeout() {
    let backend = Backend::start(|conversation| drop((conversation.head(), conversation.rest())));
    let limits = "client_body_timeout 200ms; client_max_body_size 0;";
    let proxy =
        Proxy::start("", &format!("{limits} location / {{ proxy_pass http://{}; }}", backend.address));
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LONG}\r\n\r\n");
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
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LONG}\r\n\r\n");
        body.write_all(head.as_bytes()).and_then(|()| body.write_all(&vec![b'x'; LONG]))
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
    let backend = Backend::start(|conversation| {
        conversation.head();
        let body = conversation.read(6);
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{body}"));
    });
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
    let backend = Backend::start(|conversation| {
        let head = conversation.head().unwrap_or_default();
        assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
        let body = conversation.chunks();
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{body}"));
    });
    let server =
        format!("proxy_request_buffering off; location / {{ proxy_pass http://{}; }}", backend.address);
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert!(Proxy::start("", &server).ask(request).ends_with("\r\n\r\nabc"));
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
fn a_chunked_request_that_fits_a_buffer_goes_on_with_its_length() {
    let backend = Backend::start(|conversation| {
        let head = conversation.head().unwrap_or_default();
        assert!(head.ends_with("Content-Length: 5\r\n\r\n"), "{head}");
        let body = conversation.read(5);
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{body}"));
    });
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let answer = Proxy::before(backend.address).ask(request);
    assert_eq!(answer, ok("Content-Length: 5\r\nConnection: close\r\n", "abcde"));
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
    let backend = Backend::start(|conversation| {
        conversation.head();
        let body = conversation.read(3);
        conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{body}"));
    });
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
