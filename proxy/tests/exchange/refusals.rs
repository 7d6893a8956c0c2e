//! Requests that go nowhere, as the client and the access log see them.

use crate::support::{Backend, Proxy, status};

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
