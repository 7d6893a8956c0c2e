//! Connections that are used more than once, on both sides.

use std::io::Write;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::support::{Backend, Conversation, Proxy, TEST_TIMEOUT, ok, rest, status, until, wait_for};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Answers with the connection's number and the request's on it.
fn counting() -> Backend {
    Backend::start(|conversation| {
        let mut requests = 0;
        while conversation.head().is_some() {
            requests += 1;
            conversation.say(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}/{requests}",
                conversation.number
            ));
        }
    })
}

#[test]
fn requests_share_the_connection_to_the_app_server() {
    let proxy = Proxy::before(counting().address);
    let answers: Vec<_> =
        (0..3).map(|_| proxy.get("/").split_off(0).rsplit("\r\n").next().map(str::to_owned)).collect();
    assert_eq!(answers, [Some("0/1".to_owned()), Some("0/2".to_owned()), Some("0/3".to_owned())]);
}

#[test]
fn a_post_shares_a_connection_only_where_the_file_asks_for_it() {
    let last = |http: &str, pass: &str| {
        let proxy = Proxy::start(http, &format!("location / {{ proxy_pass http://{pass}; }}"));
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (proxy.get("/"), proxy.ask(post)).1.rsplit("\r\n").next().map(str::to_owned)
    };
    assert_eq!(last("", &counting().address.to_string()).as_deref(), Some("1/1"));
    let asked = format!("upstream app {{ server {}; keepalive 4; }}", counting().address);
    assert_eq!(last(&asked, "app").as_deref(), Some("0/2"));
}

