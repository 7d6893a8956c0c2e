//! The head of a request: where it ends, what it says, and what is refused.
//!
//! nginx's rules, measured, with RFC 9112 where that is stricter: anything that two readers could read differently
//! (two lengths, white space before a colon, folded lines, control bytes) is answered with 400 and goes nowhere.

use std::ops::Range;

use super::grammar::{after_line_ends, decimal, lists, method_length, skip_spaces, version};
use super::host;
use super::refusal::{Refusal, TOO_LARGE, bad};
use crate::http::message::Headers;
use crate::http::uri;

/// The most header fields of one request.
const MOST_FIELDS: usize = 256;

/// As many as there are as a rule: room for more is made only when they come.
const USUAL_FIELDS: usize = 32;

const TOO_MANY: Refusal = Refusal { status: TOO_LARGE, reason: "client sent too many header lines" };

/// Fields that nginx refuses to see twice; `Host`, `Content-Length` and `Transfer-Encoding` have words of their own.
const ONCE: [&str; 7] = [
    "Authorization",
    "Expect",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
];

/// A request's head. Values are used again for the next request of a connection.
#[derive(Debug, Default)]
pub struct Request {
    line: Vec<u8>,
    method: Range<usize>,
    /// It has become a GET on its way to an `error_page`.
    is_get_now: bool,
    target: Range<usize>,
    protocol: Range<usize>,
    /// The normalised path of the target, until the exchange takes it.
    pub(crate) path: Vec<u8>,
    /// The target's query.
    pub(crate) args: Vec<u8>,
    /// Whether the path was percent-encoded somewhere.
    pub(crate) quoted: bool,
    /// Whether the target may be sent on as it came: one without a path may not.
    pub(crate) has_path: bool,
    /// The host was named by the target, which counts more than the `Host` field.
    absolute: bool,
    /// 10 or 11: what both sides must be able to do. A minor version above 1 counts as 1.
    pub version: u8,
    /// Header fields; what nginx ignores is not among them.
    pub headers: Headers,
    host: Vec<u8>,
    /// How the body is framed.
    pub body: Length,
    /// Whether the client lets the connection live on.
    pub keep_alive: bool,
    /// `Expect: 100-continue`, from a client that can be sent a 100.
    pub expects_continue: bool,
    /// Whether there is an `Upgrade` field.
    pub upgrade: bool,
}

