//! A read buffer that owns memory only while there is something in it.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::Stream;

/// The size of a buffer, and so the most that is in flight in one direction.
pub(crate) const BUFFER_SIZE: usize = 32 * 1024;

/// The most spare buffers that a worker keeps.
const MAX_SPARE_BUFFERS: usize = 64;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that were read and not yet consumed. Memory comes from the worker's pool and returns to it when the buffer is
/// empty.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    data: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The buffered bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.data.get(self.start..self.end).unwrap_or_default()
    }

    /// The buffered bytes, to be changed in place.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.data.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// How many bytes are buffered.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether no bytes are buffered.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Drops the first `count` bytes.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Drops all but the first `count` bytes.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.end = self.end.min(self.start + count);
    }

    /// Whether bytes must be consumed before more can be read.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.data.len().max(BUFFER_SIZE)
    }

    /// Returns the memory to the pool if the buffer is empty.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
            recycle(std::mem::take(&mut self.data));
        }
    }

    /// Makes room for `size` bytes in all, for a head that is longer than usual.
    pub(crate) fn grow(&mut self, size: usize) {
        if self.data.len() < size {
            self.compact();
            self.data.resize(size, 0);
        }
    }

    /// Appends bytes.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.reserve();
        if self.data.len() - self.end < bytes.len() {
            self.compact();
            self.grow(self.end + bytes.len());
        }
        if let Some(room) = self.data.get_mut(self.end..self.end + bytes.len()) {
            room.copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    /// Reads once; `Ok(0)` is the end of the stream. The buffer must not be full.
    pub(crate) fn poll_fill<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.data.is_empty() {
            ready!(stream.poll_read_ready(cx))?;
        }
        self.reserve();
        let mut room = ReadBuf::new(self.data.get_mut(self.end..).unwrap_or_default());
        let outcome = Pin::new(stream).poll_read(cx, &mut room);
        let count = room.filled().len();
        self.end += count;
        match outcome {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(count)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.release();
                Poll::Pending
            }
        }
    }

    fn reserve(&mut self) {
        if self.data.is_empty() {
            self.data = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; BUFFER_SIZE]);
        } else if self.end == self.data.len() {
            self.compact();
        }
    }

    fn compact(&mut self) {
        if self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        recycle(std::mem::take(&mut self.data));
    }
}

fn recycle(data: Vec<u8>) {
    if data.len() == BUFFER_SIZE {
        // A thread that is ending has no pool; then the memory is freed.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < MAX_SPARE_BUFFERS {
                pool.push(data);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_consumed_makes_room_at_the_end() {
        let mut buffer = Buffer::default();
        buffer.extend(&[b'a'; BUFFER_SIZE]);
        assert!(buffer.is_full());
        buffer.consume(BUFFER_SIZE - 2);
        buffer.extend(b"bc");
        assert_eq!(buffer.bytes(), b"aabc");
        buffer.truncate(3);
        assert_eq!(buffer.bytes(), b"aab");
    }

    #[test]
    fn an_empty_buffer_gives_its_memory_back() {
        let mut buffer = Buffer::default();
        buffer.extend(b"x");
        buffer.release();
        assert_eq!(buffer.bytes(), b"x");
        buffer.consume(1);
        buffer.release();
        assert!(buffer.data.is_empty());
    }
}
