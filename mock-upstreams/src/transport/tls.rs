//! TLS on a connection, where the server has a certificate and the peer begins with a handshake.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use rustls::ServerConfig;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 0x16;

/// A session. It is shared, as faults write past hyper.
#[derive(Debug)]
pub(super) struct TlsSession(Mutex<TlsStream<SharedSocket>>);

/// A socket that the connection holds, too.
#[derive(Debug)]
struct SharedSocket(Arc<TcpStream>);

impl TlsSession {
    /// Does the handshake; `None` if the peer speaks no TLS. Nothing is read then.
    pub(super) async fn accept(
        socket: &Arc<TcpStream>,
        config: Arc<ServerConfig>,
    ) -> io::Result<Option<TlsSession>> {
        let mut first = [0];
        if socket.peek(&mut first).await? == 0 || first[0] != HANDSHAKE {
            return Ok(None);
        }
        let stream = TlsAcceptor::from(config).accept(SharedSocket(Arc::clone(socket))).await?;
        Ok(Some(TlsSession(Mutex::new(stream))))
    }

    /// Whether ALPN has come to this protocol (RFC 7301).
    pub(super) fn has_agreed_on(&self, protocol: &[u8]) -> bool {
        self.lock().get_ref().1.alpn_protocol() == Some(protocol)
    }

    /// Reads; the end of the connection is an end, announced or not.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut *self.lock()).poll_read(cx, room)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            outcome => Poll::Ready(outcome),
        }
    }

    /// Writes.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, data: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write_vectored(cx, data)
    }

    /// Sends what has been written.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(cx)
    }

    /// Says that nothing more will be written.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(cx)
    }

    /// The same as far as that is possible without waiting.
    pub(super) fn close(&self) {
        let _ = self.poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }

    fn lock(&self) -> MutexGuard<'_, TlsStream<SharedSocket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(room.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(length) => {
                    room.advance(length);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(data) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.0).shutdown(Shutdown::Write))
    }
}
