//! The head of a request: where it ends, what it says, and what is refused.
//!
//! nginx's rules, measured, with RFC 9112 where that is stricter: anything that two readers could read differently
//! (two lengths, white space before a colon, folded lines, control bytes) is answered with 400 and goes nowhere.

pub(crate) mod error;
mod fields;
pub(crate) mod host;
mod line;
pub(crate) mod reader;
pub(crate) mod scanner;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::headers::Headers;

/// A request's head. Values are used again for the next request of a connection.
#[derive(Debug, Default)]
pub(crate) struct Request {
    line: Vec<u8>,
    method: Range<usize>,
    /// It has become a GET on its way to an `error_page`.
    method_is_get: bool,
    target: Range<usize>,
    protocol: Range<usize>,
    /// The normalised path of the target, until the exchange takes it.
    pub(crate) path: Vec<u8>,
    /// The target's query.
    pub(crate) args: Vec<u8>,
    /// Whether the path was percent-encoded somewhere.
    pub(crate) quoted_uri: bool,
    /// Whether the target may be sent on as it came: one without a path may not.
    pub(crate) has_path: bool,
    /// The host was named by the target, which counts more than the `Host` field.
    absolute: bool,
    /// 10 or 11: what both sides must be able to do. A minor version above 1 counts as 1.
    pub(crate) version: u8,
    /// Header fields; what nginx ignores is not among them.
    pub(crate) headers: Headers,
    host: Vec<u8>,
    /// How the body is framed.
    pub(crate) body: BodyLength,
    /// Whether the client lets the connection live on.
    pub(crate) keep_alive: bool,
    /// `Expect: 100-continue`, from a client that can be sent a 100.
    pub(crate) expects_continue: bool,
    /// Whether there is an `Upgrade` field.
    pub(crate) upgrade: bool,
}

/// A request body's framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BodyLength {
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
    pub(crate) fn clear(&mut self) {
        let old = std::mem::take(self);
        (self.line, self.headers, self.host) = (old.line, old.headers, old.host);
        (self.path, self.args) = (old.path, old.args);
        self.headers.clear();
        for text in [&mut self.line, &mut self.host, &mut self.path, &mut self.args] {
            text.clear();
        }
    }

    /// The request line as it came (`$request`).
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The method (`$request_method`); empty where the line could not be read.
    pub(crate) fn method(&self) -> &[u8] {
        if self.method_is_get { b"GET" } else { self.line.get(self.method.clone()).unwrap_or_default() }
    }

    /// Path and query as they came, without scheme and authority (`$request_uri`).
    pub(crate) fn target(&self) -> &[u8] {
        self.line.get(self.target.clone()).unwrap_or_default()
    }

    /// `HTTP/1.1` as it came (`$server_protocol`).
    pub(crate) fn protocol(&self) -> &[u8] {
        self.line.get(self.protocol.clone()).unwrap_or_default()
    }

    /// The host asked for: lower case, without a port. `None` where an HTTP/1.0 request names none.
    pub(crate) fn host(&self) -> Option<&[u8]> {
        (!self.host.is_empty()).then_some(&self.host)
    }

    /// Whether the body of a response to this must be left out.
    /// Makes a GET of it, unless it is a HEAD.
    pub(crate) fn become_get(&mut self) {
        self.method_is_get = !self.is_head();
    }

    /// Whether it is a HEAD.
    pub(crate) fn is_head(&self) -> bool {
        self.method() == b"HEAD"
    }
}
