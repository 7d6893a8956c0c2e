//! Lines, fields, targets and versions (RFC 9112 §2, §3, §5; RFC 9110 §7).

use super::{HIDDEN, Named, get, line, post};

pub(super) fn line_ends() -> Named<String> {
    vec![
        ("bare LF throughout", "GET /api/x HTTP/1.1\nHost: a\n\n".into()),
        ("a bare LF behind the request line", "GET /api/x HTTP/1.1\nHost: a\r\n\r\n".into()),
        ("a bare LF behind a field", "GET /api/x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n".into()),
        ("a bare LF as the empty line", "GET /api/x HTTP/1.1\r\nHost: a\r\n\n".into()),
        ("bare CR throughout", "GET /api/x HTTP/1.1\rHost: a\r\r".into()),
        ("a bare CR in a field's value", get("X: a\rb")),
        ("a bare CR before a field", get("X: a\r\n\rY: b")),
        ("a bare CR before the request", format!("\r{}", get("X: a"))),
        ("CR CR LF behind a field", get("X: a\r")),
        ("CR CR LF as the empty line", "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\r\n".into()),
        ("empty lines before the request", format!("\r\n\r\n{}", get("X: a"))),
        ("a space before the request", format!(" {}", get("X: a"))),
        ("a hidden request behind a bare CR", get(&format!("X: a\r\r{HIDDEN}"))),
        ("a hidden request behind a bare LF LF", {
            let length = HIDDEN.len();
            format!("POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\n\n{HIDDEN}")
        }),
        ("a vertical tab for a line end", get("X: a\u{b}Y: b")),
        ("NEL for a line end", get("X: a\u{85}Y: b")),
        ("LINE SEPARATOR for a line end", get("X: a\u{2028}Y: b")),
    ]
}

pub(super) fn fields() -> Named<String> {
    vec![
        ("no colon", get("X")),
        ("no name", get(": x")),
        ("a space in the name", get("X Y: z")),
        ("white space before the colon", get("X : y")),
        ("a tab before the colon", get("X\t: y")),
        ("folded with a space", get("X: a\r\n b")),
        ("folded with a tab", get("X: a\r\n\tb")),
        ("the first line folded", "GET /api/x HTTP/1.1\r\n Host: a\r\n\r\n".into()),
        ("a NUL in the name", get("X\0Y: z")),
        ("a NUL in the value", get("X: a\0b")),
        ("DEL in the value", get("X: a\u{7f}b")),
        ("an escape sequence in the value", get("X: \u{1b}[2J")),
        ("parentheses in the name", get("X(): y")),
        ("an underscore in the name", get("X_Y: z")),
        ("a dot in the name", get("X.Y: z")),
        ("an empty value", get("X:")),
        ("a value of tabs", get("X:\t\t")),
        ("a value of 8000 bytes", get(&format!("X: {}", "a".repeat(8000)))),
        ("a value of 9000 bytes", get(&format!("X: {}", "a".repeat(9000)))),
        ("300 fields", get(&vec!["X: y"; 300].join("\r\n"))),
        ("a second request line", get("GET /api/smuggled HTTP/1.1")),
        ("X-Forwarded-For with a line end encoded", get("X-Forwarded-For: a%0d%0aX: b")),
    ]
}

pub(super) fn targets() -> Named<String> {
    vec![
        ("no Host", "GET /api/x HTTP/1.1\r\n\r\n".into()),
        ("Host twice, different", get("Host: b")),
        ("Host twice, the same", "GET /api/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".into()),
        ("Host empty", "GET /api/x HTTP/1.1\r\nHost:\r\n\r\n".into()),
        ("Host with a path", "GET /api/x HTTP/1.1\r\nHost: a/b\r\n\r\n".into()),
        ("Host with a user", "GET /api/x HTTP/1.1\r\nHost: u@a\r\n\r\n".into()),
        ("Host with a space", "GET /api/x HTTP/1.1\r\nHost: a b\r\n\r\n".into()),
        ("Host as a list", "GET /api/x HTTP/1.1\r\nHost: a, b\r\n\r\n".into()),
        ("Host with two dots", "GET /api/x HTTP/1.1\r\nHost: a..b\r\n\r\n".into()),
        ("Host with a port that is none", "GET /api/x HTTP/1.1\r\nHost: a:b\r\n\r\n".into()),
        ("Host with white space before the colon", "GET /api/x HTTP/1.1\r\nHost : a\r\n\r\n".into()),
        ("an absolute target and another Host", line("GET http://b/api/x HTTP/1.1")),
        ("an absolute target with a user", line("GET http://u@b/api/x HTTP/1.1")),
        ("an absolute target without a host", line("GET http:///api/x HTTP/1.1")),
        ("an absolute target with https", line("GET https://a/api/x HTTP/1.1")),
        ("an absolute target with an unknown scheme", line("GET gopher://a/api/x HTTP/1.1")),
        ("an authority for a target", line("GET a:80 HTTP/1.1")),
        ("an asterisk for a target", line("OPTIONS * HTTP/1.1")),
        ("no slash in front", line("GET api/x HTTP/1.1")),
        ("a space in it", line("GET /api/x y HTTP/1.1")),
        ("a tab for a space", line("GET\t/api/x\tHTTP/1.1")),
        ("a fragment", line("GET /api/x#y HTTP/1.1")),
        ("a NUL", line("GET /api/x\0 HTTP/1.1")),
        ("an encoded NUL", line("GET /api/%00 HTTP/1.1")),
        ("an encoded line end", line("GET /api/x%0d%0aX:%20y HTTP/1.1")),
        ("an incomplete escape", line("GET /api/% HTTP/1.1")),
        ("dots out of the root", line("GET /../../etc/passwd HTTP/1.1")),
        ("encoded dots out of the root", line("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1")),
        ("dots from one location into another", line("GET /stomp/../api/x HTTP/1.1")),
        ("an encoded slash", line("GET /api%2fx HTTP/1.1")),
        ("a backslash", line("GET /api\\..\\x HTTP/1.1")),
        ("two slashes", line("GET //api/x HTTP/1.1")),
    ]
}

