//! A request's head while it arrives.

use super::grammar::{after_line_ends, method_length};
use super::head::Request;
use super::refusal::{Refusal, TOO_LARGE};
use super::scan::{Limits, Scan, Scanner};
use crate::http::wire::Buffer;

/// Reads a head as far as it has come, whatever pieces it comes in.
#[derive(Debug)]
pub(crate) struct Arriving {
    limits: Limits,
    scanner: Scanner,
    length: u64,
}

impl Arriving {
    /// Before the first byte.
    pub(crate) fn new(limits: Limits) -> Arriving {
        Arriving { limits, scanner: Scanner::default(), length: 0 }
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
    pub(crate) fn read(&mut self, input: &mut Buffer, request: &mut Request) -> Option<Result<(), Refusal>> {
        if !self.has_line() && cannot_begin(self.begun_line(input.bytes())) {
            request.keep_partial_line(input.bytes());
            return Some(Err(Refusal { status: 400, reason: "client sent invalid method" }));
        }
        loop {
            match self.scanner.scan(input.bytes(), self.limits) {
                Scan::More => return None,
                Scan::Line => {
                    let line = self.scanner.request_line.clone().unwrap_or_default();
                    let length = line.len() as u64;
                    let line = without_end(input.bytes().get(line).unwrap_or_default());
                    if let Err(refusal) = request.read_line(line) {
                        return Some(Err(refusal));
                    }
                    self.length = length;
                }
                Scan::End(end) => {
                    let line = self.scanner.request_line.clone().unwrap_or_default();
                    let fields = request.read_fields(input.bytes().get(line.end..end).unwrap_or_default());
                    self.length = (end - line.start) as u64;
                    input.consume(end);
                    return Some(fields);
                }
                Scan::TooLong => return Some(Err(self.too_long(input.bytes(), request))),
            }
        }
    }

    fn too_long(&self, bytes: &[u8], request: &mut Request) -> Refusal {
        if !self.has_line() {
            request.keep_partial_line(bytes);
            let long = Refusal { status: 414, reason: "client sent too long URI" };
            return request.refuses_start(self.begun_line(bytes)).unwrap_or(long);
        }
        // What is wrong with the fields before it comes first, and the log is told their host.
        let lines = bytes.get(self.scanner.field_lines()).unwrap_or_default();
        let long = Refusal { status: TOO_LARGE, reason: "client sent too long header line" };
        request.read_some_fields(&[lines, b"\r\n"].concat()).err().unwrap_or(long)
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
