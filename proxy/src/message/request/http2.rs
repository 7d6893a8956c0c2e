//! Heads of requests over HTTP/2 (RFC 9113 §8.3), read by the rules for those of HTTP/1: what passes here reads the same to
//! an app server.

use http::request::Parts;

use super::error::{RequestError, bad_request};
use super::line::method_length;
use super::{BodyLength, HTTP2_PROTOCOL, HTTP2_VERSION, Request};
use crate::message::status::REQUEST_HEADER_TOO_LARGE;

impl Request {
    /// Reads a head whose fields are at most `max_size` bytes together. A body of unknown length follows, unless it says
    /// `ends`. As in nginx, the line is only known to the log if the fields are right.
    pub(crate) fn read_http2(
        &mut self,
        head: &Parts,
        ends: bool,
        max_size: usize,
    ) -> Result<(), RequestError> {
        self.clear();
        self.version = HTTP2_VERSION;
        self.body = if ends { BodyLength::None } else { BodyLength::Chunked };
        self.read_pseudo_fields(head).and_then(|()| self.read_http2_fields(head, max_size)).inspect_err(
            |_| {
                self.line.clear();
                self.forget_target();
            },
        )?;
        self.finish_fields()
    }

    fn read_pseudo_fields(&mut self, head: &Parts) -> Result<(), RequestError> {
        let method = head.method.as_str().as_bytes();
        if method_length(method) != method.len() {
            return Err(bad_request("client sent invalid method"));
        }
        let path = head.uri.path_and_query().ok_or(bad_request("client sent no :path header"))?;
        let path = path.as_str().as_bytes();
        if !path.starts_with(b"/") {
            return Err(bad_request("client sent invalid :path header"));
        }
        self.line.extend_from_slice(&[method, b" ", path, b" ", HTTP2_PROTOCOL].concat());
        self.method = 0..method.len();
        self.read_target(path, method.len() + 1)?;
        match head.uri.authority() {
            Some(authority) => self.read_field("host", authority.as_str().as_bytes()),
            None => Ok(()),
        }
    }

    /// Reads the fields. Cookies, which may come one by one, become one field (RFC 9113 §8.2.3).
    fn read_http2_fields(&mut self, head: &Parts, max_size: usize) -> Result<(), RequestError> {
        const TOO_LARGE: RequestError =
            RequestError { status: REQUEST_HEADER_TOO_LARGE, reason: "client sent too large header" };
        let mut room = max_size;
        let mut cookies: Vec<&[u8]> = Vec::new();
        for (name, value) in &head.headers {
            let size = name.as_str().len() + value.len();
            room = room.checked_sub(size).ok_or(TOO_LARGE)?;
            match name {
                &http::header::COOKIE => cookies.push(value.as_bytes()),
                name => self.read_field(name.as_str(), value.as_bytes())?,
            }
        }
        if !cookies.is_empty() {
            self.headers.push("cookie", cookies.join(&b"; "[..]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(request: http::request::Builder, ends: bool) -> Result<Request, (u16, &'static str)> {
        let (head, ()) = request.version(http::Version::HTTP_2).body(()).unwrap().into_parts();
        let mut request = Request::default();
        let read = request.read_http2(&head, ends, 100);
        read.map(|()| request).map_err(|error| (error.status, error.reason))
    }

    fn get(uri: &str) -> http::request::Builder {
        http::Request::get(uri)
    }

    #[test]
    fn a_request_reads_as_over_http_1() {
        let request = get("https://A.test:443/a%20b?x=1")
            .header("cookie", "a=1")
            .header("x-y", "1")
            .header("cookie", "b=2")
            .header("x_z", "1");
        let request = read(request, true).unwrap();
        assert_eq!(request.line(), b"GET /a%20b?x=1 HTTP/2.0");
        assert_eq!((request.protocol(), request.target()), (HTTP2_PROTOCOL, &b"/a%20b?x=1"[..]));
        assert_eq!((&request.path[..], &request.args[..]), (&b"/a b"[..], &b"x=1"[..]));
        assert_eq!((request.host(), request.body), (Some(&b"a.test"[..]), BodyLength::None));
        assert_eq!(format!("{:?}", request.headers), r#"["host: A.test:443", "x-y: 1", "cookie: a=1; b=2"]"#);
    }

    #[test]
    fn the_length_of_a_body_need_not_be_known() {
        let post = || http::Request::post("https://a.test/").header("expect", "100-continue");
        let request = read(post(), false).unwrap();
        assert_eq!((request.body, request.expects_continue), (BodyLength::Chunked, false));
        let request = read(post().header("content-length", "3"), false).unwrap();
        assert_eq!(request.body, BodyLength::Known(3));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let refused = |request| read(request, true).map(|request| request.line().to_vec());
        for (request, reason) in [
            (get("/"), "client sent HTTP/1.1 request without \"Host\" header"),
            (get("https://a.test/").header("host", "a.test"), "client sent duplicate host header"),
            (get("/").header("host", "a b"), "client sent invalid host header"),
            (get("https://a.test/%00"), "client sent invalid request"),
            (get("https://a.test/../x"), "client sent invalid request"),
            (get("*").header("host", "a"), "client sent invalid :path header"),
            (get("/").method("get").header("host", "a"), "client sent invalid method"),
            (
                get("https://a.test/").header("content-length", "3").header("content-length", "3"),
                "client sent duplicate \"Content-Length\" header",
            ),
        ] {
            assert_eq!(refused(request), Err((400, reason)));
        }
        let connect = http::Request::connect("a.test:80");
        assert_eq!(refused(connect), Err((400, "client sent no :path header")));
        let trace = get("https://a.test/").method("TRACE");
        assert_eq!(refused(trace), Err((405, "client sent TRACE method")));
        let long = |count| get("https://a.test/").header("x", "x".repeat(count));
        assert_eq!(refused(long(99)), Ok(b"GET / HTTP/2.0".to_vec()));
        assert_eq!(refused(long(100)), Err((REQUEST_HEADER_TOO_LARGE, "client sent too large header")));
    }
}
