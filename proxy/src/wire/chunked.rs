//! The chunked transfer coding (RFC 9112 §7.1), read strictly: no bare LF, no sign, no `0x`, no overflow.

use super::buffer::Buffer;

/// The longest line: a chunk's size with its extensions, or a trailer field.
const MAX_LINE_LENGTH: usize = 4096;

/// The most bytes of trailer fields.
const MAX_TRAILERS_LENGTH: usize = 16 * 1024;

/// Decodes a chunked body in place: the bytes of the body are left in the buffer.
#[derive(Debug)]
pub(crate) struct ChunkedDecoder {
    state: State,
    trailers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a chunk's size.
    Size,
    /// Before this many bytes of data.
    Data(u64),
    /// Before the line end after a chunk's data.
    DataEnd,
    /// Before trailer fields and the empty line.
    Trailers,
    Done,
}

/// The chunked coding is invalid, so the end of the body is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedChunk;

impl ChunkedDecoder {
    /// Before the first chunk.
    pub(crate) fn new() -> ChunkedDecoder {
        ChunkedDecoder { state: State::Size, trailers: 0 }
    }

    /// Whether the last chunk and the trailers have been read.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes of the current chunk that have not arrived.
    pub(crate) fn remaining_in_chunk(&self) -> u64 {
        if let State::Data(left) = self.state { left } else { 0 }
    }

    /// Strips the coding from `buffer` after its first `ready` bytes, which are decoded already, and returns how many
    /// are decoded now. Bytes that follow the body stay behind them.
    pub(crate) fn decode(&mut self, buffer: &mut Buffer, mut ready: usize) -> Result<usize, MalformedChunk> {
        let mut at = ready;
        while !self.is_done() {
            if ready == 0 {
                buffer.consume(at);
                at = 0;
            }
            let raw = buffer.bytes().get(at..).unwrap_or_default();
            match self.state {
                State::Data(left) => {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(raw.len());
                    if count == 0 {
                        break;
                    }
                    if at != ready {
                        buffer.bytes_mut().copy_within(at..at + count, ready);
                    }
                    (ready, at) = (ready + count, at + count);
                    let left = left - count as u64;
                    self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                }
                _ => match line(raw)? {
                    None => break,
                    Some(line) => {
                        let length = line.len() + 2;
                        self.step(line)?;
                        at += length;
                    }
                },
            }
        }
        if at != ready {
            let length = buffer.len();
            buffer.bytes_mut().copy_within(at..length, ready);
            buffer.truncate(length - (at - ready));
        }
        Ok(ready)
    }

    fn step(&mut self, line: &[u8]) -> Result<(), MalformedChunk> {
        self.state = match self.state {
            State::Size => match size(line)? {
                0 => State::Trailers,
                size => State::Data(size),
            },
            State::DataEnd if line.is_empty() => State::Size,
            State::DataEnd => return Err(MalformedChunk),
            State::Trailers if line.is_empty() => State::Done,
            State::Trailers => {
                self.trailers += line.len();
                let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
                if self.trailers > MAX_TRAILERS_LENGTH || name.len() == line.len() || !is_token(name) {
                    return Err(MalformedChunk);
                }
                State::Trailers
            }
            state => state,
        };
        Ok(())
    }
}

/// The first line without its CRLF; `None` until all of it has arrived.
fn line(raw: &[u8]) -> Result<Option<&[u8]>, MalformedChunk> {
    let Some(end) = memchr::memchr(b'\n', raw.get(..MAX_LINE_LENGTH).unwrap_or(raw)) else {
        return if raw.len() >= MAX_LINE_LENGTH { Err(MalformedChunk) } else { Ok(None) };
    };
    match raw.get(..end).and_then(|line| line.strip_suffix(b"\r")) {
        Some(line) if !line.iter().any(|&byte| byte == b'\r' || byte == 0) => Ok(Some(line)),
        _ => Err(MalformedChunk),
    }
}

