//! A TLS session as a byte stream.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server;

use crate::wire::Stream;
use nginx_conf::tls::{Cipher, Curve, Version};

/// A session whose handshake is done.
#[derive(Debug)]
pub(crate) struct TlsStream(server::TlsStream<TcpStream>);

/// What a handshake came to, for variables.
#[derive(Debug)]
pub(crate) struct TlsInfo {
    /// `$ssl_protocol`.
    pub(crate) protocol: &'static str,
    /// `$ssl_cipher`.
    pub(crate) cipher: &'static str,
    /// `$ssl_curve`.
    pub(crate) curve: &'static str,
    /// `$ssl_session_reused`.
    pub(crate) reused: bool,
    /// `$ssl_server_name`: whom the client asked for (RFC 6066 §3).
    pub(crate) server_name: Option<Box<str>>,
    /// `$ssl_alpn_protocol`.
    pub(crate) alpn: Option<Box<[u8]>>,
}

impl TlsStream {
    pub(super) fn new(stream: server::TlsStream<TcpStream>) -> (TlsStream, TlsInfo) {
        let session = stream.get_ref().1;
        let group = session.negotiated_key_exchange_group();
        let info = TlsInfo {
            protocol: session.protocol_version().map(Version::name_of).unwrap_or_default(),
            cipher: session.negotiated_cipher_suite().map_or("", |suite| Cipher::name_of(suite.suite())),
            curve: group.map_or("", |group| Curve::name_of(group.name())),
            reused: session.handshake_kind() == Some(HandshakeKind::Resumed),
            server_name: session.server_name().map(Box::from),
            alpn: session.alpn_protocol().map(Box::from),
        };
        (TlsStream(stream), info)
    }

    /// Ready when nothing encrypted waits to be sent: only then is more taken, so that a slow client holds back whoever
    /// writes, as it does without TLS.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.get_ref().1.wants_write() {
            true => Pin::new(&mut self.0).poll_flush(cx),
            false => Poll::Ready(Ok(())),
        }
    }
}

impl Stream for TlsStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (socket, session) = self.0.get_ref();
        // What has been decrypted waits in the session, and the socket knows nothing of it.
        match session.wants_read() {
            true => socket.poll_read_ready(cx),
            false => Poll::Ready(Ok(())),
        }
    }

    fn socket(&self) -> Option<&TcpStream> {
        None
    }

    fn has_unread_bytes(&self) -> bool {
        self.0.get_ref().0.has_unread_bytes()
    }

    fn close_idle(&mut self) {
        self.close();
        self.0.get_mut().0.close_idle();
    }

    fn close(&mut self) {
        // A client that takes nothing any more does without.
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

impl AsyncRead for TlsStream {
    /// A connection that ends without `close_notify` ends all the same: what is cut off shows by the framing of HTTP.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.0).poll_read(cx, room)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            outcome => Poll::Ready(outcome),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_sent(cx))?;
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_sent(cx))?;
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_sent(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
