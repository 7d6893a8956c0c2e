//! The head of an app server's response: read strictly, and written for the client.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::interim::Interim;
use super::{cookie, redirect};
use crate::exchange::Exchange;
use crate::message::Headers;
use crate::message::grammar::{list_contains, parse_length};
use crate::proxy::traced::{trace_hidden, trace_rewritten};
use crate::response::head::HeadersOut;
use crate::response::{BodyChanges, without_charset, write_field};
use crate::wire::{Buffer, Framing};

/// The most fields of a head.
const MAX_HEADERS: usize = 256;

/// RFC 8297.
const EARLY_HINTS: u16 = 103;

const TOO_BIG: InvalidHead = InvalidHead("upstream sent too big header");

/// The head of an app server's response, apart from its fields, which the exchange holds.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    /// The status code.
    pub(crate) status: u16,
    /// Status code and reason as received.
    text: Cow<'static, [u8]>,
    /// How the body is framed, if there is one.
    pub(crate) framing: Framing,
    /// Whether the app server keeps the connection alive.
    pub(crate) persistent: bool,
}

/// What of a response the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// What the app server has sent.
    AsReceived,
    /// The same, though parts of it could be asked for.
    Whole,
    /// Nothing but a 304.
    NotModified,
    /// A part of it.
    Part {
        /// `Content-Range`; empty for several parts.
        content_range: String,
        /// `Content-Type` of several parts.
        content_type: Option<String>,
        /// How many bytes.
        length: u64,
    },
}

/// How the body follows a head that was written for the client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadWritten {
    /// In chunks.
    pub(crate) chunked: bool,
    /// What becomes of it on its way.
    pub(crate) changes: BodyChanges,
}

/// An invalid head, and nginx's message about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidHead(pub(crate) &'static str);

/// Fields that the client never gets: those of one connection (RFC 9110 §7.6.1), and those that the proxy writes itself.
const OWN_HEADERS: [&str; 8] = [
    "Connection",
    "Keep-Alive",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Proxy-Connection",
    "Content-Length",
    "Content-Type",
];

/// Fields that nginx hides, unless `proxy_pass_header` names them.
const HIDDEN_HEADERS: [&str; 8] = [
    "Date",
    "Server",
    "X-Pad",
    "X-Accel-Expires",
    "X-Accel-Redirect",
    "X-Accel-Limit-Rate",
    "X-Accel-Buffering",
    "X-Accel-Charset",
];

/// Takes the head of a response, of at most `max_size` bytes, off the front of `buffer`, skipping interim ones that are passed
/// over, but not a 103; `None` until all of it has arrived.
pub(crate) fn read_head(
    buffer: &mut Buffer,
    fields: &mut Headers,
    max_size: usize,
    interim: Interim,
) -> Result<Option<ResponseHead>, InvalidHead> {
    loop {
        let Some((head, length)) = parse(buffer.bytes(), fields)? else {
            return if buffer.len() < max_size { Ok(None) } else { Err(TOO_BIG) };
        };
        if length > max_size {
            return Err(TOO_BIG);
        }
        buffer.consume(length);
        if head.status == EARLY_HINTS || !interim.is_passed_over(head.status) {
            return Ok(Some(head));
        }
    }
}

fn parse(bytes: &[u8], kept: &mut Headers) -> Result<Option<(ResponseHead, usize)>, InvalidHead> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let length = match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::Version | httparse::Error::Status) => {
            return Err(InvalidHead("upstream sent no valid HTTP/1.0 header"));
        }
        Err(httparse::Error::TooManyHeaders) => return Err(TOO_BIG),
        Err(_) => return Err(InvalidHead("upstream sent invalid header")),
    };
    let (status, version) = (response.code.unwrap_or_default(), response.version.unwrap_or_default());
    kept.clear();
    for field in response.headers.iter() {
        kept.push(field.name, field.value);
    }
    let framing = framing(kept)?;
    let says = |option: &str| kept.get_all("Connection").any(|value| list_contains(value, option));
    let persistent = match version {
        0 => says("keep-alive") && framing != Framing::Chunked,
        _ => !says("close"),
    };
    let text = match bytes.get(status_text(bytes)).unwrap_or_default() {
        b"200 OK" => Cow::Borrowed(&b"200 OK"[..]),
        other => Cow::Owned(other.to_vec()),
    };
    Ok(Some((ResponseHead { status, text, framing, persistent }, length)))
}

/// The range of the status code and reason.
fn status_text(bytes: &[u8]) -> Range<usize> {
    let start = bytes.iter().position(|&byte| byte == b' ').map_or(0, |space| space + 1);
    let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(start);
    start..end.max(start)
}

