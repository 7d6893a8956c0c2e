//! What a case sends, and how it looks taken apart.

use std::fmt;

use proptest::sample::Index;

/// The bytes of a connection, and what app servers answer.
#[derive(Clone)]
pub(crate) struct Stream {
    /// One after the other, without waiting for answers.
    pub(crate) requests: Vec<Vec<u8>>,
    /// Where the bytes are cut into pieces that are sent on their own.
    pub(crate) cuts: Cuts,
    /// One of [`REPLIES`].
    pub(crate) reply: &'static str,
}

/// Where bytes are cut.
#[derive(Debug, Clone)]
pub(crate) enum Cuts {
    None,
    At(Vec<Index>),
    Everywhere,
}

/// Asked last on each connection. Whether it is answered shows whether the connection was kept, and it ends it.
pub(crate) const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n";

/// No more than so many bytes are sent one at a time.
const FEW: usize = 150;

/// What app servers answer, with the date of RFC 9110's examples.
pub(crate) const REPLIES: [&str; 9] = [
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nX-A: 1\r\nX-a: 2\r\n\r\nnope",
    "HTTP/1.1 302 Found\r\nLocation: http://@BLUE@/there?x=1\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 201 Created\r\nLocation: http://dambae200/there\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
    "HTTP/1.1 500 Oh\r\nContent-Length: 1\r\nServer: app\r\nRefresh: 5; url=http://dambae200/\r\n\r\nx",
    "HTTP/1.1 200\r\nContent-Length: 2\r\nContent-Type: a/b; charset=x\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nAccept-Ranges: bytes\r\n\r\nok",
    "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/5\r\nContent-Length: 2\r\nX-Empty:\r\nx-odd-CASE:   spaces  \r\n\r\nhe",
];

impl Stream {
    /// The whole, in the pieces it is to be sent in.
    pub(crate) fn pieces(&self) -> Vec<Vec<u8>> {
        let bytes = [self.requests.concat(), LAST.to_vec()].concat();
        let mut cuts: Vec<usize> = match &self.cuts {
            Cuts::None => Vec::new(),
            Cuts::At(places) => places.iter().map(|place| place.index(bytes.len())).collect(),
            Cuts::Everywhere => (1..bytes.len().min(FEW)).collect(),
        };
        cuts.sort_unstable();
        cuts.dedup();
        let ends = cuts.iter().copied().chain([bytes.len()]);
        let starts = [0].into_iter().chain(cuts.iter().copied());
        starts
            .zip(ends)
            .map(|(start, end)| bytes[start..end].to_vec())
            .filter(|piece| !piece.is_empty())
            .collect()
    }

    /// Which of the requests are HEAD.
    pub(crate) fn heads(&self) -> Vec<bool> {
        let start =
            |request: &[u8]| request.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
        self.requests.iter().map(|request| request[start(request)..].starts_with(b"HEAD ")).collect()
    }

    /// The requests, taken apart.
    pub(crate) fn views(&self) -> Vec<View<'_>> {
        self.requests.iter().map(|request| View::of(request)).collect()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for request in &self.requests {
            let text = request.escape_ascii().to_string();
            let more = if text.len() > 2000 { "…" } else { "" };
            writeln!(
                f,
                "  b\"{}\"{more} ({} bytes)",
                text.chars().take(2000).collect::<String>(),
                request.len()
            )?;
        }
        write!(f, "  in pieces: {:?}; app servers answer {:?}", self.cuts, self.reply)
    }
}

/// A request taken apart, as far as it has the parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// What comes before the request line.
    pub(crate) lead: &'a [u8],
    line: &'a [u8],
    fields: &'a [u8],
    /// What follows the empty line.
    pub(crate) body: &'a [u8],
}

impl<'a> View<'a> {
    fn of(request: &'a [u8]) -> View<'a> {
        let start = request.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(request.len());
        let (lead, rest) = request.split_at(start);
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, rest) = rest.split_at(end);
        let mut at = 0;
        for each in rest.split_inclusive(|&byte| byte == b'\n') {
            at += each.len();
            if each == b"\n" || each == b"\r\n" {
                break;
            }
        }
        let (fields, body) = rest.split_at(at);
        View { lead, line, fields, body }
    }

    /// The words of the request line.
    pub(crate) fn words(&self) -> Vec<&'a [u8]> {
        self.line.trim_ascii_end().split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect()
    }

    /// Field lines, without their ends.
    pub(crate) fn field_lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let lines =
            self.fields.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.filter(|line| !line.is_empty())
    }

    /// The name in a field line; `None` without a colon.
    pub(crate) fn name(line: &[u8]) -> Option<&[u8]> {
        line.iter().position(|&byte| byte == b':').map(|colon| &line[..colon])
    }

    /// The values of a field.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.field_lines().filter_map(move |line| {
            let found = View::name(line)?;
            found.eq_ignore_ascii_case(name.as_bytes()).then(|| line[found.len() + 1..].trim_ascii())
        })
    }

    /// Whether the head ends as it should.
    pub(crate) fn has_end(&self) -> bool {
        let last = self.fields.split_inclusive(|&byte| byte == b'\n').next_back();
        matches!(last, Some(b"\n" | b"\r\n"))
    }

    /// Whether the head announces a body.
    pub(crate) fn has_body(&self) -> bool {
        self.is_chunked() || self.values("Content-Length").next().is_some()
    }

    /// Whether the body comes in chunks.
    pub(crate) fn is_chunked(&self) -> bool {
        self.values("Transfer-Encoding").next().is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"))
    }
}
