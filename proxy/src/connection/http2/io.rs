//! The connection below HTTP/2.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::traffic::Traffic;
use crate::response::ClientConnection;
use crate::wire::Stream;

/// A client's connection, what has been read of it first, whose end waits for that of the client.
pub(super) struct Http2Io<S> {
    connection: ClientConnection<S>,
    /// Whether to wait for the client when the connection ends: closing at once, while it is still sending, would reset
    /// the connection and could lose what it has not read yet.
    lingers: Rc<Cell<bool>>,
    is_lingering: bool,
    traffic: Rc<Traffic>,
}

impl<S: Stream> Http2Io<S> {
    /// A connection that has just begun.
    pub(super) fn new(
        connection: ClientConnection<S>,
        lingers: Rc<Cell<bool>>,
        traffic: Rc<Traffic>,
    ) -> Http2Io<S> {
        Http2Io { connection, lingers, is_lingering: false, traffic }
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(&mut self.connection.stream)
    }
}

impl<S: Stream> AsyncRead for Http2Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let input = &mut self.connection.input;
        if input.is_empty() {
            let before = room.filled().len();
            ready!(self.stream().poll_read(cx, room))?;
            self.traffic.add(room.filled().len() - before);
            return Poll::Ready(Ok(()));
        }
        let count = input.len().min(room.remaining());
        room.put_slice(input.bytes().get(..count).unwrap_or_default());
        input.consume(count);
        input.release();
        self.traffic.add(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncWrite for Http2Io<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(self.stream().poll_write(cx, data))?;
        self.traffic.add(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(self.stream().poll_write_vectored(cx, pieces))?;
        self.traffic.add(count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingers.get() {
            self.connection.stream.close_idle();
            return Poll::Ready(Ok(()));
        }
        if !self.is_lingering {
            ready!(self.stream().poll_shutdown(cx))?;
            self.is_lingering = true;
            self.connection.begin_lingering();
        }
        self.connection.poll_lingering(cx).map(Ok)
    }
}
