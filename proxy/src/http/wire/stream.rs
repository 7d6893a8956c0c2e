//! What a connection is to the rest of the proxy.

use std::io;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A byte stream in both directions: plain TCP, or a TLS session over it.
///
/// What was written may wait in the stream until [`AsyncWrite::poll_flush`] has sent it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Ready when reading may give something, so that a silent connection need not hold a buffer.
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The socket itself, where bytes written to it reach the peer as they are: only then is `sendfile` possible.
    fn socket(&self) -> Option<&TcpStream>;

    /// Says goodbye as far as that can be done at once, where closing the socket does not say it.
    fn end(&mut self) {}
}

impl Stream for TcpStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_read_ready(self, cx)
    }

    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}
