//! Bytes that clients might send: mostly good, and bad in every way at least now and then.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::stream::{Cuts, REPLIES, Stream};

/// Any stream of requests for paths that begin as one of `paths` does.
pub(crate) fn streams(paths: &'static [&'static str]) -> impl Strategy<Value = Stream> {
    let cuts = prop_oneof![
        8 => Just(Cuts::None),
        2 => vec(any::<prop::sample::Index>(), 1..4).prop_map(Cuts::At),
        1 => Just(Cuts::Everywhere),
    ];
    let requests = prop_oneof![6 => vec(request(paths), 1..2), 1 => vec(request(paths), 2..4)];
    (requests, cuts, select(&REPLIES[..])).prop_map(|(requests, cuts, reply)| Stream {
        requests,
        cuts,
        reply,
    })
}

fn request(paths: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let odd =
        |usual: &'static str, odd: &'static [&'static str]| prop_oneof![12 => Just(usual), 1 => select(odd)];
    let start = (
        odd("", &["\r\n", "\n", "\r\n\r\n", " ", "\r"]),
        method(),
        odd(" ", &["  ", "\t", ""]),
        target(paths),
        odd(" ", &["  ", "\t", ""]),
        version(),
        odd("\r\n", &["\n", "\r\r\n", " \r\n", "\r"]),
    );
    let head = (host(), vec(field(), 0..4), odd("\r\n", &["\n", "\r", " \r\n", "\r\r\n"]));
    (start, head, body()).prop_map(|(start, (host, fields, end), (framing, body))| {
        let (lead, method, space, target, gap, version, line_end) = start;
        let mut bytes = [lead, method, space].concat().into_bytes();
        bytes.extend_from_slice(&target);
        bytes.extend_from_slice([gap, version, line_end, host].concat().as_bytes());
        for field in fields {
            bytes.extend_from_slice(&field);
        }
        bytes.extend_from_slice(framing.as_bytes());
        bytes.extend_from_slice(end.as_bytes());
        bytes.extend_from_slice(&body);
        bytes
    })
}

fn method() -> impl Strategy<Value = &'static str> {
    const USUAL: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    const ODD: &[&str] = &[
        "TRACE", "CONNECT", "get", "G-T", "G_T", "", "XYZZY", "GET1", "PRI", "PROPFIND", "LOCK", "Get", "-",
        "_", "GÉT",
    ];
    prop_oneof![6 => Just("GET"), 8 => select(USUAL), 1 => select(ODD)]
}

fn target(paths: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    const WHOLE: &[&str] = &[
        "*",
        "http://example.com",
        "http://example.com/api",
        "HTTP://Ex.Com:80/stomp/x",
        "https://h/api",
        "ftp://x/",
        "x",
        "example.com:80",
        "http://user@h/",
        "http://[::1]:8/api",
        "http://h?x=1",
        "http:///api",
        "http:/api",
        "http://h:/api",
        "http://h#f",
        "h2t://h/",
        "http://h:1x/",
        "http://.h./",
        "",
        "?x",
        "%2fapi",
        "http://ä/",
        "http://a_b/",
        "://x/",
        "http://h/../x",
        "http://h:99999/",
        "http://[::1/",
        "http://h%41/",
        "http://-/",
        "http://h.:80/",
    ];
    const MORE: &[&str] = &[
        "/", "//", ".", "..", "/../", "/./", "/..", "/.", "%2e%2e/", "%2E", "%2F", "%00", "%", "%4", "%zz",
        "%41", "%c3%a9", "é", "\u{1}", "\u{7f}", "\\", "?", "?a=b&c", "#", "#frag", ";p", " ", "\t", "+",
        "|", "\"", "<", "~", "%25", "%3F", "%3f", "&", "%0a", "%0d%0a", "'", "x", "{", "%20", "...", "/...",
        "/..x", "?%zz", "?..", "?/../", "%5c", "%7F", "^", "`", ":", "@", "!$&()*,=", "/%2e/",
    ];
    let path =
        (select(paths), prop_oneof![3 => vec(select(MORE), 0..1), 4 => vec(select(MORE), 1..4)], 0..60u8);
    let path = path.prop_map(|(start, more, long)| {
        let length = match long {
            58 => 900,
            59 => 9000,
            _ => 0,
        };
        let mut bytes = [start, &more.concat()].concat().into_bytes();
        bytes.extend(std::iter::repeat_n(b'l', length));
        bytes
    });
    let raw = (select(paths), any::<[u8; 2]>()).prop_map(|(start, raw)| [start.as_bytes(), &raw].concat());
    prop_oneof![
        20 => path,
        2 => select(WHOLE).prop_map(|target| target.as_bytes().to_vec()),
        1 => raw,
    ]
}

