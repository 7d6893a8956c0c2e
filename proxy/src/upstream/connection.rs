//! A connection to an app server, with or without TLS.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::cycle::connections::ConnectionSlot;
use crate::tls::{TlsStream, UpstreamName};
use crate::wire::{Stream, peek};
use nginx_conf::tls::UpstreamTls;

/// A connection to an app server.
#[derive(Debug)]
pub(crate) struct UpstreamConnection {
    /// The socket, or the session on it.
    pub(crate) stream: UpstreamStream,
    /// The server's address.
    pub(crate) address: SocketAddr,
    /// How the server is spoken to; `None` without TLS.
    pub(crate) tls: Option<TlsPeer>,
    /// Requests sent on it so far.
    pub(crate) requests: u64,
    /// Its place among `worker_connections`.
    pub(crate) slot: ConnectionSlot,
}

/// Who an app server is to TLS. Only a connection to the same one may carry another request.
#[derive(Debug, Clone)]
pub(crate) struct TlsPeer {
    /// `proxy_ssl_…`.
    pub(crate) tls: Arc<UpstreamTls>,
    /// `proxy_ssl_name`.
    pub(crate) name: UpstreamName,
}

impl PartialEq for TlsPeer {
    fn eq(&self, other: &TlsPeer) -> bool {
        Arc::ptr_eq(&self.tls, &other.tls) && self.name == other.name
    }
}

/// What is read from and written to.
#[derive(Debug)]
pub(crate) enum UpstreamStream {
    /// HTTP alone.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<UpstreamTlsStream>),
}

/// A session that says when it ends.
#[derive(Debug)]
pub(crate) struct UpstreamTlsStream(TlsStream);

impl Drop for UpstreamTlsStream {
    /// Sends `close_notify`, and waits for none.
    fn drop(&mut self) {
        self.0.close();
    }
}

impl UpstreamConnection {
    /// Whether neither an end nor a byte has arrived; an app server has nothing to say unless asked. Costs no system call
    /// while the event loop has seen no activity on the socket.
    pub(super) fn is_open(&mut self) -> bool {
        match &mut self.stream {
            UpstreamStream::Plain(stream) => {
                matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            // Tickets for later sessions come at any time, and are read here.
            UpstreamStream::Tls(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                Pin::new(&mut stream.0).poll_read(&mut cx, &mut ReadBuf::new(&mut [0])).is_pending()
            }
        }
    }

    /// The same, asking the kernel.
    pub(super) fn is_silent(&self) -> bool {
        matches!(peek(self.stream.tcp()), Err(rustix::io::Errno::AGAIN))
    }
}

impl UpstreamStream {
    /// A connection without TLS.
    pub(crate) fn plain(stream: TcpStream) -> UpstreamStream {
        UpstreamStream::Plain(stream)
    }

    /// A session.
    pub(crate) fn tls(stream: TlsStream) -> UpstreamStream {
        UpstreamStream::Tls(Box::new(UpstreamTlsStream(stream)))
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            UpstreamStream::Plain(stream) => stream,
            UpstreamStream::Tls(stream) => stream.0.tcp(),
        }
    }

    /// What nginx calls to read, for the error log.
    pub(crate) fn read_call(&self) -> &'static str {
        match self {
            UpstreamStream::Plain(_) => "recv()",
            UpstreamStream::Tls(_) => "SSL_read()",
        }
    }

    /// What nginx calls to write a request.
    pub(crate) fn write_call(&self) -> &'static str {
        match self {
            UpstreamStream::Plain(_) => "writev()",
            UpstreamStream::Tls(_) => "SSL_write()",
        }
    }
}

impl Stream for UpstreamStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            UpstreamStream::Plain(stream) => Stream::poll_read_ready(stream, cx),
            UpstreamStream::Tls(stream) => stream.0.poll_read_ready(cx),
        }
    }

    fn socket(&self) -> Option<&TcpStream> {
        match self {
            UpstreamStream::Plain(stream) => Some(stream),
            UpstreamStream::Tls(_) => None,
        }
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            UpstreamStream::Plain(stream) => Pin::new(stream).poll_read(cx, room),
            UpstreamStream::Tls(stream) => Pin::new(&mut stream.0).poll_read(cx, room),
        }
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            UpstreamStream::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            UpstreamStream::Tls(stream) => Pin::new(&mut stream.0).poll_write(cx, data),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            UpstreamStream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, pieces),
            UpstreamStream::Tls(stream) => Pin::new(&mut stream.0).poll_write_vectored(cx, pieces),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            UpstreamStream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            UpstreamStream::Tls(stream) => Pin::new(&mut stream.0).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            UpstreamStream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            UpstreamStream::Tls(stream) => Pin::new(&mut stream.0).poll_shutdown(cx),
        }
    }
}
