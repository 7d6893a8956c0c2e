//! Reads message bodies: where a body ends, and how much of it is buffered.

use std::io;
use std::task::{Context, Poll, ready};

use super::buffer::Buffer;
use super::chunked::{ChunkedDecoder, MalformedChunk};
use super::stream::Stream;

/// How a body is framed (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// By its length.
    Length(u64),
    /// In chunks.
    Chunked,
    /// By the end of the connection; responses only. Of a request over HTTP/2, by the end of the stream.
    UntilClose,
}

/// Reads a body. It shares the connection's buffer, in which the next message may follow.
#[derive(Debug)]
pub(crate) struct BodyReader {
    decoder: Decoder,
    /// Decoded bytes at the front of the buffer.
    ready: usize,
    /// Decoded bytes so far.
    total: u64,
}

#[derive(Debug)]
enum Decoder {
    Length(u64),
    Chunked(ChunkedDecoder),
    UntilClose,
    Done,
}

/// Why a body cannot be read to its end.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// The connection failed.
    Io(io::Error),
    /// The connection ended before the body did.
    Truncated,
    /// The chunked coding is invalid.
    Malformed,
}

impl From<MalformedChunk> for BodyError {
    fn from(_: MalformedChunk) -> BodyError {
        BodyError::Malformed
    }
}

impl BodyReader {
    /// At the beginning of a body. `buffer` may hold some of it, or more than all of it.
    pub(crate) fn new(framing: Framing, buffer: &mut Buffer) -> Result<BodyReader, BodyError> {
        let decoder = match framing {
            Framing::Length(0) => Decoder::Done,
            Framing::Length(length) => Decoder::Length(length),
            Framing::Chunked => Decoder::Chunked(ChunkedDecoder::new()),
            Framing::UntilClose => Decoder::UntilClose,
        };
        let mut reader = BodyReader { decoder, ready: 0, total: 0 };
        reader.decode(buffer)?;
        Ok(reader)
    }

    /// An empty body.
    pub(crate) fn empty() -> BodyReader {
        BodyReader { decoder: Decoder::Done, ready: 0, total: 0 }
    }

    /// The decoded bytes in the buffer.
    pub(crate) fn data<'a>(&self, buffer: &'a Buffer) -> &'a [u8] {
        buffer.bytes().get(..self.ready).unwrap_or_default()
    }

    /// Consumes `count` of the decoded bytes.
    pub(crate) fn consume(&mut self, buffer: &mut Buffer, count: usize) {
        buffer.consume(count);
        self.ready -= count.min(self.ready);
    }

    /// Consumes all decoded bytes.
    pub(crate) fn skip(&mut self, buffer: &mut Buffer) {
        self.consume(buffer, self.ready);
    }

    /// Whether the last byte was read from the stream; some may still be buffered.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.decoder, Decoder::Done)
    }

    /// Whether the last byte was read and consumed.
    pub(crate) fn is_done(&self) -> bool {
        self.ready == 0 && self.is_complete()
    }

    /// Decoded bytes so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How long the body is at least: the bytes so far, and the rest of the current chunk.
    pub(crate) fn min_length(&self) -> u64 {
        match &self.decoder {
            Decoder::Chunked(chunked) => self.total.saturating_add(chunked.remaining_in_chunk()),
            _ => self.total,
        }
    }

    /// Reads once and returns the number of raw bytes. Must not be called when the body is complete or the buffer full.
    pub(crate) fn poll_fill<S: Stream>(
        &mut self,
        buffer: &mut Buffer,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, BodyError>> {
        let count = ready!(buffer.poll_fill(stream, cx)).map_err(BodyError::Io)?;
        Poll::Ready(match count {
            0 => self.end().map(|()| 0),
            count => self.decode(buffer).map(|()| count),
        })
    }

    fn end(&mut self) -> Result<(), BodyError> {
        match self.decoder {
            Decoder::UntilClose => {
                self.decoder = Decoder::Done;
                Ok(())
            }
            _ => Err(BodyError::Truncated),
        }
    }

    fn decode(&mut self, buffer: &mut Buffer) -> Result<(), BodyError> {
        let before = self.ready;
        match &mut self.decoder {
            Decoder::Length(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len() - self.ready);
                self.ready += count;
                *left -= count as u64;
                if *left == 0 {
                    self.decoder = Decoder::Done;
                }
            }
            Decoder::Chunked(chunked) => {
                self.ready = chunked.decode(buffer, self.ready)?;
                if chunked.is_done() {
                    self.decoder = Decoder::Done;
                }
            }
            Decoder::UntilClose => self.ready = buffer.len(),
            Decoder::Done => {}
        }
        self.total += (self.ready - before) as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_done_when_all_of_it_has_been_read_and_used() -> Result<(), BodyError> {
        let mut buffer = Buffer::default();
        buffer.extend(b"ab");
        let mut body = BodyReader::new(Framing::Length(4), &mut buffer)?;
        let state = |body: &BodyReader| (body.is_complete(), body.is_done(), body.total());
        assert_eq!(state(&body), (false, false, 2));
        buffer.extend(b"cdNEXT");
        body.decode(&mut buffer)?;
        assert_eq!((body.data(&buffer), state(&body)), (&b"abcd"[..], (true, false, 4)));
        body.skip(&mut buffer);
        assert_eq!((buffer.bytes(), state(&body)), (&b"NEXT"[..], (true, true, 4)));
        let mut body = BodyReader::new(Framing::Length(9), &mut buffer)?;
        body.skip(&mut buffer);
        assert_eq!(state(&body), (false, false, 4));
        Ok(())
    }

    #[test]
    fn a_chunk_that_has_begun_counts_for_what_it_will_be() -> Result<(), BodyError> {
        let mut buffer = Buffer::default();
        buffer.extend(b"3\r\nabc\r\n5\r\nd");
        assert_eq!(BodyReader::new(Framing::Chunked, &mut buffer)?.min_length(), 8);
        Ok(())
    }
}