#[test]
fn connections_that_a_burst_has_set_free_serve_the_next_one_and_32_stay() {
    const BURST: usize = 40;
    static TOGETHER: Barrier = Barrier::new(BURST);
    static ACCEPTED: AtomicUsize = AtomicUsize::new(0);
    static OPEN: AtomicUsize = AtomicUsize::new(0);
    let backend = Backend::start(|conversation| {
        ACCEPTED.fetch_add(1, SeqCst);
        OPEN.fetch_add(1, SeqCst);
        while conversation.head().is_some() {
            TOGETHER.wait();
            conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
        OPEN.fetch_sub(1, SeqCst);
    });
    let proxy = Proxy::before(backend.address);
    let burst = || thread::scope(|threads| (0..BURST).for_each(|_| drop(threads.spawn(|| proxy.get("/")))));
    wait_for("a burst that needs no new connection", || {
        let before = ACCEPTED.load(SeqCst);
        burst();
        (ACCEPTED.load(SeqCst) == before).then_some(())
    });
    wait_for("32 connections to stay", || (OPEN.load(SeqCst) == 32).then_some(()));
}

/// The first request on a connection is answered at once, the next one by `again`; on other connections all are.
fn twice(again: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Backend {
    Backend::start(move |conversation| {
        let mut requests = 0;
        while conversation.head().is_some() {
            requests += 1;
            match (conversation.number, requests) {
                (0, 2) => return again(conversation),
                (number, _) => {
                    conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"))
                }
            }
        }
    })
}

#[test]
fn only_a_connection_that_ends_unanswered_is_put_down_to_its_age() {
    let close = |_: &mut Conversation| {};
    let partly = |conversation: &mut Conversation| conversation.say("HTTP/1.1 200 OK\r\nContent-");
    let silence = |conversation: &mut Conversation| drop(conversation.rest());
    let second = |backend: Backend| {
        let server =
            format!("proxy_read_timeout 200ms; location / {{ proxy_pass http://{}; }}", backend.address);
        let proxy = Proxy::start("", &server);
        assert!(proxy.get("/").ends_with("\r\n0"));
        status(&proxy.get("/")).to_owned()
    };
    assert_eq!(second(twice(close)), "200");
    assert_eq!(second(twice(partly)), "502");
    assert_eq!(second(twice(silence)), "504");
}

#[test]
fn a_connection_that_may_not_be_used_again_is_not() {
    for (version, fields, behind) in [
        ("1.1", "Connection: close\r\n", ""),
        ("1.0", "", ""),
        // More than was asked for: it must not be taken for the answer to the next request.
        ("1.1", "", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
    ] {
        let backend = Backend::start(move |conversation| {
            while conversation.head().is_some() {
                let number = conversation.number;
                conversation.say(&format!(
                    "HTTP/{version} 200 OK\r\n{fields}Content-Length: 1\r\n\r\n{number}{behind}"
                ));
            }
        });
        let proxy = Proxy::before(backend.address);
        let numbers = [proxy.get("/"), proxy.get("/")].map(|answer| answer.chars().last());
        assert_eq!(numbers, [Some('0'), Some('1')], "HTTP/{version} {fields}{behind}");
    }
}

#[test]
fn an_upstream_says_how_often_and_how_long_a_connection_is_used() {
    let answers = |directives: &str| {
        let http = format!("upstream app {{ server {}; keepalive 4; {directives} }}", counting().address);
        let proxy = Proxy::start(
            &http,
            "location / { proxy_set_header Connection keep-alive; proxy_pass http://app; }",
        );
        let last = |answer: String| answer.rsplit("\r\n").next().unwrap_or_default().to_owned();
        [(); 3].map(|()| last(proxy.get("/"))).join(" ")
    };
    assert_eq!(answers(""), "0/1 0/2 0/3");
    assert_eq!(answers("keepalive_requests 2;"), "0/1 0/2 1/1");
    assert_eq!(answers("keepalive_timeout 0;"), "0/1 1/1 2/1");
}

#[test]
fn an_idle_connection_is_closed_when_its_time_is_over_or_the_app_server_has_ended_it() {
    for (timeout, ends, closes) in [("1s", false, true), ("60s", true, true), ("60s", false, false)] {
        let (report, reported) = std::sync::mpsc::channel();
        let backend = Backend::start(move |conversation| {
            conversation.head();
            conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            if ends {
                conversation.finish();
            }
            // One that stays is looked at until it has been passed over.
            let patience = if closes { TEST_TIMEOUT } else { Duration::from_millis(2500) };
            // The test may be over.
            let _ = report.send(conversation.ends_within(patience));
        });
        let http = format!(
            "upstream app {{ server {}; keepalive 4; keepalive_timeout {timeout}; }}",
            backend.address
        );
        let proxy = Proxy::start(&http, "location / { proxy_pass http://app; }");
        assert_eq!(status(&proxy.get("/")), "200");
        assert_eq!(reported.recv(), Ok(closes), "{timeout}, {ends}");
    }
}

#[test]
fn a_client_is_kept_though_nobody_knows_yet_how_long_the_answer_is() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let proxy = Proxy::before(Backend::saying(chunked).address);
    let mut client = proxy.connect();
    for _ in 0..2 {
        client.write_all(GET).expect("a request");
        let answer = until(&mut client, "\r\n0\r\n\r\n");
        assert!(answer.contains("Connection: keep-alive\r\n"), "{answer}");
    }
}

#[test]
fn http_1_0_towards_the_app_server_means_a_connection_each() {
    let backend = counting();
    let proxy = Proxy::start(
        "",
        &format!("location / {{ proxy_http_version 1.0; proxy_pass http://{}; }}", backend.address),
    );
    assert!(proxy.get("/").ends_with("0/1") && proxy.get("/").ends_with("1/1"));
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced_unseen() {
    // Each connection serves one request and is closed when the next one has been read.
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        conversation.head();
    });
    let proxy = Proxy::before(backend.address);
    for _ in 0..3 {
        assert!(proxy.get("/").ends_with("\r\n\r\nok"));
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let proxy = Proxy::before(counting().address);
    let last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let kept = |body| ok("Content-Length: 3\r\nConnection: keep-alive\r\n", body);
    let expected =
        [kept("0/1"), kept("0/2"), ok("Content-Length: 3\r\nConnection: close\r\n", "0/3")].concat();
    assert_eq!(proxy.ask([GET, GET, last].concat()), expected);
}

#[test]
fn a_connection_ends_after_keepalive_requests_and_keepalive_timeout() {
    let proxy =
        Proxy::start("", "keepalive_requests 2; keepalive_timeout 100ms 7s; location / { return 200 ok; }");
    let fields = |connection: &str| {
        ok(&format!("Content-Type: text/plain\r\nContent-Length: 2\r\n{connection}"), "ok")
    };
    let (kept, closed) =
        (fields("Connection: keep-alive\r\nKeep-Alive: timeout=7\r\n"), fields("Connection: close\r\n"));
    assert_eq!(proxy.ask([GET, GET, GET].concat()), format!("{kept}{closed}"));
    let mut client = proxy.connect();
    client.write_all(GET).expect("a request");
    assert_eq!(until(&mut client, "ok"), kept);
    assert_eq!(rest(&mut client), "");
}

#[test]
fn a_request_head_that_never_ends_is_given_up() {
    let proxy = Proxy::start("", "client_header_timeout 100ms; location / { return 200; }");
    assert_eq!(proxy.ask("GET /slow HTTP/1.1\r\nHost:"), "");
    assert_eq!(proxy.access_line("/slow"), "GET /slow HTTP/1.1|408|0|-|-");
}

#[test]
fn a_request_body_that_never_ends_is_given_up_before_an_app_server_is_asked() {
    let backend = counting();
    let proxy = Proxy::start(
        "",
        &format!("client_body_timeout 100ms; location / {{ proxy_pass http://{}; }}", backend.address),
    );
    assert_eq!(proxy.ask("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"), "");
    assert_eq!(proxy.access_line("/slow"), "POST /slow HTTP/1.1|408|0|-|-");
    wait_for("nothing", || backend.heads().is_empty().then_some(()));
}

#[test]
fn a_body_nobody_wanted_does_not_become_a_request() {
    let proxy = Proxy::start("", "location / { return 200 $request_uri; }");
    let request =
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nGET /x HTTP/1.1\r\nHost: evil\r\n\r\n";
    let next = "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answers = proxy.ask(format!("{}{next}", request));
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert!(answers.ends_with("/2") && !answers.contains("/x"), "{answers}");
}

/// Closing while bytes are on their way would reset the connection, and could take the answer with it.
#[test]
fn a_client_is_heard_out_only_where_it_has_more_to_say() {
    let proxy = Proxy::start("", "location / { return 200 ok; }");
    for (rest_of_request, more) in [
        ("\r\n", false),
        ("Content-Length: 2\r\n\r\nab", false),
        ("\r\nGET / HTTP/1.1\r\n", true),
        ("Content-Length: 9\r\n\r\n", true),
        ("Content-Length: 9\r\n\r\nab", true),
    ] {
        let mut client = proxy.connect();
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{rest_of_request}");
        client.write_all(request.as_bytes()).expect("a request");
        assert!(rest(&mut client).ends_with("\r\n\r\nok"), "{request:?}");
        let mut say = || client.write_all(b"x");
        if more {
            assert!((0..9).all(|_| say().is_ok()), "{request:?}");
        } else {
            wait_for("the connection to be closed", || say().err());
        }
    }
}

#[test]
fn a_body_that_nobody_reads_may_come_after_the_answer() {
    let proxy = Proxy::start("", "location / { return 200 ok; }");
    let kept = ok("Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: keep-alive\r\n", "ok");
    let mut client = proxy.connect();
    client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n").expect("a head");
    assert_eq!(until(&mut client, "ok"), kept);
    // One that waits to be told to go on, and does not wait.
    client.write_all(b"abcPOST / HTTP/1.1\r\nHost: a\r\n").expect("a body");
    client.write_all(b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc").expect("a request");
    assert_eq!(until(&mut client, "ok"), kept);
    client.write_all(GET).expect("a request");
    assert_eq!(until(&mut client, "ok"), kept);
}

#[test]
fn the_length_of_a_request_is_that_of_its_head_and_body() {
    let proxy = Proxy::start(
        "log_format l '$request_uri $request_length';",
        &format!("access_log access.log l; location / {{ proxy_pass http://{}; }}", counting().address),
    );
    let close = "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    proxy.ask(format!("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc{close}"));
    assert_eq!((proxy.access_line("/1"), proxy.access_line("/2")), ("/1 51".into(), "/2 47".into()));
    let mut client = proxy.connect();
    let head = "POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).expect("a head");
    // So that no part of the body comes with the head.
    until(&mut client, "\r\n\r\n");
    client.write_all(b"abcdef").expect("a body");
    rest(&mut client);
    assert_eq!(proxy.access_line("/3"), "/3 95");
}

#[test]
fn connections_are_numbered() {
    let proxy = Proxy::start("", "location / { return 200 $connection; }");
    let number = || {
        let answer = proxy.get("/");
        answer.rsplit("\r\n").next().and_then(|body| body.parse::<u64>().ok()).expect("a number")
    };
    let first = number();
    assert_eq!([number(), number()], [first + 1, first + 2]);
}
