//! A request's head while it arrives.

use super::Request;
use super::error::{RequestError, bad_request};
use super::line::{after_line_ends, method_length};
use super::scanner::{HeadLimits, Scan, Scanner};
use crate::message::status::REQUEST_HEADER_TOO_LARGE;
use crate::wire::Buffer;

/// Reads a head as far as it has come, whatever pieces it comes in.
#[derive(Debug)]
pub(crate) struct HeadReader {
    limits: HeadLimits,
    scanner: Scanner,
    length: u64,
    /// Bytes that have been searched for a bare CR.
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

    /// Bytes of the head that have been read; of one that is not all there, those of its first line.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Reads on in `input`, into `request`; `None` until the head is all there, or can be refused. A head that was read
    /// is taken off the input.
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
        // What counts is what comes before it, whatever has come with it.
        let bytes = input.bytes().get(..stray + 2).unwrap_or_default();
        *self = HeadReader::new(self.limits);
        let outcome = self.read_some(bytes, request);
        let bytes = input.bytes();
        Some(outcome.map_or_else(|| Err(self.stray(bytes, stray, request)), |refused| refused.map(drop)))
    }

    /// Reads on in `bytes`, which begin where they began before. Of a whole head returns the end.
    fn read_some(&mut self, bytes: &[u8], request: &mut Request) -> Option<Result<usize, RequestError>> {
        if !self.has_line() && cannot_begin(self.begun_line(bytes)) {
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
                Scan::TooLong => return Some(Err(self.too_long(bytes, request))),
            }
        }
    }

    fn too_long(&self, bytes: &[u8], request: &mut Request) -> RequestError {
        if !self.has_line() {
            request.keep_partial_line(bytes);
            let long = RequestError { status: 414, reason: "client sent too long URI" };
            return request.refuses_start(self.begun_line(bytes)).unwrap_or(long);
        }
        self.fields_before(bytes, request).unwrap_or(RequestError {
            status: REQUEST_HEADER_TOO_LARGE,
            reason: "client sent too long header line",
        })
    }

    /// Where a CR stands in what has come last that no LF follows. It is the end of no line and no part of one (RFC 9112
    /// §2.2), so that nothing that may follow is waited for.
    fn bare_cr(&mut self, bytes: &[u8]) -> Option<usize> {
        let start = self.searched;
        self.searched = bytes.len() - usize::from(bytes.ends_with(b"\r"));
        let rest = bytes.get(start..).unwrap_or_default();
        let bare = |at: &usize| rest.get(at + 1).is_some_and(|&next| next != b'\n');
        memchr::memchr_iter(b'\r', rest).find(bare).map(|at| start + at)
    }

    /// Why a head with a bare CR is refused, in which nothing has been found wrong before it.
    fn stray(&self, bytes: &[u8], stray: usize, request: &mut Request) -> RequestError {
        if self.has_line() {
            return self
                .fields_before(bytes, request)
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

    /// What is wrong with the fields that have come comes first, and the log is told their host.
    fn fields_before(&self, bytes: &[u8], request: &mut Request) -> Option<RequestError> {
        let lines = bytes.get(self.scanner.field_lines()).unwrap_or_default();
        request.read_some_fields(&[lines, b"\r\n"].concat()).err()
    }

    /// What there is room for of the request line that begins here, whatever has come of it.
    fn begun_line<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let start = after_line_ends(bytes);
        // A stray CR before it has its place in the line.
        let empty = bytes.iter().take(start).rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let room = (empty + self.limits.line).min(self.limits.head + 1);
        bytes.get(start..room.min(bytes.len())).unwrap_or_default()
    }
}

/// Whether a line is no request's, whatever follows: most often TLS spoken to a plain port.
fn cannot_begin(line: &[u8]) -> bool {
    let method = method_length(line);
    line.get(method).is_some_and(|&byte| method == 0 || !matches!(byte, b' ' | b'\r' | b'\n'))
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
