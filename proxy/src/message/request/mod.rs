//! Heads of requests: what they say, and which are refused.
//!
//! These are nginx's rules, as measured, and those of RFC 9112 where it is stricter: anything that two readers could
//! read differently (two lengths, white space before a colon, folded lines, control bytes) is answered with 400.

pub(crate) mod error;
mod fields;
pub(crate) mod host;
mod http2;
mod line;
pub(crate) mod reader;
pub(crate) mod scanner;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::headers::Headers;
use nginx_conf::model::HeadRules;

/// [`Request::version`] and [`Request::protocol`] of HTTP/2.
const HTTP2_VERSION: u8 = 20;
const HTTP2_PROTOCOL: &[u8] = b"HTTP/2.0";

/// The head of a request. The memory is reused for the next request of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    line: Vec<u8>,
    method: Range<usize>,
    /// Whether an `error_page` has turned it into a GET.
    method_is_get: bool,
    target: Range<usize>,
    protocol: Range<usize>,
    /// The target's normalised path, until the exchange takes it.
    pub(crate) path: Vec<u8>,
    /// The target's query.
    pub(crate) args: Vec<u8>,
    /// Whether the path was percent-encoded somewhere.
    pub(crate) quoted_uri: bool,
    /// Whether the target has a path, so that it may be passed on as received.
    pub(crate) has_path: bool,
    /// Whether the target names the host, which takes precedence over the `Host` field.
    absolute: bool,
    /// 10, 11 or 20. A minor version above 1 counts as 1.
    pub(crate) version: u8,
    /// Header fields, without those that nginx ignores.
    pub(crate) headers: Headers,
    host: Vec<u8>,
    /// The port that goes with it.
    pub(crate) port: Option<u16>,
    /// How long the body is.
    pub(crate) body: BodyLength,
    /// Whether the client keeps the connection alive.
    pub(crate) keep_alive: bool,
    /// Whether the client waits for a 100: `Expect: 100-continue`.
    pub(crate) expects_continue: bool,
    /// Whether there is an `Upgrade` field.
    pub(crate) upgrade: bool,
    /// What its head may look like.
    pub(crate) rules: HeadRules,
}

/// The length of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BodyLength {
    /// There is no body.
    #[default]
    None,
    /// `Content-Length`.
    Known(u64),
    /// `Transfer-Encoding: chunked`, or over HTTP/2 no word of it: it ends where it ends.
    Chunked,
}

impl Request {
    /// Clears the request and keeps the memory.
    pub(crate) fn clear(&mut self) {
        let old = std::mem::take(self);
        (self.line, self.headers, self.host) = (old.line, old.headers, old.host);
        (self.path, self.args) = (old.path, old.args);
        self.rules = old.rules;
        self.headers.clear();
        for text in [&mut self.line, &mut self.host, &mut self.path, &mut self.args] {
            text.clear();
        }
    }

    /// The request line as received (`$request`).
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The method (`$request_method`); empty if the line is invalid.
    pub(crate) fn method(&self) -> &[u8] {
        if self.method_is_get { b"GET" } else { self.line.get(self.method.clone()).unwrap_or_default() }
    }

    /// Path and query as received, without scheme and authority (`$request_uri`).
    pub(crate) fn target(&self) -> &[u8] {
        self.line.get(self.target.clone()).unwrap_or_default()
    }

    /// The protocol as received (`$server_protocol`).
    pub(crate) fn protocol(&self) -> &[u8] {
        match self.is_http2() {
            true => HTTP2_PROTOCOL,
            false => self.line.get(self.protocol.clone()).unwrap_or_default(),
        }
    }

    /// Whether it came over HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.version == HTTP2_VERSION
    }

    /// Whether a body of unknown length can be sent in chunks, as in HTTP/1.1. HTTP/2 has frames for it.
    pub(crate) fn has_chunks(&self) -> bool {
        self.version == 11
    }

    /// The host in lower case, without a port. `None` if an HTTP/1.0 request has none.
    pub(crate) fn host(&self) -> Option<&[u8]> {
        (!self.host.is_empty()).then_some(&self.host)
    }

    /// Turns it into a GET, unless it is a HEAD.
    pub(crate) fn become_get(&mut self) {
        self.method_is_get = !self.is_head();
    }

    /// Whether the method is HEAD.
    pub(crate) fn is_head(&self) -> bool {
        self.method() == b"HEAD"
    }
}