fn version() -> impl Strategy<Value = &'static str> {
    const ODD: &[&str] = &[
        "",
        "HTTP/0.9",
        "HTTP/1.2",
        "HTTP/2.0",
        "http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/01.1",
        "HTTP/1.10",
        "HTTP/1.1x",
        "HTTP/3.0",
        "HTTP/1.1 x",
        "HTTP/1.9999",
        "HTTP /1.1",
        "HTTP/10.1",
        "HTTP/1.00",
        "HTTP/1.01",
        "HTTQ/1.1",
        "HTTP/-1.1",
    ];
    prop_oneof![14 => Just("HTTP/1.1"), 4 => Just("HTTP/1.0"), 1 => select(ODD)]
}

fn host() -> impl Strategy<Value = &'static str> {
    const ODD: &[&str] = &[
        "",
        "Host: \r\n",
        "Host:\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: A.B.:80\r\n",
        "host: x:1\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: u@h\r\n",
        "Host: [::1]:80\r\n",
        "Host: [::1\r\n",
        "Host: a:b\r\n",
        "Host: a..b\r\n",
        "Host: .\r\n",
        "Host: ä\r\n",
        "Host: a,b\r\n",
        "Host: a%20b\r\n",
        "Host: a\\b\r\n",
        "Host: :80\r\n",
        "Host: a:\r\n",
        "Host: a;b\r\n",
        "Host : a\r\n",
        "Host:a\r\n",
        "Host:  a  \r\n",
        "Host: \"a\"\r\n",
        "Host: a\t\r\n",
        "Host: _\r\n",
        "Host: -a-\r\n",
        "Host: 127.0.0.1:80:80\r\n",
        "Host: a<b>\r\n",
        "Host: a?b\r\n",
        "Host: a#b\r\n",
        "Host: [x]\r\n",
        "Host: a.\r\n",
    ];
    prop_oneof![10 => Just("Host: example.com\r\n"), 1 => select(ODD)]
}

fn field() -> impl Strategy<Value = Vec<u8>> {
    const USUAL: &[&str] = &[
        "Accept: */*",
        "User-Agent: generated",
        "Referer: http://r/?\"x\"",
        "X-Forwarded-For: 1.2.3.4",
        "X-Real-IP: 9.9.9.9",
        "Cookie: a=1",
        "Cookie: b=2",
        "X-Forwarded-For: 5.6.7.8",
        "Origin: http://o",
        "Connection: close",
        "Connection: keep-alive",
        "Connection: X-Named",
        "X-Named: secret",
        "Connection: x-named, close",
        "Connection: upgrade",
        "Upgrade: websocket",
        "Upgrade: h2c",
        "TE: trailers",
        "Keep-Alive: 5",
        "Proxy-Connection: keep-alive",
        "Trailer: X-T",
        "Expect: 100-continue",
        "Expect: something",
        "Range: bytes=0-4",
        "Range: bytes=-3",
        "Range: bytes=9999999-",
        "Range: bytes=0-0,2-3",
        "Range: bytes=5-1",
        "Range: lines=1",
        "Range: bytes=",
        "If-Range: \"x\"",
        "If-None-Match: *",
        "If-None-Match: \"x\"",
        "If-None-Match: W/\"x\", \"y\"",
        "If-Match: *",
        "If-Match: \"x\"",
        "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        "If-Modified-Since: never",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        "If-Unmodified-Since: Sun, 06 Nov 2044 08:49:37 GMT",
        "Authorization: Basic dXNlcjpwYXNz",
        "Authorization: Bearer x",
        "Content-Type: text/plain",
        "Accept-Encoding: gzip",
        "Via: 1.1 x",
        "Max-Forwards: 0",
        "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT",
        "If-Modified-Since: Sun Nov  6 08:49:37 1994",
        "Range: bytes=0-4,",
        "Range: bytes= 0-4",
        "Range: BYTES=0-1",
        "Range: bytes=0-1,0-1,0-1",
        "Range: bytes=-0",
        "Range: bytes=1-99999",
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Referer: é",
        "User-Agent: a\\b\"c",
        "Authorization: Basic",
        "Authorization: basic dTpw",
    ];
    const ODD: &[&str] = &[
        ": empty-name",
        "No-Colon",
        "X Y: space",
        "X-Space : before",
        "\tX: tab",
        " X: fold",
        "X-Fold: a\r\n b",
        "X-Fold: a\r\n\tb",
        "X_Under: 1",
        "X.Dot: 1",
        "X: \u{1}",
        "X: a\u{0}b",
        "X: \u{7f}",
        "X: é",
        "É: x",
        "X: a\rb",
        "X:",
        "X:    ",
        "X:\t\ttabs\t",
        "(X): 1",
        "X!: 1",
        "X'~: 1",
        "X@: 1",
        "-: 1",
        "1: 1",
        "X:a:b",
        "X-\u{0}: 1",
        "Connection: , ,",
        "Connection: close, close",
        "Connection: \"close\"",
        "Connection: Keep-Alive, Close",
        "Connection: closed",
        "Connection: not close",
        "Connection: keep-alivex",
        "Connection: Host",
        "Connection: Content-Length",
        "Connection: close,",
        "Connection:close",
        "Connection: x close",
        "Expect: 100-Continue",
        "Expect: 100-continue, x",
        "Content-Length: 0",
        "Content-Length: 0\r\nContent-Length: 0",
        "Content-Length:",
        "Content-Length: -1",
        "Content-Length: +1",
        "Content-Length: 1x",
        "Content-Length: 99999999999999999999",
        "Content-Length: 0x0",
        "Content-Length: 0, 0",
        "Content-Length: 00",
        "Content-Length: 2000000",
        "Content-Length: 1 1",
        "Transfer-Encoding:",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: Chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\tchunked",
    ];
    let line = |text: &'static str| {
        prop_oneof![15 => Just("\r\n"), 1 => Just("\n"), 1 => Just(" \r\n")]
            .prop_map(move |end| [text.as_bytes(), end.as_bytes()].concat())
    };
    let long = select(&[60_usize, 900, 3000, 8150, 8180, 8200, 20_000][..])
        .prop_map(|length| format!("X-Long: {}\r\n", "v".repeat(length)).into_bytes());
    prop_oneof![20 => select(USUAL).prop_flat_map(line), 6 => select(ODD).prop_flat_map(line), 1 => long]
}

