//! Header fields of requests (RFC 9112 §5), and what they say of the connection and the body.

use super::error::{CONNECT, RequestError, bad_request};
use super::{BodyLength, Request, host};
use crate::message::Headers;
use crate::message::grammar::{list_contains, parse_length};
use crate::message::status::REQUEST_HEADER_TOO_LARGE;

/// The most fields of a request.
const MAX_HEADERS: usize = 256;

/// Room for more fields is made only for requests that have more.
const TYPICAL_HEADERS: usize = 32;

const TOO_MANY_HEADERS: RequestError =
    RequestError { status: REQUEST_HEADER_TOO_LARGE, reason: "client sent too many header lines" };

/// Fields that nginx refuses when repeated. `Host`, `Content-Length` and `Transfer-Encoding` have messages of their
/// own.
const SINGLETON_HEADERS: [&str; 7] = [
    "Authorization",
    "Expect",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
];

impl Request {
    /// Reads all header fields, up to and including the empty line.
    pub(crate) fn read_fields(&mut self, block: &[u8]) -> Result<(), RequestError> {
        self.read_some_fields(block)?;
        self.finish_fields()
    }

    /// Reads header fields and an empty line, though more may follow.
    pub(crate) fn read_some_fields(&mut self, block: &[u8]) -> Result<(), RequestError> {
        match self.read_up_to::<TYPICAL_HEADERS>(block) {
            Err(TOO_MANY_HEADERS) => self.read_up_to::<MAX_HEADERS>(block),
            outcome => outcome,
        }
    }

    fn read_up_to<const MAX: usize>(&mut self, block: &[u8]) -> Result<(), RequestError> {
        const INVALID_HEADER: RequestError = bad_request("client sent invalid header line");
        let mut fields = [httparse::EMPTY_HEADER; MAX];
        match httparse::parse_headers(block, &mut fields) {
            Ok(httparse::Status::Complete((_, fields))) => {
                if fields.len() > self.rules.max_headers {
                    return Err(TOO_MANY_HEADERS);
                }
                for field in fields {
                    self.read_field(field.name, field.value)?;
                }
            }
            Err(httparse::Error::TooManyHeaders) => return Err(TOO_MANY_HEADERS),
            Ok(httparse::Status::Partial) | Err(_) => {
                self.read_before_fault(block)?;
                return Err(INVALID_HEADER);
            }
        }
        Ok(())
    }

    /// Reads the fields before a line that is none: nginx has read them by then, and its log shows them.
    fn read_before_fault(&mut self, block: &[u8]) -> Result<(), RequestError> {
        for line in block.split_inclusive(|&byte| byte == b'\n') {
            let mut field = [httparse::EMPTY_HEADER; 1];
            let line = [line, b"\r\n"].concat();
            let Ok(httparse::Status::Complete((_, [field]))) = httparse::parse_headers(&line, &mut field)
            else {
                break;
            };
            self.read_field(field.name, field.value)?;
        }
        Ok(())
    }

    pub(super) fn read_field(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
        let rules = self.rules;
        let is_valid = |byte: u8| {
            byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' && rules.underscores_in_headers
        };
        if rules.ignore_invalid_headers && !name.bytes().all(is_valid) {
            return Ok(());
        }
        let once = |headers: &Headers, reason| {
            if headers.get(name).is_some() { Err(bad_request(reason)) } else { Ok(()) }
        };
        if SINGLETON_HEADERS.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            once(&self.headers, "client sent duplicate header line")?;
        }
        if name.eq_ignore_ascii_case("Host") {
            once(&self.headers, "client sent duplicate host header")?;
            let Some(host) = host::validate(value, rules.checks_ports) else {
                // The log shows it nevertheless.
                self.headers.push(name, value);
                return Err(bad_request("client sent invalid host header"));
            };
            if !self.absolute {
                self.set_host(host);
            }
        } else if name.eq_ignore_ascii_case("Content-Length") {
            once(&self.headers, "client sent duplicate \"Content-Length\" header")?;
        } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
            once(&self.headers, "client sent duplicate \"Transfer-Encoding\" header")?;
        } else if name.eq_ignore_ascii_case("Upgrade") {
            // Not for HTTP/1.0 (RFC 9110 §7.8) or HTTP/2 (RFC 9113 §8.6).
            self.upgrade = self.version == 11;
        }
        self.headers.push(name, value);
        Ok(())
    }

    /// Checks what can only be checked once all fields are known.
    pub(super) fn finish_fields(&mut self) -> Result<(), RequestError> {
        if self.version >= 11 && self.headers.get("Host").is_none() {
            return Err(bad_request("client sent HTTP/1.1 request without \"Host\" header"));
        }
        if let Some(value) = self.headers.get("Content-Length") {
            let length =
                parse_length(value).ok_or(bad_request("client sent invalid \"Content-Length\" header"))?;
            self.body = BodyLength::Known(length);
        }
        if let Some(coding) = self.headers.get("Transfer-Encoding") {
            if self.version < 11 {
                return Err(bad_request("client sent HTTP/1.0 request with \"Transfer-Encoding\" header"));
            }
            if !coding.eq_ignore_ascii_case(b"chunked") {
                return Err(RequestError {
                    status: 501,
                    reason: "client sent unknown \"Transfer-Encoding\"",
                });
            }
            if self.body != BodyLength::None {
                return Err(bad_request(
                    "client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time",
                ));
            }
            self.body = BodyLength::Chunked;
        }
        if self.method() == b"CONNECT" {
            return Err(CONNECT);
        }
        if self.method() == b"TRACE" {
            return Err(RequestError { status: 405, reason: "client sent TRACE method" });
        }
        let says =
            |option: &str| self.headers.get_all("Connection").any(|value| list_contains(value, option));
        self.keep_alive = if says("close") { false } else { self.version >= 11 || says("keep-alive") };
        // As in nginx, nobody is told to go on over HTTP/2: flow control does that.
        self.expects_continue = self.version == 11
            && self.headers.get("Expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
        Ok(())
    }
}
