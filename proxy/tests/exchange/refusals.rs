//! Requests that go nowhere, as the client and the access log see them.

use std::io::Write;
use std::net::Shutdown;

use crate::support::{Backend, Proxy, rest, status};

#[test]
fn a_refused_request_is_answered_logged_and_not_passed_on() {
    let backend = Backend::named("app");
    let proxy = Proxy::before(backend.address);
    let long = "x".repeat(9000);
    for (request, expected) in [
        ("get /1 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("GET /2\r\n".to_owned(), "400"),
        ("GET /3 HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), "505"),
        ("TRACE /4 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "405"),
        ("GET /5 HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET /../6 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("POST /7 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), "501"),
        (format!("GET /8 HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), "400"),
        (format!("GET /9{long} HTTP/1.1\r\nHost: a\r\n\r\n"), "414"),
        ("\u{16}\u{3}\u{1}".to_owned(), "400"),
    ] {
        let answer = proxy.ask(&request);
        assert_eq!(status(&answer), expected, "{}", &request[..20.min(request.len())]);
        assert!(
            answer.contains("Connection: close\r\n") && answer.contains("<center>reference-proxy/"),
            "{answer}"
        );
    }
    assert!(backend.heads().is_empty());
    let size = |page: &str| page.len();
    let page = proxy.ask("get / HTTP/1.1\r\n\r\n").split_once("\r\n\r\n").map_or(0, |(_, page)| size(page));
    assert_eq!(proxy.access_line("get /1"), format!("get /1 HTTP/1.1|400|{page}|-|-"));
    assert_eq!(proxy.access_line("\\x16"), format!("\\x16\\x03\\x01|400|{page}|-|-"));
    assert!(proxy.ask(format!("GET / HTTP/1.1\r\nX: {long}")).contains("Request Header Or Cookie Too Large"));
}

/// What the differential test has found: nginx reads byte by byte, so that what comes first is what a request is refused for.
#[test]
fn a_request_is_refused_for_what_comes_first() {
    let backend = Backend::named("app");
    let proxy = Proxy::before(backend.address);
    let long = "l".repeat(9000);
    for (request, expected) in [
        (format!(" GET /1{long} HTTP/1.1\r\n\r\n"), "400"),
        (format!("GET\t/2{long} HTTP/1.1\r\n\r\n"), "400"),
        (format!("GET x y{long} HTTP/1.1\r\n\r\n"), "400"),
        (format!("GET / z{long}\r\n\r\n"), "400"),
        ("GET /3 HTTP/10.1\r\nHost: a\r\n\r\n".to_owned(), "505"),
        ("GET /4 HTTP/1.1\r\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("CONNECT /5 HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("GET /6 HTTP/1.1\r\nHost: a\r\nExpect: x\r\nExpect: x\r\n\r\n".to_owned(), "400"),
        ("GET /7 HTTP/1.1\r\nHost: a\r\nIf-Match: x\r\nIf-Match: x\r\n\r\n".to_owned(), "400"),
        ("GET /8 HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nauthorization: y\r\n\r\n".to_owned(), "400"),
    ] {
        assert_eq!(status(&proxy.ask(&request)), expected, "{}", &request[..20.min(request.len())]);
    }
    assert!(backend.heads().is_empty());
    let refused = proxy.ask(format!("GET /9 HTTP/1.1\r\nHost: a\r\nNo Name: x\r\nX: {long}\r\n\r\n"));
    assert!(!refused.contains("Too Large"), "{refused}");
    assert!(proxy.access_line("/4").starts_with("GET /4 HTTP/1.1|400|"), "without a stray CR");
    proxy.ask("GET /11 HTTP/1.1\rx\r\nHost: a\r\n\r\n");
    assert!(proxy.access_line("/11").starts_with("GET /11 HTTP/1.1|400|"), "nor what follows one");
}

/// RFC 9112 §2.2: a CR alone ends nothing. What might follow is not waited for: `ask` sends no more and waits for the end.
#[test]
fn a_bare_cr_is_refused_at_once() {
    let proxy = Proxy::before(Backend::named("app").address);
    for (begun, expected, logged) in [
        ("GET /1 HTTP/1.1\rH", "400", "GET /1 HTTP/1.1|400|"),
        ("GET /2 HTTP/1.1\r\r", "400", "GET /2 HTTP/1.1|400|"),
        ("GET /3\rHost", "400", "GET /3|400|"),
        ("GET /4 HTTP/2.0\r\r", "505", "GET /4 HTTP/2.0|505|"),
        ("GET /5 HTTP/1.1\r\nHost: a\r\n\r\r", "400", "GET /5 HTTP/1.1|400|"),
        ("GET /6 HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\nZ", "400", "GET /6 HTTP/1.1|400|"),
        ("GET /7 HTTP/1.1\rHost: a\r\r", "400", "GET /7 HTTP/1.1|400|"),
        ("\rGET /8 HTTP/1.1\r\n", "400", "GET /8 HTTP/1.1|400|"),
    ] {
        assert_eq!(status(&proxy.ask(begun)), expected, "{begun:?}");
        assert!(
            proxy.access_line(begun.trim_start().get(..6).unwrap_or(begun)).starts_with(logged),
            "{begun:?}"
        );
    }
    // Where a CR has come last, its LF may be on the way.
    let mut stream = proxy.connect();
    for piece in ["GET /8 HTTP/1.1\r", "\nHost: a\r", "\nConnection: close\r", "\n\r", "\n"] {
        stream.write_all(piece.as_bytes()).expect("a piece sent");
        proxy.get("/between");
    }
    assert_eq!(status(&rest(&mut stream)), "200");
}

#[test]
fn head_gets_no_page_even_when_its_line_is_too_long() {
    let proxy = Proxy::before(Backend::named("app").address);
    let answer = proxy.ask(format!("\r\nHEAD /{} HTTP/1.1\r\n\r\n", "l".repeat(9000)));
    assert_eq!(status(&answer), "414");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(proxy.access_line("HEAD").contains("|414|0|"), "no body, and no empty line in its place");
}

/// Where nginx 1.22 draws the lines with its defaults: 8192 bytes a line, four lines of nearly that size.
#[test]
fn a_head_may_be_as_long_as_nginx_lets_it() {
    let proxy = Proxy::start("", "location / { return 200; }");
    let ask = |start: &str, fields: &str| {
        let rest = "Host: a\r\nConnection: close\r\n";
        status(&proxy.ask(format!("{start} HTTP/1.1\r\n{rest}{fields}\r\n"))).to_owned()
    };
    let line = |length: usize| format!("GET /{}", "l".repeat(length - "GET / HTTP/1.1\r\n".len()));
    assert_eq!([8192, 8193].map(|length| ask(&line(length), "")), ["200", "414"]);
    let field = |length: usize| format!("X: {}\r\n", "x".repeat(length - "X: \r\n".len()));
    assert_eq!([8192, 8193].map(|length| ask("GET /", &field(length))), ["200", "400"]);
    assert_eq!([4, 5].map(|count| ask("GET /", &field(7000).repeat(count))), ["200", "400"]);
}

#[test]
fn a_head_that_is_cut_off_is_logged_and_not_answered() {
    let proxy = Proxy::start("", "location / { return 200; }");
    for (head, logged, part) in [
        ("GET /line HT", "GET /line HT|400|0|-|-", "line"),
        ("GET /fields HTTP/1.1\r\nHo", "GET /fields HTTP/1.1|400|0|-|-", "headers"),
    ] {
        let mut client = proxy.connect();
        client.write_all(head.as_bytes()).expect("a part of a head");
        client.shutdown(Shutdown::Write).expect("its end");
        assert_eq!(rest(&mut client), "");
        assert_eq!(proxy.access_line(&logged[..8]), logged);
        proxy.error_line(&format!(
            "client prematurely closed connection while reading client request {part}, client: 127.0.0.1"
        ));
    }
}
