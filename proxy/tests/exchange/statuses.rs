//! What nginx 1.22 says for each status: the words in the status line and those on the page.

use crate::support::{Proxy, status};

/// Status line and title, where there is a page. `return 408` closes the connection, as 444 does.
const WORDS: &[(&str, Option<&str>)] = &[
    ("200 OK", None),
    ("201 Created", None),
    ("202 Accepted", None),
    ("204 No Content", None),
    ("206 Partial Content", None),
    ("301 Moved Permanently", Some("301 Moved Permanently")),
    ("302 Moved Temporarily", Some("302 Found")),
    ("303 See Other", Some("303 See Other")),
    ("304 Not Modified", None),
    ("307 Temporary Redirect", Some("307 Temporary Redirect")),
    ("308 Permanent Redirect", Some("308 Permanent Redirect")),
    ("400 Bad Request", Some("400 Bad Request")),
    ("401 Unauthorized", Some("401 Authorization Required")),
    ("402 Payment Required", Some("402 Payment Required")),
    ("403 Forbidden", Some("403 Forbidden")),
    ("404 Not Found", Some("404 Not Found")),
    ("405 Not Allowed", Some("405 Not Allowed")),
    ("406 Not Acceptable", Some("406 Not Acceptable")),
    ("409 Conflict", Some("409 Conflict")),
    ("410 Gone", Some("410 Gone")),
    ("411 Length Required", Some("411 Length Required")),
    ("412 Precondition Failed", Some("412 Precondition Failed")),
    ("413 Request Entity Too Large", Some("413 Request Entity Too Large")),
    ("414 Request-URI Too Large", Some("414 Request-URI Too Large")),
    ("415 Unsupported Media Type", Some("415 Unsupported Media Type")),
    ("416 Requested Range Not Satisfiable", Some("416 Requested Range Not Satisfiable")),
    ("418 ", None),
    ("421 Misdirected Request", Some("421 Misdirected Request")),
    ("429 Too Many Requests", Some("429 Too Many Requests")),
    ("500 Internal Server Error", Some("500 Internal Server Error")),
    ("501 Not Implemented", Some("501 Not Implemented")),
    ("502 Bad Gateway", Some("502 Bad Gateway")),
    ("503 Service Temporarily Unavailable", Some("503 Service Temporarily Unavailable")),
    ("504 Gateway Time-out", Some("504 Gateway Time-out")),
    ("505 HTTP Version Not Supported", Some("505 HTTP Version Not Supported")),
    ("507 Insufficient Storage", Some("507 Insufficient Storage")),
];

fn title(response: &str) -> Option<&str> {
    response.split_once("<title>")?.1.split_once("</title>").map(|(title, _)| title)
}

#[test]
fn every_status_has_nginx_s_words() {
    let code = |words: &'static str| words.split(' ').next().unwrap_or_default();
    let locations: String =
        WORDS.iter().map(|(line, _)| format!("location /{0} {{ return {0}; }}\n", code(line))).collect();
    let proxy = Proxy::start("", &locations);
    for (line, page) in WORDS {
        let answer = proxy.get(&format!("/{}", code(line)));
        let found = (answer.split("\r\n").next().unwrap_or_default().to_owned(), title(&answer));
        assert_eq!(found, (format!("HTTP/1.1 {line}"), *page));
    }
}

#[test]
fn some_browsers_are_sent_a_longer_page() {
    let proxy = Proxy::start("", "location /301 { return 301 /; } location / { return 404; }");
    let padded = |path: &str, agent: &str| {
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n");
        let answer = proxy.ask(head);
        (status(&answer).to_owned(), answer.matches("padding to disable").count())
    };
    for (path, agent, expected) in [
        ("/", "Mozilla/5.0 Chrome/140.0", ("404", 6)),
        ("/", "Mozilla/4.0 (compatible; MSIE 6.0)", ("404", 6)),
        ("/", "curl/8.0", ("404", 0)),
        ("/301", "Mozilla/5.0 Chrome/140.0", ("301", 0)),
    ] {
        assert_eq!(padded(path, agent), (expected.0.to_owned(), expected.1), "{path} {agent}");
    }
}

/// nginx 1.22 closes without a word only where there is no text to say; and a text that comes to nothing is one.
#[test]
fn a_text_is_said_whatever_the_status() {
    let statuses = ["408", "444", "499", "416"];
    let locations: String = statuses
        .iter()
        .map(|code| {
            format!("location /{code} {{ return {code}; }} location /{code}t {{ return {code} $arg_t; }}\n")
        })
        .collect();
    let proxy = Proxy::start("", &locations);
    for (code, first_line) in [
        ("408", "HTTP/1.1 408 Request Time-out"),
        ("444", "HTTP/1.1 444 "),
        ("499", "HTTP/1.1 499 "),
        ("416", "HTTP/1.1 416 Requested Range Not Satisfiable"),
    ] {
        let alone = proxy.get(&format!("/{code}"));
        assert_eq!((code, alone.is_empty()), (code, code != "416"), "{alone}");
        for text in ["", "text"] {
            let answer = proxy.get(&format!("/{code}t?t={text}"));
            let seen = (answer.split("\r\n").next(), answer.split_once("\r\n\r\n").map(|(_, body)| body));
            assert_eq!(seen, (Some(first_line), Some(text)), "{answer}");
        }
    }
}
