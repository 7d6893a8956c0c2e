//! Reads the head of a request as it arrives.

use super::Request;
use super::error::{RequestError, bad_request};
use super::line::{after_line_ends, method_length};
use super::scanner::{HeadLimits, Scan, Scanner};
use crate::message::status::REQUEST_HEADER_TOO_LARGE;
use crate::wire::Buffer;

/// Reads a head, whatever pieces it arrives in.
#[derive(Debug)]
pub(crate) struct HeadReader {
    limits: HeadLimits,
    scanner: Scanner,
    length: u64,
    /// Bytes searched for a bare CR.
    searched: usize,
}

impl HeadReader {
    /// Before the first byte.
    pub(crate) fn new(limits: HeadLimits) -> HeadReader {
        HeadReader { limits, scanner: Scanner::default(), length: 0, searched: 0 }
    }

    /// Whether the request line has been read.
    pub(crate) fn has_line(&self) -> bool {
        self.scanner.request_line.is_some()
    }

    /// The length of the head, or of the request line while the head is incomplete.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Reads `input` into `request`; `None` until the head is complete or can be refused. A complete head is consumed.
    pub(crate) fn read(
        &mut self,
        input: &mut Buffer,
        request: &mut Request,
    ) -> Option<Result<(), RequestError>> {
        let outcome = self.read_some(input.bytes(), request);
        if let Some(Ok(end)) = outcome {
            input.consume(end);
            return Some(Ok(()));
        }
        let Some(stray) = self.bare_cr(input.bytes()) else {
            return outcome.map(|refused| refused.map(drop));
        };
        // Errors before the bare CR take precedence over it.
        let bytes = input.bytes().get(..stray + 2).unwrap_or_default();
        *self = HeadReader::new(self.limits);
        let outcome = self.read_some(bytes, request);
        let bytes = input.bytes();
        Some(
            outcome
                .map_or_else(|| Err(self.bare_cr_error(bytes, stray, request)), |refused| refused.map(drop)),
        )
    }

    /// Reads on in `bytes`, which begin where they began before. Returns the end of a complete head.
    fn read_some(&mut self, bytes: &[u8], request: &mut Request) -> Option<Result<usize, RequestError>> {
        if !self.has_line() && has_invalid_method(self.partial_line(bytes)) {
            request.keep_partial_line(bytes);
            return Some(Err(bad_request("client sent invalid method")));
        }
        loop {
            match self.scanner.scan(bytes, self.limits) {
                Scan::More => return None,
                Scan::Line => {
                    let line = self.scanner.request_line.clone().unwrap_or_default();
                    let length = line.len() as u64;
                    let line = without_end(bytes.get(line).unwrap_or_default());
                    if let Err(refusal) = request.read_line(line) {
                        return Some(Err(refusal));
                    }
                    self.length = length;
                }
                Scan::End(end) => {
                    let line = self.scanner.request_line.clone().unwrap_or_default();
                    let fields = request.read_fields(bytes.get(line.end..end).unwrap_or_default());
                    self.length = (end - line.start) as u64;
                    return Some(fields.map(|()| end));
                }
                Scan::TooLong => return Some(Err(self.too_long_error(bytes, request))),
            }
        }
    }

    fn too_long_error(&self, bytes: &[u8], request: &mut Request) -> RequestError {
        if !self.has_line() {
            request.keep_partial_line(bytes);
            let long = RequestError { status: 414, reason: "client sent too long URI" };
            return request.partial_line_error(self.partial_line(bytes)).unwrap_or(long);
        }
        self.partial_fields_error(bytes, request).unwrap_or(RequestError {
            status: REQUEST_HEADER_TOO_LARGE,
            reason: "client sent too long header line",
        })
    }

    /// Finds a CR without an LF in the bytes that arrived last. It is neither the end nor a part of a line (RFC 9112
    /// §2.2), so there is no need to wait for more.
    fn bare_cr(&mut self, bytes: &[u8]) -> Option<usize> {
        let start = self.searched;
        self.searched = bytes.len() - usize::from(bytes.ends_with(b"\r"));
        let rest = bytes.get(start..).unwrap_or_default();
        let bare = |at: &usize| rest.get(at + 1).is_some_and(|&next| next != b'\n');
        memchr::memchr_iter(b'\r', rest).find(bare).map(|at| start + at)
    }

    /// The error for a bare CR, if there is no other one before it.
    fn bare_cr_error(&self, bytes: &[u8], stray: usize, request: &mut Request) -> RequestError {
        if self.has_line() {
            return self
                .partial_fields_error(bytes, request)
                .unwrap_or(bad_request("client sent invalid header line"));
        }
        match bytes.get(after_line_ends(bytes)..stray) {
            Some(line) => request.refuse_line(line),
            None => {
                request.keep_partial_line(bytes);
                bad_request("client sent invalid method")
            }
        }
    }

    /// The error in the fields so far, if any. Reading them also tells the log their host.
    fn partial_fields_error(&self, bytes: &[u8], request: &mut Request) -> Option<RequestError> {
        let lines = bytes.get(self.scanner.field_lines()).unwrap_or_default();
        request.read_some_fields(&[lines, b"\r\n"].concat()).err()
    }

    /// The part of the incomplete request line that fits the buffer.
    fn partial_line<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let start = after_line_ends(bytes);
        // A stray CR before the line counts towards its length.
        let empty = bytes.iter().take(start).rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let room = (empty + self.limits.line).min(self.limits.head + 1);
        bytes.get(start..room.min(bytes.len())).unwrap_or_default()
    }
}

/// Whether a line can be no request line, whatever follows: most often it is TLS on a plain port.
fn has_invalid_method(line: &[u8]) -> bool {
    let method = method_length(line);
    line.get(method).is_some_and(|&byte| method == 0 || !matches!(byte, b' ' | b'\r' | b'\n'))
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
