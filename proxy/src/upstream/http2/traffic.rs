//! The bytes below HTTP/2: how many, and how they begin.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes on a connection since they were last asked for.
#[derive(Debug, Default)]
pub(super) struct RawTraffic {
    sent: Cell<u64>,
    received: Cell<u64>,
    /// The first three bytes that were received: the length of a frame.
    first: Cell<(u8, [u8; 3])>,
}

/// A connection whose bytes are counted.
pub(super) struct CountedStream<S> {
    stream: S,
    traffic: Rc<RawTraffic>,
}

impl RawTraffic {
    /// Bytes sent and received since the last time.
    pub(super) fn take(&self) -> (u64, u64) {
        (self.sent.take(), self.received.take())
    }

    /// The length of the first frame, or what was sent in its place.
    pub(super) fn first_length(&self) -> u32 {
        let (_, [a, b, c]) = self.first.get();
        u32::from_be_bytes([0, a, b, c])
    }

    fn receive(&self, data: &[u8]) {
        self.received.set(self.received.get() + data.len() as u64);
        let (mut count, mut first) = self.first.get();
        for (place, &byte) in first.iter_mut().skip(usize::from(count)).zip(data) {
            *place = byte;
            count += 1;
        }
        self.first.set((count, first));
    }

    fn send(&self, count: usize) {
        self.sent.set(self.sent.get() + count as u64);
    }
}

impl<S> CountedStream<S> {
    pub(super) fn new(stream: S, traffic: Rc<RawTraffic>) -> CountedStream<S> {
        CountedStream { stream, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = room.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, room))?;
        self.traffic.receive(room.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, data))?;
        self.traffic.send(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces))?;
        self.traffic.send(count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
