//! Finds the end of a request's head, and checks its limits.

use std::ops::Range;

/// Finds the end of a head as it arrives, line by line, looking at no byte twice.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Bytes scanned.
    scanned: usize,
    /// Where the current line begins.
    line: usize,
    /// The request line with its line end, once it is complete.
    pub(crate) request_line: Option<Range<usize>>,
}

/// What the [`Scanner`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The head is incomplete.
    More,
    /// The request line is complete. It is to be read before scanning on.
    Line,
    /// The head ends here.
    End(usize),
    /// A line or the head exceeds its limit.
    TooLong,
}

/// The limits of a head: `client_header_buffer_size` and `large_client_header_buffers`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadLimits {
    /// Bytes of a line, including its line end.
    pub(crate) line: usize,
    /// Bytes of the whole head.
    pub(crate) head: usize,
}

impl Scanner {
    /// The complete lines so far after the request line.
    pub(crate) fn field_lines(&self) -> Range<usize> {
        let start = self.request_line.as_ref().map_or(self.line, |line| line.end);
        start..self.line.max(start)
    }

    /// Scans what has arrived since the last call. `bytes` begins where it began before.
    pub(crate) fn scan(&mut self, bytes: &[u8], limits: HeadLimits) -> Scan {
        loop {
            let rest = bytes.get(self.scanned..).unwrap_or_default();
            let Some(found) = memchr::memchr(b'\n', rest) else {
                self.scanned = bytes.len();
                let long = bytes.len() - self.line >= limits.line || bytes.len() > limits.head;
                return if long { Scan::TooLong } else { Scan::More };
            };
            let (start, end) = (self.line, self.scanned + found + 1);
            // A line that is too long is refused in the same way whether or not its end has arrived.
            if end - start > limits.line || end > limits.head {
                return Scan::TooLong;
            }
            (self.scanned, self.line) = (end, end);
            let blank = matches!(bytes.get(start..end), Some(b"\r\n" | b"\n"));
            match (&self.request_line, blank) {
                // Empty lines before a request are ignored (RFC 9112 §2.2).
                (None, true) => {}
                (None, false) => {
                    self.request_line = Some(start..end);
                    return Scan::Line;
                }
                (Some(_), true) => return Scan::End(end),
                (Some(_), false) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits { line: 100, head: 400 };

    #[test]
    fn long_lines_and_long_heads_are_noticed_before_they_end() {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.scan(&[b'a'; 99], LIMITS), Scan::More);
        assert_eq!(scanner.scan(&[b'a'; 100], LIMITS), Scan::TooLong);
        let mut scanner = Scanner::default();
        let head = format!("GET / HTTP/1.1\r\n{}", "X: 12345678901\r\n".repeat(40));
        assert_eq!(scanner.scan(head.as_bytes(), LIMITS), Scan::Line);
        assert_eq!(scanner.scan(head.as_bytes(), LIMITS), Scan::TooLong);
    }

    #[test]
    fn a_line_and_a_head_may_be_as_long_as_their_limits() {
        let head = |line: usize, field: usize| {
            format!("{}\r\n{}\r\n\r\n", "l".repeat(line - 2), "f".repeat(field - 2)).into_bytes()
        };
        let scans = |bytes: &[u8], head: usize| {
            let (mut scanner, limits) = (Scanner::default(), HeadLimits { head, ..LIMITS });
            (scanner.scan(bytes, limits), scanner.scan(bytes, limits))
        };
        assert_eq!(scans(&head(100, 100), 202), (Scan::Line, Scan::End(202)));
        assert_eq!(scans(&head(100, 100), 201), (Scan::Line, Scan::TooLong));
        assert_eq!(scans(&head(100, 101), 400), (Scan::Line, Scan::TooLong));
        assert_eq!(scans(&head(101, 100), 400).0, Scan::TooLong);
        // A line that has not ended yet.
        let part = &head(100, 100)[..150];
        assert_eq!(scans(part, 150), (Scan::Line, Scan::More));
        assert_eq!(scans(part, 149), (Scan::Line, Scan::TooLong));
    }
}