pub(super) fn versions() -> Named<String> {
    vec![
        ("HTTP/0.9", "GET /api/x\r\n".into()),
        ("HTTP/0.9 with fields", "GET /api/x\r\nHost: a\r\n\r\n".into()),
        ("HTTP/1.0 without Host", "GET /api/x HTTP/1.0\r\n\r\n".into()),
        ("HTTP/1.2", line("GET /api/x HTTP/1.2")),
        ("HTTP/2.0", line("GET /api/x HTTP/2.0")),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()),
        ("HTTP/1.10", line("GET /api/x HTTP/1.10")),
        ("HTTP/01.1", line("GET /api/x HTTP/01.1")),
        ("HTTP/1,1", line("GET /api/x HTTP/1,1")),
        ("http/1.1", line("GET /api/x http/1.1")),
        ("a space within the version", line("GET /api/x HTTP /1.1")),
        ("words behind the version", line("GET /api/x HTTP/1.1 X: y")),
        ("a CR behind the version", line("GET /api/x HTTP/1.1\r")),
        ("small letters in the method", line("get /api/x HTTP/1.1")),
        ("a method of one's own", line("PURGE /api/x HTTP/1.1")),
        ("a method with a digit", line("GET1 /api/x HTTP/1.1")),
        ("CONNECT", line("CONNECT a:80 HTTP/1.1")),
        ("TRACE", line("TRACE /api/x HTTP/1.1")),
        ("no method", line(" /api/x HTTP/1.1")),
        ("two spaces", line("GET  /api/x HTTP/1.1")),
    ]
}

pub(super) fn connections() -> Named<String> {
    vec![
        ("close names nothing else", get("Connection: close, X-A\r\nX-A: b")),
        ("names Host", get("Connection: host")),
        ("names X-Forwarded-For", get("Connection: x-forwarded-for\r\nX-Forwarded-For: 1.2.3.4")),
        ("Keep-Alive in parts", get("Connection: keep-alive\r\nKeep-Alive: timeout=5")),
        ("TE", get("TE: trailers, chunked")),
        ("Proxy-Connection", get("Proxy-Connection: keep-alive")),
        ("Upgrade where none is wanted", get("Connection: upgrade\r\nUpgrade: websocket")),
        (
            "h2c",
            get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"),
        ),
        ("an upgrade with a body", {
            let length = HIDDEN.len();
            format!(
                "GET /stomp/x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"
            )
        }),
        (
            "an upgrade of HTTP/1.0",
            "GET /stomp/x HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".into(),
        ),
        ("an upgrade refused, and a request behind it", {
            let upgrade =
                "GET /stomp/x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
            format!("{upgrade}GET /api/next HTTP/1.1\r\nHost: a\r\n\r\n")
        }),
        ("Expect with a body at hand", post("Expect: 100-continue\r\nContent-Length: 3", "abc")),
        ("Expect of something else", post("Expect: 200-ok\r\nContent-Length: 3", "abc")),
    ]
}

pub(super) fn bytes() -> Named<Vec<u8>> {
    let with =
        |part: &[u8], before: &str, behind: &str| [before.as_bytes(), part, behind.as_bytes()].concat();
    let get = "GET /api/x HTTP/1.1\r\nHost: a\r\n";
    vec![
        ("in a field's name", with(b"X\xff", get, ": y\r\n\r\n")),
        ("in a field's value", with(b"\xff\xfe", &format!("{get}X: "), "\r\n\r\n")),
        ("in the method", with(b"G\xcb", "", "T /api/x HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("in the target", with(b"\xeb\x8b\xb4", "GET /api/", " HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("in Host", with(b"\xeb\x8b\xb4", "GET /api/x HTTP/1.1\r\nHost: ", "\r\n\r\n")),
        ("a no-break space before the coding", {
            with(b"\xa0", "POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:", "chunked\r\n\r\n0\r\n\r\n")
        }),
        ("a digit that is not ASCII for a length", {
            with("３".as_bytes(), "POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: ", "\r\n\r\nabc")
        }),
        ("the start of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
    ]
}
