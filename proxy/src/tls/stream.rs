//! TLS sessions as byte streams.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use rustls::server::ClientHello;
use rustls::{HandshakeKind, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{client, server};

use super::client_certificate::ClientCertificate;
use crate::wire::Stream;
use nginx_conf::tls::{Cipher, Curve, Verification, Version};

/// An established session.
#[derive(Debug)]
pub(crate) struct TlsStream(tokio_rustls::TlsStream<TcpStream>);

/// What a handshake negotiated, for variables.
#[derive(Debug)]
pub(crate) struct TlsInfo {
    /// `$ssl_protocol`.
    pub(crate) protocol: &'static str,
    /// `$ssl_cipher`.
    pub(crate) cipher: &'static str,
    /// `$ssl_curve`.
    pub(crate) curve: &'static str,
    /// What the client offered.
    pub(crate) offered: Offered,
    /// `$ssl_session_id`. The library does not tell the session's, so this is a number of our own, in the cases where
    /// OpenSSL has one: not for a new session of TLS 1.2, which is kept in a ticket.
    pub(crate) session_id: Option<[u8; 32]>,
    /// `$ssl_session_reused`.
    pub(crate) reused: bool,
    /// `$ssl_server_name`: the name in the client's SNI (RFC 6066 §3).
    pub(crate) server_name: Option<Box<str>>,
    /// Whether a server has that name.
    pub(crate) names_server: bool,
    /// `$ssl_alpn_protocol`.
    pub(crate) alpn: Option<Box<[u8]>>,
    /// The client's certificate, if it was asked for one and has one.
    pub(crate) client: Option<ClientCertificate>,
}

/// The numbers of what a client offered in its ClientHello (RFC 8446 §4.1.2), its preferences first.
#[derive(Debug)]
pub(crate) struct Offered {
    /// `$ssl_ciphers`.
    pub(crate) ciphers: Box<[u16]>,
    /// `$ssl_curves`.
    pub(crate) groups: Box<[u16]>,
}

impl Offered {
    pub(super) fn of(hello: &ClientHello<'_>) -> Offered {
        let groups = hello.named_groups().unwrap_or_default();
        Offered {
            ciphers: hello.cipher_suites().iter().map(|&suite| suite.into()).collect(),
            groups: groups.iter().map(|&group| group.into()).collect(),
        }
    }
}

impl TlsStream {
    /// A session with a client, whose certificates are verified by this, if it was asked for some.
    pub(super) fn of_client(
        stream: server::TlsStream<TcpStream>,
        clients: Option<&Verification>,
        mut offered: Offered,
    ) -> (TlsStream, TlsInfo) {
        let session = stream.get_ref().1;
        let shown = session.peer_certificates().unwrap_or_default();
        let group = session.negotiated_key_exchange_group();
        let reused = session.handshake_kind() == Some(HandshakeKind::Resumed);
        let is_tls13 = session.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        if reused && !is_tls13 {
            // OpenSSL does not look at them.
            offered.groups = Box::default();
        }
        let info = TlsInfo {
            protocol: session.protocol_version().map(Version::name_of).unwrap_or_default(),
            cipher: session.negotiated_cipher_suite().map_or("", |suite| Cipher::name_of(suite.suite())),
            curve: group.map_or("", |group| Curve::name_of(group.name())),
            offered,
            session_id: (reused || is_tls13).then(random_bytes),
            reused,
            server_name: session.server_name().map(Box::from),
            names_server: false,
            alpn: session.alpn_protocol().map(Box::from),
            client: clients.and_then(|verification| ClientCertificate::new(shown, verification)),
        };
        (TlsStream(stream.into()), info)
    }

    /// A session with an app server.
    pub(super) fn of_upstream(stream: client::TlsStream<TcpStream>) -> TlsStream {
        TlsStream(stream.into())
    }

    /// The socket below the session.
    pub(crate) fn tcp(&self) -> &TcpStream {
        self.0.get_ref().0
    }

    /// Ready when no encrypted bytes wait to be sent. More is only written then, so that a slow client exerts
    /// backpressure as it does without TLS.
    fn poll_ready_to_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.get_ref().1.wants_write() {
            true => Pin::new(&mut self.0).poll_flush(cx),
            false => Poll::Ready(Ok(())),
        }
    }
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A system without random numbers has no identifiers.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

impl Stream for TlsStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (socket, session) = self.0.get_ref();
        // Decrypted bytes wait in the session, which the socket does not know.
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
        // A client that reads no more gets no `close_notify`.
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

impl AsyncRead for TlsStream {
    /// Without `close_notify`, the end of the connection is an end too: HTTP's framing reveals truncation.
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
        ready!(self.poll_ready_to_write(cx))?;
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready_to_write(cx))?;
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_ready_to_write(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