/// The fields that frame a body, and the body.
fn body() -> impl Strategy<Value = (String, Vec<u8>)> {
    let none = Just((String::new(), Vec::new()));
    let sized = prop_oneof![4 => 0..20usize, 1 => select(&[1000usize, 20_000][..])]
        .prop_map(|length| (format!("Content-Length: {length}\r\n"), vec![b'b'; length]));
    let unequal = (0..10usize, 0..10usize)
        .prop_map(|(said, sent)| (format!("Content-Length: {said}\r\n"), vec![b'b'; sent]));
    let chunked = || {
        (vec(chunk(), 0..4), last_chunk())
            .prop_map(|(chunks, last)| [chunks.concat(), last.to_owned()].concat())
    };
    let well = chunked().prop_map(|body| ("Transfer-Encoding: chunked\r\n".to_owned(), body.into_bytes()));
    let both = (any::<bool>(), chunked()).prop_map(|(first, body)| {
        let (a, b) = ("Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n");
        (if first { [a, b].concat() } else { [b, a].concat() }, body.into_bytes())
    });
    prop_oneof![12 => none, 4 => sized, 1 => unequal, 3 => well, 1 => both]
}

fn chunk() -> impl Strategy<Value = String> {
    const EXTENSIONS: &[&str] =
        &[";x", ";x=y", "; x=\"y\"", " ", "\t", " ;x", ";", ";é", ";\"\\\"\"", "\u{1}", ";x\u{0}"];
    const SIZES: &[&str] = &[
        "5",
        "05",
        "0005",
        "5\n",
        "+5",
        "-5",
        "0x5",
        "g",
        "",
        "6",
        "4",
        "FFFFFFFFFFFFFFFF",
        "fffffffffffffffff",
        "5 5",
    ];
    let extension = prop_oneof![8 => Just(""), 1 => select(EXTENSIONS)];
    let size = prop_oneof![10 => Just("5"), 1 => select(SIZES)];
    let end = || prop_oneof![12 => Just("\r\n"), 1 => select(&["\n", "", "\r", "x\r\n", " \r\n"][..])];
    (size, extension, end(), end())
        .prop_map(|(size, extension, one, two)| format!("{size}{extension}{one}hello{two}"))
}

fn last_chunk() -> impl Strategy<Value = &'static str> {
    const ODD: &[&str] = &[
        "0\r\nX-T: 1\r\n\r\n",
        "0;x\r\n\r\n",
        "000\r\n\r\n",
        "0\n\n",
        "0\r\n\n",
        "0\r\nX-T: 1\n\n",
        "",
        "0\r\n",
        "0\r\nbad trailer\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\n : x\r\n\r\n",
        "0 \r\n\r\n",
        "0\r\n\r\r\n",
        "0\r\nX: \u{0}\r\n\r\n",
    ];
    prop_oneof![8 => Just("0\r\n\r\n"), 1 => select(ODD)]
}
