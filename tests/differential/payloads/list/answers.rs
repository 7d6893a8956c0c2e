//! What app servers should not say.

use super::Named;

pub(super) fn answers() -> Named<String> {
    let answer = |fields: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}");
    vec![
        ("both lengths", answer("Content-Length: 3\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n")),
        ("two lengths, different", answer("Content-Length: 3\r\nContent-Length: 4", "abcd")),
        ("two lengths, the same", answer("Content-Length: 3\r\nContent-Length: 3", "abc")),
        ("a length with a plus", answer("Content-Length: +3", "abc")),
        ("a length that is none", answer("Content-Length: x", "abc")),
        (
            "more than its length",
            answer("Content-Length: 3", "abcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ),
        ("an unknown coding", answer("Transfer-Encoding: gzip", "abc")),
        ("chunked in a list", answer("Transfer-Encoding: gzip, chunked", "3\r\nabc\r\n0\r\n\r\n")),
        (
            "chunked twice",
            answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
        ),
        ("a chunk's size with a plus", answer("Transfer-Encoding: chunked", "+3\r\nabc\r\n0\r\n\r\n")),
        ("a chunk's size that is none", answer("Transfer-Encoding: chunked", "x\r\nabc\r\n0\r\n\r\n")),
        ("white space before a colon", answer("Content-Length : 3", "abc")),
        ("a folded field", answer("X: a\r\n b\r\nContent-Length: 3", "abc")),
        ("a NUL in a field", answer("X: a\0b\r\nContent-Length: 3", "abc")),
        ("a bare CR in a field", answer("X: a\rb\r\nContent-Length: 3", "abc")),
        ("no colon in a field", answer("X\r\nContent-Length: 3", "abc")),
        ("bare LF throughout", "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc".into()),
        (
            "a 101 that nobody asked for",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nabc".into(),
        ),
        ("a 204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc".into()),
        ("a 304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n".into()),
        (
            "interim answers first",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".into(),
        ),
        ("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n".into()),
        ("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n".into()),
        ("HTTP/2", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n".into()),
        ("no head at all", "hello".into()),
    ]
}