fn framing(fields: &Headers) -> Result<Framing, InvalidHead> {
    let mut lengths = fields.get_all("Content-Length");
    let mut codings = fields.get_all("Transfer-Encoding");
    let (length, coding) = (lengths.next(), codings.next());
    if lengths.next().is_some() {
        return Err(InvalidHead("upstream sent duplicate \"Content-Length\" header"));
    }
    if codings.next().is_some() {
        return Err(InvalidHead("upstream sent duplicate \"Transfer-Encoding\" header"));
    }
    match (length, coding) {
        (Some(_), Some(_)) => Err(InvalidHead(
            "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time",
        )),
        (Some(length), None) => match parse_length(length) {
            Some(length) => Ok(Framing::Length(length)),
            None => Err(InvalidHead("upstream sent invalid \"Content-Length\" header")),
        },
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (None, Some(_)) => Err(InvalidHead("upstream sent unknown \"Transfer-Encoding\"")),
        (None, None) => Ok(Framing::UntilClose),
    }
}

impl ResponseHead {
    /// Whether a body follows (RFC 9112 §6.3).
    pub(crate) fn has_body(&self, to_head: bool) -> bool {
        !(to_head || matches!(self.status, 101 | 204 | 304))
    }

    /// Whether the client is sent a body, by the status that it sees, which may be that of an `error_page`.
    pub(crate) fn sends_body(&self, x: &Exchange<'_>) -> bool {
        let status = x.error_status.unwrap_or(self.status);
        !x.request.is_head() && !matches!(status, 101 | 204 | 304)
    }

    /// Whether it is sent one, and the app server has none.
    pub(crate) fn gains_body(&self, x: &Exchange<'_>) -> bool {
        self.sends_body(x) && !self.has_body(false)
    }

    /// Whether the body ends with the connection.
    pub(crate) fn ends_by_close(&self) -> bool {
        self.framing == Framing::UntilClose && self.has_body(false)
    }

    /// The head of a response that was kept.
    pub(crate) fn stored(status: u16, text: Vec<u8>, framing: Framing) -> ResponseHead {
        ResponseHead { status, text: text.into(), framing, persistent: false }
    }

    /// Status code and reason as received.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Writes the head for the client.
    pub(crate) fn write(&self, x: &Exchange<'_>, delivery: &Delivery, out: &mut Vec<u8>) -> HeadWritten {
        let fields = &x.upstream_fields;
        let sent_status = x.error_status.unwrap_or(self.status);
        let has_no_length = matches!(sent_status, 101 | 204) || self.gains_body(x);
        let length = match (delivery, self.framing) {
            (Delivery::NotModified, _) => None,
            (Delivery::Part { length, .. }, _) => Some(*length),
            (_, Framing::Length(length)) if !has_no_length => Some(length),
            _ => None,
        };
        let has_body = *delivery != Delivery::NotModified && self.sends_body(x);
        let chunked = length.is_none() && has_body && x.has_chunks() && self.status >= 200;
        let may_have_ranges = self.status == 200 && length.is_some() && fields.get("Accept-Ranges").is_some();
        let (status, range) = match delivery {
            Delivery::AsReceived => (self.status, None),
            Delivery::Whole => {
                (self.status, may_have_ranges.then_some((&b"Accept-Ranges"[..], &b"bytes"[..])))
            }
            Delivery::NotModified => (304, None),
            Delivery::Part { content_range, .. } => {
                let range = (&b"Content-Range"[..], content_range.as_bytes());
                (206, Some(range).filter(|_| !content_range.is_empty()))
            }
        };
        let is_changed = status != self.status;
        // A path from `proxy_redirect` is made absolute; one from the app server is not.
        let location = fields.get("Location").and_then(|value| redirect::rewrite(x, b"Location", value));
        let location =
            location.as_deref().filter(|location| location.starts_with(b"/") && !is_hidden(x, b"location"));
        let multipart = match delivery {
            Delivery::Part { content_type, .. } => content_type.as_deref().map(str::as_bytes),
            _ => None,
        };
        let content_type = multipart.or_else(|| {
            let is_shown = |kind: &&[u8]| {
                !kind.is_empty() && !is_hidden(x, b"content-type") && *delivery != Delivery::NotModified
            };
            fields.get("Content-Type").filter(is_shown)
        });
        // Only `proxy_pass_header` shows them.
        let may_be_shown = !x.settings.proxy.pass_header.is_empty();
        let is_shown =
            |name: &str| may_be_shown && fields.get(name).is_some() && !is_hidden(x, name.as_bytes());
        let headers = HeadersOut {
            media_type: content_type.map(without_charset),
            content_type,
            status: x.error_status.unwrap_or(status),
            status_text: (x.error_status.is_none() && !is_changed).then_some(&self.text),
            length,
            location,
            chunked,
            range,
            has_server: is_shown("Server"),
            has_date: is_shown("Date"),
            ..HeadersOut::default()
        };
        let has_options = fields.get("Connection").is_some();
        let changes = x.write_head(out, &headers, |out| {
            let own_ranges = *delivery != Delivery::AsReceived;
            let is_passed = |name: &[u8]| {
                self.is_passed(x, has_options, name)
                    && !(own_ranges && name.eq_ignore_ascii_case(b"Accept-Ranges"))
            };
            for (name, value) in fields.iter() {
                if !is_passed(name) {
                    trace_hidden(x, name, value);
                    continue;
                }
                let rewritten = match name.eq_ignore_ascii_case(b"Set-Cookie") {
                    true => cookie::rewrite(x, value),
                    false => redirect::rewrite(x, name, value),
                };
                if let Some(new) = &rewritten {
                    trace_rewritten(x, name, value, new);
                }
                match rewritten {
                    Some(_) if location.is_some() && name.eq_ignore_ascii_case(b"Location") => {}
                    Some(value) => write_field(out, name, &value),
                    None => write_field(out, name, value),
                }
            }
        });
        let chunked = chunked || ((changes.any() || changes.trailers) && has_body && x.has_chunks());
        HeadWritten { chunked, changes }
    }