/// The size at the head of a line; extensions are dropped, as RFC 9112 §7.1.1 allows.
fn size(line: &[u8]) -> Result<u64, MalformedChunk> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (number, rest) = line.split_at(digits);
    let rest = rest.trim_ascii_start();
    if number.is_empty() || number.len() > 16 || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(MalformedChunk);
    }
    let size = std::str::from_utf8(number).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
    size.filter(|&size| size <= i64::MAX as u64).ok_or(MalformedChunk)
}

/// Whether this is a field name (RFC 9110 §5.6.2).
pub(crate) fn is_token(name: &[u8]) -> bool {
    let tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `input` in pieces of `step` bytes: the body, whether it is complete, and what follows it.
    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, bool, Vec<u8>), MalformedChunk> {
        let (mut chunked, mut buffer, mut ready) = (ChunkedDecoder::new(), Buffer::default(), 0);
        for piece in input.chunks(step) {
            buffer.extend(piece);
            ready = chunked.decode(&mut buffer, ready)?;
        }
        let (body, rest) = buffer.bytes().split_at(ready);
        Ok((body.to_vec(), chunked.is_done(), rest.to_vec()))
    }

    #[test]
    fn chunks_become_a_body_however_they_arrive() {
        let input = b"3\r\nabc\r\n0a ;x=\"y\"\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nGET /next";
        for step in 1..=input.len() {
            assert_eq!(
                decode(input, step),
                Ok((b"abc0123456789".to_vec(), true, b"GET /next".to_vec())),
                "step {step}"
            );
        }
    }

    #[test]
    fn a_body_without_its_end_is_not_complete() {
        for cut in ["3\r\nab", "3\r\nabc\r\n", "3\r\nabc\r\n0\r\n", "3\r\nabc\r\n0\r\nX: 1\r\n"] {
            assert!(matches!(decode(cut.as_bytes(), 100), Ok((_, false, _))), "{cut:?}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_malformed() {
        let bad = [
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "+3\r\nabc\r\n",
            "-1\r\n",
            "0x3\r\nabc\r\n",
            " 3\r\nabc\r\n",
            "\r\n3\r\nabc\r\n",
            "g\r\n",
            "3 3\r\nabc\r\n",
            "3;a\rb\r\nabc\r\n",
            "3;a\0\r\nabc\r\n",
            "10000000000000000\r\n",
            "ffffffffffffffff\r\n",
            "8000000000000000\r\n",
            "00000000000000003\r\nabc\r\n",
            "3,\r\nabc\r\n",
            "0\r\nX : 1\r\n\r\n",
            "0\r\nX\r\n\r\n",
            "0\r\n: 1\r\n\r\n",
            "0\r\nX: 1\n\r\n",
        ];
        for input in bad {
            assert_eq!(decode(input.as_bytes(), 100).err(), Some(MalformedChunk), "{input:?}");
        }
        assert_eq!(
            decode(format!("3;{}\r\nabc", "x".repeat(5000)).as_bytes(), 100).err(),
            Some(MalformedChunk)
        );
        assert_eq!(
            decode(format!("0\r\n{}", "X: 1234567\r\n".repeat(2000)).as_bytes(), 100).err(),
            Some(MalformedChunk)
        );
    }

    #[test]
    fn trailers_and_sizes_may_be_as_long_as_their_limits() {
        let line = format!("X: {}\r\n", "x".repeat(1024 - 3));
        let longest = format!("0\r\n{}", line.repeat(16));
        assert_eq!(decode(format!("{longest}\r\n").as_bytes(), 100), Ok((vec![], true, vec![])));
        assert_eq!(decode(format!("{longest}X:\r\n\r\n").as_bytes(), 100), Err(MalformedChunk));
        assert_eq!(decode(b"0000000000000003\r\nabc\r\n0\r\n\r\n", 100), Ok((b"abc".to_vec(), true, vec![])));
    }

    #[test]
    fn a_chunk_is_announced_until_it_has_come() {
        let (mut chunked, mut buffer) = (ChunkedDecoder::new(), Buffer::default());
        assert_eq!(chunked.remaining_in_chunk(), 0);
        buffer.extend(b"a\r\n0123");
        assert_eq!((chunked.decode(&mut buffer, 0), chunked.remaining_in_chunk()), (Ok(4), 6));
    }
}