/// A request body's framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// There is none.
    #[default]
    None,
    /// `Content-Length`.
    Known(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl Request {
    /// Forgets the request and keeps the memory.
    pub fn clear(&mut self) {
        let old = std::mem::take(self);
        (self.line, self.headers, self.host) = (old.line, old.headers, old.host);
        (self.path, self.args) = (old.path, old.args);
        self.headers.clear();
        for text in [&mut self.line, &mut self.host, &mut self.path, &mut self.args] {
            text.clear();
        }
    }

    /// Keeps what there is of a request line that does not end, for the log.
    pub(crate) fn keep_partial_line(&mut self, bytes: &[u8]) {
        self.clear();
        let line = bytes.get(after_line_ends(bytes)..).unwrap_or_default();
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
        self.line.extend_from_slice(line.get(..end).unwrap_or_default());
        let method = method_length(&self.line);
        if self.line.get(method) == Some(&b' ') {
            self.method = 0..method;
        }
    }

    /// Why a line that is too long, kept as [partial](Request::keep_partial_line), would have been refused before that, if
    /// so. `line` is what has room of it: a CR at its very end may have been the line's.
    pub(crate) fn refuses_start(&self, line: &[u8]) -> Option<Refusal> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let rest = line.get(skip_spaces(line, self.method.end)..).unwrap_or_default();
        let mut words = rest.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let (target, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let begins = target.first().is_none_or(|&byte| byte == b'/' || byte.is_ascii_alphabetic());
        let versioned = version.iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected);
        let good = begins && versioned && !rest.iter().any(u8::is_ascii_control);
        (!good).then_some(bad("client sent invalid request"))
    }

    /// The request line as it came (`$request`).
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// The method (`$request_method`); empty where the line could not be read.
    pub fn method(&self) -> &[u8] {
        if self.is_get_now { b"GET" } else { self.line.get(self.method.clone()).unwrap_or_default() }
    }

    /// Path and query as they came, without scheme and authority (`$request_uri`).
    pub fn target(&self) -> &[u8] {
        self.line.get(self.target.clone()).unwrap_or_default()
    }

    /// `HTTP/1.1` as it came (`$server_protocol`).
    pub fn protocol(&self) -> &[u8] {
        self.line.get(self.protocol.clone()).unwrap_or_default()
    }

    /// The host asked for: lower case, without a port. `None` where an HTTP/1.0 request names none.
    pub fn host(&self) -> Option<&[u8]> {
        (!self.host.is_empty()).then_some(&self.host)
    }

    /// Whether the body of a response to this must be left out.
    /// Makes a GET of it, unless it is a HEAD.
    pub(crate) fn become_get(&mut self) {
        self.is_get_now = !self.is_head();
    }

    /// Whether it is a HEAD.
    pub fn is_head(&self) -> bool {
        self.method() == b"HEAD"
    }

    /// Reads the request line, given without its line end. The line is kept for the log in any case.
    pub fn read_line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.clear();
        self.line.extend_from_slice(line);
        // Line ends in the wrong place are no part of it.
        let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
        self.line.truncate(end);
        let method = method_length(line);
        if method == 0 || line.get(method) != Some(&b' ') {
            return Err(bad("client sent invalid method"));
        }
        self.method = 0..method;
        let start = skip_spaces(line, method);
        let end =
            memchr::memchr(b' ', line.get(start..).unwrap_or_default()).map_or(line.len(), |at| start + at);
        self.read_target(line.get(start..end).unwrap_or_default(), start)?;
        let start = skip_spaces(line, end);
        // Spaces may follow, but no other white space: who takes a CR for the line's end sees another request.
        let rest = line.get(start..).unwrap_or_default();
        let length = rest.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        let protocol = rest.get(..length).unwrap_or_default();
        self.protocol = start..start + protocol.len();
        match version(protocol) {
            Ok(version) => self.version = version,
            Err(refusal) => {
                self.forget_target();
                if let Some(stray) = protocol.iter().position(|&byte| byte == b'\r') {
                    self.line.truncate(start + stray);
                }
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Reads a request line that a bare CR follows, and tells why it is refused: for that, or what is wrong before it.
    pub(crate) fn refuse_line(&mut self, line: &[u8]) -> Refusal {
        let refusal = self.read_line(line).err().unwrap_or(bad("client sent invalid request"));
        self.forget_target();
        refusal
    }

    /// No more is known of a refused request than its line, as far as logs and the choice of server go.
    fn forget_target(&mut self) {
        self.path.clear();
        self.args.clear();
        self.host.clear();
    }

    /// Whether there is a query with nothing in it before a fragment: to nginx that is one, and `/?` has none.
    pub(crate) fn has_empty_query(&self) -> bool {
        let target = self.line.get(self.target.clone()).unwrap_or_default();
        let mark = target.iter().position(|byte| matches!(byte, b'?' | b'#'));
        mark.is_some_and(|at| target[at..].starts_with(b"?#"))
    }

    fn read_target(&mut self, target: &[u8], start: usize) -> Result<(), Refusal> {
        let parsed = uri::parse(target).map_err(|_| bad("client sent invalid request"))?;
        let end = start + target.len();
        self.target = if target.ends_with(parsed.raw) {
            end - parsed.raw.len()..end
        } else {
            // `http://host` asks for `/`: one of those before the host stands for it.
            let slash = start + target.iter().position(|&byte| byte == b'/').unwrap_or_default();
            slash..slash + 1
        };
        if let Some(host) = parsed.host {
            let host = host::validate(host).ok_or(bad("client sent invalid host in request line"))?;
            self.name_host(host);
            self.absolute = true;
        }
        self.path.clear();
        self.path.extend_from_slice(&parsed.path);
        self.args.clear();
        self.args.extend_from_slice(parsed.args);
        self.quoted = parsed.quoted;
        self.has_path = !parsed.empty_path;
        Ok(())
    }

    fn name_host(&mut self, host: &[u8]) {
        self.host.clear();
        self.host.extend_from_slice(host);
        self.host.make_ascii_lowercase();
    }

    /// Reads the header fields: the rest of the head, its empty line included.
    pub fn read_fields(&mut self, block: &[u8]) -> Result<(), Refusal> {
        self.read_some_fields(block)?;
        self.settle()
    }

    /// Reads header fields and an empty line, though more may follow.
    pub(crate) fn read_some_fields(&mut self, block: &[u8]) -> Result<(), Refusal> {
        match self.read_up_to::<USUAL_FIELDS>(block) {
            Err(TOO_MANY) => self.read_up_to::<MOST_FIELDS>(block),
            outcome => outcome,
        }
    }

    fn read_up_to<const MOST: usize>(&mut self, block: &[u8]) -> Result<(), Refusal> {
        const INVALID: Refusal = bad("client sent invalid header line");
        let mut fields = [httparse::EMPTY_HEADER; MOST];
        match httparse::parse_headers(block, &mut fields) {
            Ok(httparse::Status::Complete((_, fields))) => {
                for field in fields {
                    self.read_field(field.name, field.value)?;
                }
            }
            Err(httparse::Error::TooManyHeaders) => return Err(TOO_MANY),
            Ok(httparse::Status::Partial) | Err(_) => return Err(INVALID),
        }
        Ok(())
    }

    fn read_field(&mut self, name: &str, value: &[u8]) -> Result<(), Refusal> {
        // What nginx's `ignore_invalid_headers` and `underscores_in_headers off` leave out.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Ok(());
        }
        let once =
            |headers: &Headers, reason| if headers.get(name).is_some() { Err(bad(reason)) } else { Ok(()) };
        if ONCE.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            once(&self.headers, "client sent duplicate header line")?;
        }
        if name.eq_ignore_ascii_case("Host") {
            once(&self.headers, "client sent duplicate host header")?;
            let Some(host) = host::validate(value) else {
                // Logs show it all the same.
                self.headers.push(name, value);
                return Err(bad("client sent invalid host header"));
            };
            if !self.absolute {
                self.name_host(host);
            }
        } else if name.eq_ignore_ascii_case("Content-Length") {
            once(&self.headers, "client sent duplicate \"Content-Length\" header")?;
        } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
            once(&self.headers, "client sent duplicate \"Transfer-Encoding\" header")?;
        } else if name.eq_ignore_ascii_case("Upgrade") {
            // Not for HTTP/1.0 (RFC 9110 §7.8).
            self.upgrade = self.version >= 11;
        }
        self.headers.push(name, value);
        Ok(())
    }

    /// What can be said only once every field is known.
    fn settle(&mut self) -> Result<(), Refusal> {
        if self.version >= 11 && self.headers.get("Host").is_none() {
            return Err(bad("client sent HTTP/1.1 request without \"Host\" header"));
        }
        if let Some(value) = self.headers.get("Content-Length") {
            let length = decimal(value).ok_or(bad("client sent invalid \"Content-Length\" header"))?;
            self.body = Length::Known(length);
        }
        if let Some(coding) = self.headers.get("Transfer-Encoding") {
            if self.version < 11 {
                return Err(bad("client sent HTTP/1.0 request with \"Transfer-Encoding\" header"));
            }
            if !coding.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal { status: 501, reason: "client sent unknown \"Transfer-Encoding\"" });
            }
            if self.body != Length::None {
                return Err(bad(
                    "client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time",
                ));
            }
            self.body = Length::Chunked;
        }
        if self.method() == b"CONNECT" {
            return Err(Refusal { status: 405, reason: "client sent CONNECT method" });
        }
        if self.method() == b"TRACE" {
            return Err(Refusal { status: 405, reason: "client sent TRACE method" });
        }
        let says = |option: &str| self.headers.get_all("Connection").any(|value| lists(value, option));
        self.keep_alive = if says("close") { false } else { self.version >= 11 || says("keep-alive") };
        self.expects_continue = self.version >= 11
            && self.headers.get("Expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::{Limits, Scan, Scanner};
    use super::*;

    const LIMITS: Limits = Limits { line: 100, head: 400 };

    /// The request that `head` is, or its refusal.
    fn read(head: &str) -> Result<Request, Refusal> {
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
    fn a_request_is_read_as_it_came() -> Result<(), Refusal> {
        let request =
            read("\r\nPOST /a%20b?x=1 HTTP/1.1\r\nhOST: Ex:80\r\nContent-Length: 3\r\nX_y: 1\r\n\r\n")?;
        assert_eq!(request.line(), b"POST /a%20b?x=1 HTTP/1.1");
        assert_eq!((request.method(), request.target()), (&b"POST"[..], &b"/a%20b?x=1"[..]));
        assert_eq!((request.version, request.body, request.keep_alive), (11, Length::Known(3), true));
        assert_eq!(format!("{:?}", request.headers), r#"["hOST: Ex:80", "Content-Length: 3"]"#);
        assert_eq!(request.host(), Some(&b"ex"[..]));
        Ok(())
    }

    #[test]
    fn an_absolute_target_names_the_host() -> Result<(), Refusal> {
        let request = read("GET http://ABC:80?x HTTP/1.1\r\nHost: other\r\n\r\n")?;
        assert_eq!((request.target(), request.host()), (&b"?x"[..], Some(&b"abc"[..])));
        Ok(())
    }

    #[test]
    fn keep_alive_follows_version_and_connection() -> Result<(), Refusal> {
        for (version, connection, keep) in [
            ("1.1", "x", true),
            ("1.1", "x, Close", false),
            ("1.0", "x", false),
            ("1.0", "Keep-Alive", true),
            ("1.0", "keep-alive, close", false),
            ("1.9", "", true),
        ] {
            let request =
                read(&format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n"))?;
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
}
