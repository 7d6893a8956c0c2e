use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;

/// The socket as hyper sees it: everything read is also written to the journal.
///
/// Dropping it ends the connection.
#[derive(Debug)]
pub(crate) struct JournaledStream {
    connection: Arc<Connection>,
}

impl JournaledStream {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }
}

impl Drop for JournaledStream {
    fn drop(&mut self) {
        self.connection.on_end();
    }
}

impl AsyncRead for JournaledStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(tls) = self.connection.tls() {
            let (before, wanted) = (buf.filled().len(), buf.remaining());
            return match ready!(tls.poll_read(cx, buf)) {
                Ok(()) => {
                    self.connection.on_read(buf.filled().get(before..).unwrap_or_default(), wanted);
                    Poll::Ready(Ok(()))
                }
                Err(error) => {
                    self.connection.on_error(&error);
                    Poll::Ready(Err(error))
                }
            };
        }
        let socket = self.connection.socket();
        loop {
            ready!(socket.poll_read_ready(cx))?;
            let unfilled = buf.initialize_unfilled();
            let wanted = unfilled.len();
            match socket.try_read(unfilled) {
                Ok(length) => {
                    self.connection.on_read(unfilled.get(..length).unwrap_or_default(), wanted);
                    buf.advance(length);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.connection.on_error(&error);
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl AsyncWrite for JournaledStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(tls) = self.connection.tls() {
            return tls.poll_write(cx, data).map_err(|error| {
                self.connection.on_error(&error);
                error
            });
        }
        let socket = self.connection.socket();
        loop {
            ready!(socket.poll_write_ready(cx))?;
            match socket.try_write_vectored(data) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.connection.on_error(&error);
                    return Poll::Ready(Err(error));
                }
                written => return Poll::Ready(written),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.tls().map_or(Poll::Ready(Ok(())), |tls| tls.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.connection.tls() {
            Some(tls) => tls.poll_shutdown(cx),
            None => Poll::Ready(SockRef::from(self.connection.socket()).shutdown(Shutdown::Write)),
        }
    }
}
