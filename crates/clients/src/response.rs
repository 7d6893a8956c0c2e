//! A response, as it was received.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::ClientError;

/// A response, with its headers in their order and case.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The status codes of interim (1xx) responses before it.
    pub interim: Vec<u16>,
    /// Fields in order.
    pub headers: Vec<(String, String)>,
    /// How the body is framed.
    pub framing: Framing,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// Fields after a chunked body.
    pub trailers: Vec<(String, String)>,
    /// The number of bytes after the head, framing included: `$body_bytes_sent`.
    pub wire_length: u64,
    /// Whether the whole body was received before the connection was closed.
    pub complete: bool,
    /// The head, as received.
    pub raw_head: Vec<u8>,
}

/// How a body is framed (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// No body: HEAD, 1xx, 204, 304.
    #[default]
    None,
    /// `Content-Length`.
    Length(u64),
    /// Chunked.
    Chunked,
    /// Until the connection closes.
    Close,
}

impl Response {
    /// Parses the head at the beginning of `bytes`, and returns its length too; `None` while it is incomplete.
    pub(super) fn parse(bytes: &[u8], method: &str) -> Result<Option<(Response, usize)>, ClientError> {
        let mut fields = [httparse::EMPTY_HEADER; 256];
        let mut parsed = httparse::Response::new(&mut fields);
        let length = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(ClientError::not_http(format!("{error}: {}", escape(bytes)))),
        };
        let mut response = Response {
            version: format!("HTTP/1.{}", parsed.version.unwrap_or_default()),
            status: parsed.code.unwrap_or_default(),
            headers: parsed.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect(),
            raw_head: bytes[..length].to_vec(),
            ..Response::default()
        };
        response.framing = response.framing_for(method)?;
        Ok(Some((response, length)))
    }

    fn framing_for(&self, method: &str) -> Result<Framing, ClientError> {
        if method == "HEAD" || self.status < 200 || matches!(self.status, 204 | 304) {
            return Ok(Framing::None);
        }
        if self.values("transfer-encoding").any(|value| value.eq_ignore_ascii_case("chunked")) {
            return Ok(Framing::Chunked);
        }
        match self.value("content-length") {
            Some(length) => match length.parse() {
                Ok(length) => Ok(Framing::Length(length)),
                Err(_) => Err(ClientError::not_http(format!("Content-Length: {length}"))),
            },
            None => Ok(Framing::Close),
        }
    }

    /// The first field of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every field of that name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body's SHA-256 digest, in hexadecimal.
    pub fn digest(&self) -> String {
        digest(&self.body)
    }
}

/// SHA-256 in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Escapes bytes for display: text and line ends as they are, the rest escaped, at most a screenful.
pub fn escape(bytes: &[u8]) -> String {
    escape_beginning(&[bytes])
}

/// The same of `parts` one after the other.
pub(crate) fn escape_beginning(parts: &[&[u8]]) -> String {
    const MAX_BYTES: usize = 1200;
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let text: Vec<u8> = parts.iter().copied().flatten().copied().take(MAX_BYTES).collect();
    let cut = length - text.len();
    let mut out = String::new();
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\r' => {}
                '\n' | '\t' => out.push(c),
                c if c.is_control() => out.push_str(&c.escape_default().to_string()),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if cut > 0 {
        out.push_str(&format!("… and {cut} bytes more"));
    }
    out
}
