//! Requests and answers made to be read in two ways: what research on request smuggling lists, and what RFC 9112 has refused.
//!
//! Wherever bytes could be another request they ask for `/api/smuggled`, which no app server may ever be asked for: not by a proxy that
//! takes a message to end where the client meant it to, or where it can be read in one way only.

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// What the client sends.
    pub(crate) request: Vec<u8>,
    /// What an app server answers.
    pub(crate) reply: Vec<u8>,
}

/// What no app server may be asked for.
pub(crate) const SMUGGLED: &str = "/api/smuggled";

const HIDDEN: &str = "GET /api/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// All of them, grouped.
pub(crate) fn payloads() -> Vec<Payload> {
    let mut all = Vec::new();
    for (group, list) in [
        ("Content-Length", lengths()),
        ("Transfer-Encoding", codings()),
        ("both lengths", both()),
        ("chunks", chunks()),
        ("line ends", line_ends()),
        ("fields", fields()),
        ("Host and target", targets()),
        ("version and method", versions()),
        ("Connection and Upgrade", connections()),
    ] {
        all.extend(list.into_iter().map(|(name, request)| Payload {
            group,
            name,
            request: request.into_bytes(),
            reply: GOOD.into(),
        }));
    }
    all.extend(bytes().into_iter().map(|(name, request)| Payload {
        group: "bytes beyond ASCII",
        name,
        request,
        reply: GOOD.into(),
    }));
    all.extend(answers().into_iter().map(|(name, reply)| Payload {
        group: "answers",
        name,
        request: b"GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        reply: reply.into_bytes(),
    }));
    all
}

type Named<T> = Vec<(&'static str, T)>;

/// A POST with these field lines and what follows them.
fn post(fields: &str, body: &str) -> String {
    format!("POST /api/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}")
}

/// A GET with these field lines.
fn get(fields: &str) -> String {
    format!("GET /api/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")
}

/// A GET with this request line and a Host.
fn line(line: &str) -> String {
    format!("{line}\r\nHost: a\r\n\r\n")
}

fn lengths() -> Named<String> {
    let length = |value: &str| post(&format!("Content-Length: {value}"), &format!("abc{HIDDEN}"));
    vec![
        ("twice, different", post("Content-Length: 3\r\nContent-Length: 4", &format!("abc{HIDDEN}"))),
        ("twice, the same", post("Content-Length: 3\r\nContent-Length: 3", "abc")),
        ("as a list, different", length("3, 4")),
        ("as a list, the same", length("3, 3")),
        ("with a plus", length("+3")),
        ("with a minus", length("-3")),
        ("minus nothing", length("-0")),
        ("in hexadecimal", length("0x3")),
        ("in octal dress", post("Content-Length: 03", "abc")),
        ("with a fraction", length("3.0")),
        ("with an exponent", length("3e0")),
        ("with an underscore", length("0_3")),
        ("with words behind", length("3 abc")),
        ("with a semicolon", length("3;a=b")),
        ("with spaces within", length("1 0")),
        ("in quotes", length("\"3\"")),
        ("empty", length("")),
        ("only spaces", length("   ")),
        ("beyond 63 bits", length("9223372036854775808")),
        ("beyond 64 bits, 3 in 64", length("18446744073709551619")),
        ("of a hundred nines", length(&"9".repeat(100))),
        ("with a hundred zeros before", post(&format!("Content-Length: {}3", "0".repeat(100)), "abc")),
        ("with a tab before", post("Content-Length: \t3", "abc")),
        ("with a tab behind", post("Content-Length: 3\t", "abc")),
        ("with a vertical tab", length("\u{b}3")),
        ("with a NUL behind", length("3\0")),
        ("white space before the colon", post("Content-Length : 3", &format!("abc{HIDDEN}"))),
        ("an underscore in the name", post("Content_Length: 3", "")),
        ("folded", post("Content-Length:\r\n 3", &format!("abc{HIDDEN}"))),
        ("a GET with a body that looks like a request", {
            let length = HIDDEN.len();
            get(&format!("Content-Length: {length}")) + HIDDEN
        }),
        ("a HEAD with a body", {
            let length = HIDDEN.len();
            format!("HEAD /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}")
        }),
        ("a preflight with a body that looks like a request", {
            let length = HIDDEN.len();
            format!("OPTIONS /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}")
        }),
        ("a page with a body that looks like a request", {
            let length = HIDDEN.len();
            format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}")
        }),
        ("of nothing, and bytes all the same", post("Content-Length: 0", "xx")),
    ]
}

