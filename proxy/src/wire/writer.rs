//! Writes messages: head, body and chunked coding, in as few writes as possible.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::stream::Stream;
use crate::text;

/// Writes a message. The head and chunk sizes are buffered here; bytes of the body stay in the buffer they were read
/// into until they are written.
#[derive(Debug, Default)]
pub(crate) struct MessageWriter {
    text: Vec<u8>,
    sent: usize,
    chunked: bool,
    /// What is written between the last chunk and the end: fields, each with its line end.
    trailers: Vec<u8>,
    /// Bytes of the current chunk that are still to be written.
    chunk: usize,
    ended: bool,
    /// Whether the stream still holds bytes that it has not sent.
    unsent: bool,
    /// Bytes written, including the chunked coding.
    written: u64,
}

impl MessageWriter {
    /// Begins a new message, keeping the memory. The head is appended to [`MessageWriter::head_mut`].
    pub(crate) fn begin(&mut self) {
        self.text = std::mem::take(self).text;
        self.text.clear();
    }

    /// Frees memory for heads beyond `capacity` bytes.
    pub(crate) fn shrink_to(&mut self, capacity: usize) {
        self.text.shrink_to(capacity);
    }

    /// What is written before the body.
    pub(crate) fn head_mut(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Whether the body is sent in chunks.
    pub(crate) fn set_chunked(&mut self, chunked: bool) {
        self.chunked = chunked;
    }

    /// Fields that follow the last chunk (RFC 9112 §7.1.2), each with its line end.
    pub(crate) fn set_trailers(&mut self, trailers: &[u8]) {
        self.trailers.extend_from_slice(trailers);
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Counts bytes that were sent without this writer, by `sendfile` or in frames.
    pub(crate) fn count(&mut self, bytes: u64) {
        self.written += bytes;
    }

    /// Whether the whole message was sent.
    pub(crate) fn is_finished(&self) -> bool {
        self.ended && self.is_flushed()
    }

    /// Whether nothing is buffered, neither here nor in the stream.
    pub(crate) fn is_flushed(&self) -> bool {
        self.sent == self.text.len() && self.chunk == 0 && !self.unsent
    }

    fn sent_text(&mut self, count: usize) {
        self.written += count as u64;
        self.sent += count;
        if self.sent == self.text.len() {
            self.text.clear();
            self.sent = 0;
        }
    }

    /// Writes once and returns how many bytes of `data` were written. `last`: the body ends with `data`. Ready with 0
    /// and [`MessageWriter::is_finished`] when all is sent.
    pub(crate) fn poll_write<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        data: &[u8],
        last: bool,
    ) -> Poll<io::Result<usize>> {
        if self.chunked && self.chunk == 0 && !data.is_empty() {
            self.begin_chunk(data.len());
        }
        let data = if self.chunked { data.get(..self.chunk).unwrap_or(data) } else { data };
        let ends = last && !self.ended && (!self.chunked || data.len() == self.chunk);
        let tail: &[u8] = match (self.chunked, data.is_empty(), ends) {
            (true, is_empty, true) if !self.trailers.is_empty() => {
                let last_chunk: &[u8] = if is_empty { b"0\r\n" } else { b"\r\n0\r\n" };
                &[last_chunk, &self.trailers, b"\r\n"].concat()
            }
            (true, true, true) => b"0\r\n\r\n",
            (true, false, true) => b"\r\n0\r\n\r\n",
            (true, false, false) if data.len() == self.chunk => b"\r\n",
            _ => b"",
        };
        let text = self.text.get(self.sent..).unwrap_or_default();
        let total = text.len() + data.len() + tail.len();
        if total == 0 {
            if self.unsent {
                ready!(Pin::new(stream).poll_flush(cx))?;
                self.unsent = false;
            }
            self.ended |= ends;
            return Poll::Ready(Ok(0));
        }
        let count = ready!(write(stream, cx, [text, data, tail]))?;
        self.unsent = match Pin::new(stream).poll_flush(cx) {
            Poll::Ready(flushed) => flushed.map(|()| false)?,
            Poll::Pending => true,
        };
        let (from_text, rest) = (count.min(text.len()), count - count.min(text.len()));
        let (from_data, from_tail) = (rest.min(data.len()), rest - rest.min(data.len()));
        let data_done = from_data == data.len() && from_text == text.len();
        self.written += (count - from_text) as u64;
        self.sent_text(from_text);
        if self.chunked {
            self.chunk -= from_data;
        }
        if data_done {
            self.text.extend_from_slice(tail.get(from_tail..).unwrap_or_default());
            self.ended |= ends;
        }
        Poll::Ready(Ok(from_data))
    }

    fn begin_chunk(&mut self, length: usize) {
        self.chunk = length;
        text::hexadecimal(&mut self.text, length as u64);
        self.text.extend_from_slice(b"\r\n");
    }
}

/// Writes up to three pieces at once.
fn write<S: Stream>(stream: &mut S, cx: &mut Context<'_>, pieces: [&[u8]; 3]) -> Poll<io::Result<usize>> {
    let stream = Pin::new(stream);
    let outcome = match pieces {
        [only, [], []] | [[], only, []] | [[], [], only] => stream.poll_write(cx, only),
        [a, b, c] => stream.poll_write_vectored(cx, &[IoSlice::new(a), IoSlice::new(b), IoSlice::new(c)]),
    };
    match ready!(outcome) {
        Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        outcome => Poll::Ready(outcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::stream::SlowStream;

    fn send(chunked: bool, pieces: &[&str], step: usize) -> String {
        send_with(chunked, b"", pieces, step)
    }

    fn send_with(chunked: bool, trailers: &[u8], pieces: &[&str], step: usize) -> String {
        let mut slow = SlowStream { step, ..SlowStream::default() };
        let mut out = MessageWriter::default();
        out.begin();
        out.head_mut().extend_from_slice(b"head ");
        out.set_chunked(chunked);
        out.set_trailers(trailers);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for (index, piece) in pieces.iter().enumerate() {
            let (last, mut data) = (index + 1 == pieces.len(), piece.as_bytes());
            while !data.is_empty() || !out.is_flushed() || (last && !out.is_finished()) {
                match out.poll_write(&mut slow, &mut cx, data, last) {
                    Poll::Ready(Ok(count)) => data = &data[count..],
                    outcome => panic!("{outcome:?}"),
                }
            }
        }
        assert_eq!(out.written(), slow.seen.len() as u64);
        String::from_utf8_lossy(&slow.seen).into_owned()
    }

    #[test]
    fn a_message_is_the_same_however_little_the_socket_takes() {
        for step in 1..40 {
            assert_eq!(send(false, &["abc", "de"], step), "head abcde", "step {step}");
            assert_eq!(
                send(true, &["abc", "de"], step),
                "head 3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                "step {step}"
            );
            assert_eq!(send(true, &["abc", ""], step), "head 3\r\nabc\r\n0\r\n\r\n", "step {step}");
            assert_eq!(send(true, &[""], step), "head 0\r\n\r\n", "step {step}");
        }
    }

    #[test]
    fn fields_follow_the_last_chunk() {
        for step in 1..40 {
            for (pieces, wanted) in
                [(&["abc"][..], "3\r\nabc\r\n0\r\nA: b\r\n\r\n"), (&[""], "0\r\nA: b\r\n\r\n")]
            {
                let sent = send_with(true, b"A: b\r\n", pieces, step);
                assert_eq!(sent, format!("head {wanted}"), "step {step}");
            }
        }
    }

    #[test]
    fn a_message_is_not_finished_while_the_stream_holds_some_of_it() {
        let mut slow = SlowStream { step: 9, held: 3, ..SlowStream::default() };
        let mut out = MessageWriter::default();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(out.poll_write(&mut slow, &mut cx, b"abc", true), Poll::Ready(Ok(3))));
        assert!(!out.is_flushed() && !out.is_finished());
        assert!(out.poll_write(&mut slow, &mut cx, b"", true).is_pending());
        assert!(matches!(out.poll_write(&mut slow, &mut cx, b"", true), Poll::Ready(Ok(0))));
        assert!(out.is_finished());
    }

    #[test]
    fn a_message_begins_with_nothing_of_the_one_before() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let (mut slow, mut out) =
            (SlowStream { step: 99, ..SlowStream::default() }, MessageWriter::default());
        for (chunked, data) in [(true, &b"ab"[..]), (false, b"cd"), (true, b"ef")] {
            out.begin();
            out.set_chunked(chunked);
            assert_eq!((out.written(), out.is_finished()), (0, false));
            assert!(matches!(out.poll_write(&mut slow, &mut cx, data, true), Poll::Ready(Ok(2))));
            assert!(out.is_finished());
        }
        assert_eq!(slow.seen, b"2\r\nab\r\n0\r\n\r\ncd2\r\nef\r\n0\r\n\r\n");
    }

    #[test]
    fn a_chunk_ends_when_all_that_was_announced_has_been_written() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let (mut slow, mut out) = (SlowStream { step: 4, ..SlowStream::default() }, MessageWriter::default());
        out.set_chunked(true);
        for data in ["abc", "b", "c", ""] {
            assert!(out.poll_write(&mut slow, &mut cx, data.as_bytes(), false).is_ready());
        }
        assert_eq!(slow.seen, b"3\r\nabc\r\n");
    }
}