    /// Whether a field goes on to the client as it is, or nearly so.
    pub(super) fn is_passed(&self, x: &Exchange<'_>, has_options: bool, name: &[u8]) -> bool {
        let own = OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
        let upgrade = name.eq_ignore_ascii_case(b"Upgrade");
        if own || is_hidden(x, name) || (upgrade && self.status != 101) {
            return false;
        }
        if upgrade || !has_options {
            return true;
        }
        let text = std::str::from_utf8(name).unwrap_or_default();
        !x.upstream_fields.get_all("Connection").any(|options| list_contains(options, text))
    }
}

/// Whether a field is hidden from the client: by nginx itself or by `proxy_hide_header`, and not by `proxy_pass_header`.
fn is_hidden(x: &Exchange<'_>, name: &[u8]) -> bool {
    let proxy = &x.settings.proxy;
    let names = |names: &[String]| names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
    let hides = HIDDEN_HEADERS.iter().any(|hidden| name.eq_ignore_ascii_case(hidden.as_bytes()));
    (hides || names(&proxy.hide_header)) && !names(&proxy.pass_header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<(u16, String, Framing, bool)>, InvalidHead> {
        let (mut buffer, mut fields) = (Buffer::default(), Headers::new());
        buffer.extend(text.as_bytes());
        let head = read_head(&mut buffer, &mut fields, 100, Interim::All)?;
        Ok(head.map(|head| {
            (head.status, String::from_utf8_lossy(&head.text).into_owned(), head.framing, head.persistent)
        }))
    }

    #[test]
    fn a_head_is_read_as_it_came() {
        assert_eq!(parsed("HTTP/1.1 200 Fine thing\r\nA: b\r\n"), Ok(None));
        for (text, expected) in [
            ("HTTP/1.1 200 Fine\r\nContent-Length: 3\r\n\r\n", (200, "200 Fine", Framing::Length(3), true)),
            (
                "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 102 P\r\nA: b\r\n\r\nHTTP/1.1 200\r\n\r\n",
                (200, "200", Framing::UntilClose, true),
            ),
            (
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
                (200, "200 OK", Framing::Chunked, false),
            ),
            (
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n",
                (200, "200 OK", Framing::Length(3), true),
            ),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", (200, "200 OK", Framing::Length(3), false)),
            ("HTTP/1.1 404 No\r\nConnection: x, close\r\n\r\n", (404, "404 No", Framing::UntilClose, false)),
        ] {
            let (status, reason, framing, persistent) = expected;
            assert_eq!(parsed(text), Ok(Some((status, reason.to_owned(), framing, persistent))), "{text:?}");
        }
    }

    #[test]
    fn a_head_that_cannot_be_trusted_is_refused() {
        for text in [
            "garbage\r\n\r\n",
            "HTTP/2 200 OK\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            &format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(80)),
            &format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(80)),
        ] {
            assert!(parsed(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn too_much_is_said_to_be_too_much() {
        for fields in ["A: b\r\n".repeat(300), format!("A: {}\r\n", "b".repeat(80))] {
            assert_eq!(parsed(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")), Err(TOO_BIG));
        }
    }
}