/// A chunked body with another request hidden behind its end for a reader who does not know chunks.
const CHUNKED: &str = "3\r\nabc\r\n0\r\n\r\n";

fn codings() -> Named<String> {
    let coding = |lines: &str| post(lines, CHUNKED);
    vec![
        ("chunked", coding("Transfer-Encoding: chunked")),
        ("in capitals", coding("Transfer-Encoding: CHUNKED")),
        ("white space before the colon", coding("Transfer-Encoding : chunked")),
        ("a tab before the colon", coding("Transfer-Encoding\t: chunked")),
        ("a tab before the value", coding("Transfer-Encoding:\tchunked")),
        ("no space before the value", coding("Transfer-Encoding:chunked")),
        ("a vertical tab before the value", coding("Transfer-Encoding:\u{b}chunked")),
        ("a form feed before the value", coding("Transfer-Encoding:\u{c}chunked")),
        ("a NUL behind the value", coding("Transfer-Encoding: chunked\0")),
        ("folded", coding("Transfer-Encoding:\r\n chunked")),
        ("a space before the name", coding("X: y\r\n Transfer-Encoding: chunked")),
        ("an underscore in the name", coding("Transfer_Encoding: chunked")),
        ("chunked within another word", coding("Transfer-Encoding: xchunked")),
        ("chunked with letters behind", coding("Transfer-Encoding: chunkedx")),
        ("in quotes", coding("Transfer-Encoding: \"chunked\"")),
        ("with a parameter", coding("Transfer-Encoding: chunked;q=1")),
        ("identity", coding("Transfer-Encoding: identity")),
        ("identity, chunked", coding("Transfer-Encoding: identity, chunked")),
        ("gzip, chunked", coding("Transfer-Encoding: gzip, chunked")),
        ("chunked, gzip", coding("Transfer-Encoding: chunked, gzip")),
        ("chunked, chunked", coding("Transfer-Encoding: chunked, chunked")),
        ("chunked and an empty item", coding("Transfer-Encoding: chunked,")),
        ("an empty item and chunked", coding("Transfer-Encoding: ,chunked")),
        ("twice", coding("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        ("twice, the second unknown", coding("Transfer-Encoding: chunked\r\nTransfer-Encoding: x")),
        ("twice, the first unknown", coding("Transfer-Encoding: x\r\nTransfer-Encoding: chunked")),
        ("empty", coding("Transfer-Encoding:")),
        (
            "in a field that Connection names",
            coding("Connection: transfer-encoding\r\nTransfer-Encoding: chunked"),
        ),
        (
            "of HTTP/1.0",
            format!("POST /api/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKED}"),
        ),
        ("of a GET", get("Transfer-Encoding: chunked") + CHUNKED),
        (
            "of a preflight",
            format!("OPTIONS /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKED}"),
        ),
    ]
}

fn both() -> Named<String> {
    let both = |lines: &str| post(lines, &format!("0\r\n\r\n{HIDDEN}"));
    vec![
        ("CL.TE", both("Content-Length: 45\r\nTransfer-Encoding: chunked")),
        (
            "TE.CL",
            post("Transfer-Encoding: chunked\r\nContent-Length: 4", &format!("2d\r\n{HIDDEN}\r\n0\r\n\r\n")),
        ),
        ("CL.TE, the coding unknown", both("Content-Length: 5\r\nTransfer-Encoding: xchunked")),
        ("CL.TE, white space before the colon", both("Content-Length: 5\r\nTransfer-Encoding : chunked")),
        ("CL.TE, an underscore", {
            let length = HIDDEN.len() + 5;
            both(&format!("Content-Length: {length}\r\nTransfer_Encoding: chunked"))
        }),
        ("CL.TE, a tab before the value", both("Content-Length: 5\r\nTransfer-Encoding:\tchunked")),
        ("CL.TE, folded", both("Content-Length: 5\r\nTransfer-Encoding:\r\n\tchunked")),
        (
            "CL.TE, hidden in another field's line",
            both("Content-Length: 5\r\nX: y\rTransfer-Encoding: chunked"),
        ),
        ("CL.TE, behind a bare LF", both("Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked")),
        ("CL.TE, in capitals", both("Content-Length: 5\r\nTRANSFER-ENCODING: CHUNKED")),
        ("CL.0 and chunked", both("Content-Length: 0\r\nTransfer-Encoding: chunked")),
        ("TE.TE, the second dressed up", both("Transfer-Encoding: chunked\r\nTransfer-encoding: x, chunked")),
        ("Connection names Content-Length", post("Connection: content-length\r\nContent-Length: 3", "abc")),
    ]
}

fn chunks() -> Named<String> {
    let chunked = |body: &str| post("Transfer-Encoding: chunked", body);
    vec![
        ("a size with a plus", chunked("+3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a minus", chunked("-3\r\nabc\r\n0\r\n\r\n")),
        ("a size with 0x", chunked("0x3\r\nabc\r\n0\r\n\r\n")),
        ("a size with an underscore", chunked("0_3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a space before", chunked(" 3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a space behind", chunked("3 \r\nabc\r\n0\r\n\r\n")),
        ("a size with zeros before", chunked("0003\r\nabc\r\n0\r\n\r\n")),
        ("a size of 16 zeros and a 3", chunked(&format!("{}3\r\nabc\r\n0\r\n\r\n", "0".repeat(16)))),
        ("no size", chunked("\r\nabc\r\n0\r\n\r\n")),
        ("a size that is no number", chunked("xyz\r\nabc\r\n0\r\n\r\n")),
        ("a size beyond 64 bits", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")),
        ("a size of 63 bits and more", chunked("ffffffffffffffff\r\nabc\r\n0\r\n\r\n")),
        ("an extension", chunked("3;a=b\r\nabc\r\n0\r\n\r\n")),
        ("an extension in quotes with a line end", chunked("3;a=\"\r\nabc\r\n0\r\n\r\n")),
        ("an extension without a name", chunked("3;\r\nabc\r\n0\r\n\r\n")),
        ("an extension with a bare LF", chunked(&format!("3;\nabc\r\n0\r\n\r\n{HIDDEN}"))),
        ("an extension with a bare CR", chunked("3;a\rb\r\nabc\r\n0\r\n\r\n")),
        ("an extension of 10 000 bytes", chunked(&format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(10_000)))),
        ("a size ended by a bare LF", chunked("3\nabc\r\n0\r\n\r\n")),
        ("a size ended by a bare CR", chunked("3\rabc\r\n0\r\n\r\n")),
        ("data ended by a bare LF", chunked("3\r\nabc\n0\r\n\r\n")),
        ("data longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n")),
        ("data shorter than its size", chunked(&format!("40\r\nabc\r\n0\r\n\r\n{HIDDEN}"))),
        ("no line end behind the data", chunked("3\r\nabc0\r\n\r\n")),
        ("two bytes other than a line end behind the data", chunked(&format!("3\r\nabcXX0\r\n\r\n{HIDDEN}"))),
        ("the last chunk by a bare LF", chunked("3\r\nabc\r\n0\n\n")),
        ("the last chunk with zeros before", chunked("3\r\nabc\r\n000\r\n\r\n")),
        ("trailers", chunked("3\r\nabc\r\n0\r\nX-A: b\r\n\r\n")),
        ("a trailer that sets a length", chunked("3\r\nabc\r\n0\r\nContent-Length: 50\r\n\r\n")),
        ("a trailer that sets a coding", chunked("3\r\nabc\r\n0\r\nTransfer-Encoding: x\r\n\r\n")),
        ("a trailer that sets Host", chunked("3\r\nabc\r\n0\r\nHost: b\r\n\r\n")),
        ("a trailer without a colon", chunked("3\r\nabc\r\n0\r\nX\r\n\r\n")),
        ("trailers ended by a bare LF", chunked("3\r\nabc\r\n0\r\nX: y\n\n")),
        ("a body that looks like a request", {
            chunked(&format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len()))
        }),
    ]
}

fn line_ends() -> Named<String> {
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

fn fields() -> Named<String> {
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

fn targets() -> Named<String> {
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

fn versions() -> Named<String> {
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

fn connections() -> Named<String> {
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

fn bytes() -> Named<Vec<u8>> {
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

fn answers() -> Named<String> {
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
