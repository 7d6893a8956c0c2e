//! Heads, as they are read and refused.

use super::error::RequestError;
use super::scanner::{HeadLimits, Scan, Scanner};
use super::*;

const LIMITS: HeadLimits = HeadLimits { line: 100, head: 400 };

/// The request that `head` is, or its refusal.
fn read(head: &str) -> Result<Request, RequestError> {
    let (mut request, mut scanner, bytes) = (Request::default(), Scanner::default(), head.as_bytes());
    assert_eq!(scanner.scan(bytes, LIMITS), Scan::Line, "{head:?}");
    let line = scanner.request_line.clone().unwrap_or_default();
    request.read_line(bytes[line.clone()].trim_ascii_end())?;
    match scanner.scan(bytes, LIMITS) {
        Scan::End(end) => request.read_fields(&bytes[line.end..end]).map(|()| request),
        other => panic!("{head:?}: {other:?}"),
    }
}

fn status(head: &str) -> u16 {
    read(head).map_or_else(|refusal| refusal.status, |_| 200)
}

#[test]
fn a_request_is_read_as_it_came() -> Result<(), RequestError> {
    let request = read("\r\nPOST /a%20b?x=1 HTTP/1.1\r\nhOST: Ex:80\r\nContent-Length: 3\r\nX_y: 1\r\n\r\n")?;
    assert_eq!(request.line(), b"POST /a%20b?x=1 HTTP/1.1");
    assert_eq!((request.method(), request.target()), (&b"POST"[..], &b"/a%20b?x=1"[..]));
    assert_eq!((request.version, request.body, request.keep_alive), (11, BodyLength::Known(3), true));
    assert_eq!(format!("{:?}", request.headers), r#"["hOST: Ex:80", "Content-Length: 3"]"#);
    assert_eq!(request.host(), Some(&b"ex"[..]));
    Ok(())
}

#[test]
fn an_absolute_target_names_the_host() -> Result<(), RequestError> {
    let request = read("GET http://ABC:80?x HTTP/1.1\r\nHost: other\r\n\r\n")?;
    assert_eq!((request.target(), request.host()), (&b"?x"[..], Some(&b"abc"[..])));
    Ok(())
}

#[test]
fn keep_alive_follows_version_and_connection() -> Result<(), RequestError> {
    for (version, connection, keep) in [
        ("1.1", "x", true),
        ("1.1", "x, Close", false),
        ("1.0", "x", false),
        ("1.0", "Keep-Alive", true),
        ("1.0", "keep-alive, close", false),
        ("1.9", "", true),
    ] {
        let request = read(&format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n"))?;
        assert_eq!(request.keep_alive, keep, "HTTP/{version} {connection}");
    }
    Ok(())
}

#[test]
fn request_lines_are_refused_as_nginx_does() {
    for (line, expected) in [
        ("get / HTTP/1.1", 400),
        ("GET /", 400),
        (" / HTTP/1.1", 400),
        ("GET\t/ HTTP/1.1", 400),
        ("GET / HTTP/0.9", 400),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/1.1 ", 200),
        ("GET  /  HTTP/1.2", 200),
        ("GET /a b HTTP/1.1", 400),
        ("GET a HTTP/1.1", 400),
        ("OPTIONS * HTTP/1.1", 400),
        ("CONNECT a:1 HTTP/1.1", 400),
        ("CONNECT /a HTTP/1.1", 405),
        ("TRACE / HTTP/1.1", 405),
        ("GET http:///x HTTP/1.1", 400),
        ("GET http://a@b/ HTTP/1.1", 400),
        ("GET /\u{1} HTTP/1.1", 400),
        ("GET / HTTP/1.", 400),
        ("GET / http/1.1", 400),
        ("GET / HTTP/1.1x", 400),
    ] {
        assert_eq!(status(&format!("{line}\r\nHost: a\r\n\r\n")), expected, "{line}");
    }
}

#[test]
fn fields_that_two_readers_could_read_differently_are_refused() {
    for (fields, expected) in [
        ("X: 1", 400),
        ("Host: a\r\nHost: a", 400),
        ("Host: a/b", 400),
        ("Host : a", 400),
        ("Host: a\r\n X: 1", 400),
        ("Host: a\r\nX\0: 1", 400),
        ("Host: a\r\nX: 1\0", 400),
        ("Host: a\r\nX: 1\r2", 400),
        ("Host: a\r\nX", 400),
        ("Host: a\r\n: 1", 400),
        ("Host: a\r\nContent-Length: +3", 400),
        ("Host: a\r\nContent-Length: 3, 3", 400),
        ("Host: a\r\nContent-Length: 3\r\nContent-Length: 3", 400),
        ("Host: a\r\nContent-Length: 99999999999999999999", 400),
        ("Host: a\r\nContent-Length:", 400),
        ("Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked", 400),
        ("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        ("Host: a\r\nTransfer-Encoding: gzip, chunked", 501),
        ("Host: a\r\nTransfer-Encoding: xchunked", 501),
        ("Host: a\r\nTransfer-Encoding: CHUNKED", 200),
        ("Host: a\r\nTransfer_Encoding: gzip", 200),
    ] {
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n")), expected, "{fields:?}");
    }
    assert_eq!(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 200);
}
