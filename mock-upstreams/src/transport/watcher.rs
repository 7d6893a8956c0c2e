//! Parses requests beside hyper, to record them as they were on the wire.
//!
//! hyper folds the case of names, does not keep the order of fields, and hides chunks. So a [`RequestWatcher`] sees the bytes
//! of a connection, too, and follows the framing of RFC 9112 far enough to tell heads, bodies and trailers apart. It rejects
//! nothing: that is for hyper to do.

use std::mem;

use crate::journal::{Fields, Framing, Head};

/// A part of a request that the [`RequestWatcher`] has seen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Head(Head),
    Body(&'a [u8]),
    End { trailers: Fields },
}

#[derive(Debug, Default)]
pub(super) struct RequestWatcher {
    state: State,
    /// The incomplete head, chunk size line or trailers so far.
    partial: Vec<u8>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    Length(u64),
    ChunkLine,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    /// After a request for an upgrade: the response decides whether a tunnel or a request follows.
    AwaitingUpgrade,
    /// What follows is not HTTP.
    Opaque,
}

impl RequestWatcher {
    /// Parses what was read from the socket, and reports its parts in order.
    pub(super) fn watch(&mut self, mut input: &[u8], report: &mut dyn FnMut(Part<'_>)) {
        while !input.is_empty() {
            input = self.step(input, report);
        }
    }

    /// What follows is not HTTP/1.1.
    pub(super) fn stop(&mut self) {
        self.state = State::Opaque;
    }

    /// Takes note of the response to a request for an upgrade: 101 or not.
    pub(super) fn decide(&mut self, switched: bool, report: &mut dyn FnMut(Part<'_>)) {
        if self.state == State::AwaitingUpgrade {
            let held = mem::take(&mut self.partial);
            self.state = if switched { State::Opaque } else { State::Head };
            self.watch(&held, report);
        }
    }

    fn step<'a>(&mut self, input: &'a [u8], report: &mut dyn FnMut(Part<'_>)) -> &'a [u8] {
        match self.state {
            State::Head => {
                // A server ignores empty lines before a request (RFC 9112 §2.2).
                let input = if self.partial.is_empty() { input.trim_prefix_crlf() } else { input };
                let Some((text, rest)) = self.until(b"\r\n\r\n", input) else { return &[] };
                let Some(head) = Head::parse(&text) else {
                    self.state = State::Opaque;
                    return &[];
                };
                let upgrade = head.headers.contains("upgrade");
                let framing = head.framing;
                report(Part::Head(head));
                match framing {
                    Framing::Length(length) if length > 0 => self.state = State::Length(length),
                    Framing::Chunked => self.state = State::ChunkLine,
                    _ => {
                        self.end(Fields::default(), report);
                        if upgrade {
                            self.state = State::AwaitingUpgrade;
                        }
                    }
                }
                rest
            }
            State::Length(left) => {
                let (body, rest) = split(input, left);
                report(Part::Body(body));
                match left - body.len() as u64 {
                    0 => self.end(Fields::default(), report),
                    left => self.state = State::Length(left),
                }
                rest
            }
            State::ChunkLine => {
                let Some((line, rest)) = self.until(b"\r\n", input) else { return &[] };
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(digits).ok().map(str::trim);
                self.state = match size.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
                    Some(0) => State::Trailers,
                    Some(size) => State::ChunkData(size),
                    None => State::Opaque,
                };
                rest
            }
            State::ChunkData(left) => {
                let (data, rest) = split(input, left);
                report(Part::Body(data));
                self.state = match left - data.len() as u64 {
                    0 => State::ChunkEnd,
                    left => State::ChunkData(left),
                };
                rest
            }
            State::ChunkEnd => {
                let Some((_, rest)) = self.until(b"\r\n", input) else { return &[] };
                self.state = State::ChunkLine;
                rest
            }
            State::Trailers => self.trailers(input, report),
            State::AwaitingUpgrade => {
                self.partial.extend_from_slice(input);
                &[]
            }
            State::Opaque => &[],
        }
    }

    fn trailers<'a>(&mut self, input: &'a [u8], report: &mut dyn FnMut(Part<'_>)) -> &'a [u8] {
        for (index, byte) in input.iter().enumerate() {
            self.partial.push(*byte);
            if self.partial == b"\r\n" || self.partial.ends_with(b"\r\n\r\n") {
                let text = mem::take(&mut self.partial);
                self.end(fields(&text), report);
                return input.get(index + 1..).unwrap_or_default();
            }
        }
        &[]
    }

    fn end(&mut self, trailers: Fields, report: &mut dyn FnMut(Part<'_>)) {
        self.state = State::Head;
        report(Part::End { trailers });
    }

    /// What came up to and including `mark`, and what follows it; `None` when the mark has not come.
    fn until<'a>(&mut self, mark: &[u8], input: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
        for (index, byte) in input.iter().enumerate() {
            self.partial.push(*byte);
            if self.partial.ends_with(mark) {
                return Some((mem::take(&mut self.partial), input.get(index + 1..).unwrap_or_default()));
            }
        }
        None
    }
}

impl Head {
    fn parse(text: &[u8]) -> Option<Self> {
        let end = text.windows(2).position(|pair| pair == b"\r\n")?;
        let (line, rest) = text.split_at(end);
        let mut words = line.split(|byte| *byte == b' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let headers = fields(rest.get(2..)?);
        let framing = framing(&headers);
        Some(Self {
            method: decode(method),
            target: decode(target),
            version: decode(version),
            headers,
            framing,
        })
    }
}

/// How the body is delimited (RFC 9112 §6.3).
fn framing(headers: &Fields) -> Framing {
    if headers.has_token("transfer-encoding", "chunked") {
        return Framing::Chunked;
    }
    match headers.get("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => Framing::Length(length),
        None => Framing::None,
    }
}

fn fields(text: &[u8]) -> Fields {
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    let pairs = lines.filter(|line| !line.is_empty()).map(|line| {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (line.get(..colon), line.get(colon + 1..)),
            None => (Some(line), None),
        };
        (decode(name.unwrap_or_default()), decode(value.unwrap_or_default().trim_ascii()))
    });
    Fields(pairs.collect())
}

/// UTF-8 where it is, else ISO 8859-1, in which every byte is a character.
fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn split(input: &[u8], at: u64) -> (&[u8], &[u8]) {
    input.split_at(usize::try_from(at).map_or(input.len(), |at| at.min(input.len())))
}

trait TrimPrefix {
    fn trim_prefix_crlf(&self) -> &Self;
}

impl TrimPrefix for [u8] {
    fn trim_prefix_crlf(&self) -> &Self {
        let mut rest = self;
        while let [b'\r' | b'\n', tail @ ..] = rest {
            rest = tail;
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `input` in pieces of `size` and tells what was seen, bodies joined.
    fn seen(input: &str, size: usize) -> Vec<String> {
        let (mut watcher, mut told) = (RequestWatcher::default(), Vec::<String>::new());
        let mut body = String::new();
        for piece in input.as_bytes().chunks(size) {
            watcher.watch(piece, &mut |seen| match seen {
                Part::Head(head) => {
                    told.push(format!(
                        "{} {} {:?} {:?}",
                        head.method, head.target, head.headers.0, head.framing
                    ));
                }
                Part::Body(data) => body.push_str(&String::from_utf8_lossy(data)),
                Part::End { trailers } => told.push(format!("{:?} {:?}", mem::take(&mut body), trailers.0)),
            });
        }
        told
    }

    #[test]
    fn tells_requests_apart_however_they_are_cut() {
        let input = "POST /a HTTP/1.1\r\nhOST:  x \r\nContent-Length: 5\r\n\r\n\r\n\r\n!\
                     PUT /b?q HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n\
                     \r\nGET / HTTP/1.0\r\n\r\n";
        let expected = [
            r#"POST /a [("hOST", "x"), ("Content-Length", "5")] Length(5)"#,
            r#""\r\n\r\n!" []"#,
            r#"PUT /b?q [("Transfer-Encoding", "chunked")] Chunked"#,
            r#""ab0123456789" [("T", "1")]"#,
            "GET / [] None",
            r#""" []"#,
        ];
        for size in [1, 2, 3, 7, input.len()] {
            assert_eq!(seen(input, size), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn takes_what_follows_an_upgrade_for_a_request_only_when_it_was_refused() {
        for (switched, expected) in [(true, 1), (false, 2)] {
            let (mut watcher, mut heads) = (RequestWatcher::default(), 0);
            let mut count = |seen: Part<'_>| heads += usize::from(matches!(seen, Part::Head(_)));
            let first = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n";
            watcher.watch(first, &mut count);
            watcher.decide(switched, &mut count);
            watcher.watch(b"\r\n", &mut count);
            assert_eq!(heads, expected);
        }
    }
}
