//! A message body on its way in: where it ends, and what of it is in the buffer.

use std::io;
use std::task::{Context, Poll, ready};

use super::buffer::Buffer;
use super::chunked::{ChunkedDecoder, MalformedChunk};
use super::stream::Stream;

/// How a body's end is known (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes.
    Length(u64),
    /// By the last chunk.
    Chunked,
    /// By the end of the connection: responses only.
    UntilClose,
}

/// A body being read. It shares the connection's buffer, since what follows it there is the next message.
#[derive(Debug)]
pub(crate) struct BodyReader {
    decoder: Decoder,
    /// Bytes at the front of the buffer that are body, decoded.
    ready: usize,
    /// Body bytes seen so far.
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
    /// The coding is wrong.
    Malformed,
}

impl From<MalformedChunk> for BodyError {
    fn from(_: MalformedChunk) -> BodyError {
        BodyError::Malformed
    }
}

impl BodyReader {
    /// At the beginning of a body of which `buffer` may hold a part, or more than all.
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

    /// A body of no bytes.
    pub(crate) fn empty() -> BodyReader {
        BodyReader { decoder: Decoder::Done, ready: 0, total: 0 }
    }

    /// The body bytes at hand.
    pub(crate) fn data<'a>(&self, buffer: &'a Buffer) -> &'a [u8] {
        buffer.bytes().get(..self.ready).unwrap_or_default()
    }

    /// Marks `count` of the bytes at hand as used.
    pub(crate) fn consume(&mut self, buffer: &mut Buffer, count: usize) {
        buffer.consume(count);
        self.ready -= count.min(self.ready);
    }

    /// Marks all of the bytes at hand as used.
    pub(crate) fn skip(&mut self, buffer: &mut Buffer) {
        self.consume(buffer, self.ready);
    }

    /// Whether the last byte has been read from the stream; some may still be at hand.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.decoder, Decoder::Done)
    }

    /// Whether the last byte has been read and used.
    pub(crate) fn is_done(&self) -> bool {
        self.ready == 0 && self.is_complete()
    }

    /// Body bytes seen so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Body bytes seen so far and those of the chunk that has begun: how long the body is at least.
    pub(crate) fn min_length(&self) -> u64 {
        match &self.decoder {
            Decoder::Chunked(chunked) => self.total.saturating_add(chunked.announced()),
            _ => self.total,
        }
    }

    /// Reads once: the raw bytes read. Must not be called when the body is complete or the buffer full.
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
