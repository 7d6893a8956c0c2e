//! A connection to an app server, with or without TLS.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::http2::Http2Connection;
use crate::cycle::connections::ConnectionSlot;
use crate::tls::{TlsStream, UpstreamName};
use crate::wire::{MessageWriter, Stream, peek};
use nginx_conf::model::ServerAddress;
use nginx_conf::tls::UpstreamTls;

/// A connection to an app server.
#[derive(Debug)]
pub(crate) struct UpstreamConnection {
    /// The socket, or the session on it.
    pub(crate) stream: UpstreamStream,
    /// The server's address.
    pub(crate) address: ServerAddress,
    /// How the server is spoken to; `None` without TLS.
    pub(crate) tls: Option<TlsPeer>,
    /// Requests sent on it so far.
    pub(crate) requests: u64,
    /// Its place among `worker_connections`.
    pub(crate) slot: ConnectionSlot,
    /// What writes requests to it, with the memory of those before.
    pub(crate) output: MessageWriter,
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

/// What is read from and written to, counted.
#[derive(Debug)]
pub(crate) struct UpstreamStream {
    transport: Transport,
    traffic: Rc<Traffic>,
}

/// The bytes of one request that went both ways.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    sent: Cell<u64>,
    received: Cell<u64>,
}

#[derive(Debug)]
enum Transport {
    /// HTTP alone.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<UpstreamTlsStream>),
    /// HTTP/2, over one of these.
    Http2(Box<Http2Connection<UpstreamStream>>),
}

/// A session that says when it ends.
#[derive(Debug)]
struct UpstreamTlsStream(TlsStream);

impl Traffic {
    /// How many bytes an app server was sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// How many bytes have come from it.
    pub(crate) fn received(&self) -> u64 {
        self.received.get()
    }

    fn count(&self, (sent, received): (u64, u64)) {
        self.sent.set(self.sent.get() + sent);
        self.received.set(self.received.get() + received);
    }

    fn count_sent(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &written {
            self.sent.set(self.sent.get() + *count as u64);
        }
        written
    }
}

impl Drop for UpstreamTlsStream {
    /// Sends `close_notify`, and waits for none.
    fn drop(&mut self) {
        self.0.close();
    }
}

impl UpstreamConnection {
    /// Memory beyond this is freed after a long request head.
    const MAX_HEAD_CAPACITY: usize = 1024;

    /// A new connection. Boxed, as it goes from the pool to a request and back many times.
    pub(crate) fn new(
        stream: UpstreamStream,
        address: ServerAddress,
        tls: Option<TlsPeer>,
        slot: ConnectionSlot,
    ) -> Box<UpstreamConnection> {
        let output = MessageWriter::default();
        Box::new(UpstreamConnection { stream, address, tls, requests: 0, slot, output })
    }

    /// Counts a request that has been answered.
    pub(crate) fn end_request(&mut self) {
        self.requests += 1;
        self.output.shrink_to(Self::MAX_HEAD_CAPACITY);
    }

    /// Whether neither an end nor a byte has arrived; an app server has nothing to say unless asked. Costs no system call
    /// while the event loop has seen no activity on the socket.
    pub(super) fn is_open(&mut self) -> bool {
        match &mut self.stream.transport {
            Transport::Plain(stream) => {
                matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            // Tickets for later sessions come at any time, and are read here.
            Transport::Tls(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                Pin::new(&mut stream.0).poll_read(&mut cx, &mut ReadBuf::new(&mut [0])).is_pending()
            }
            // What comes between requests is about the connection, and read here.
            Transport::Http2(http2) => http2.is_open(),
        }
    }

    /// The same, asking the kernel.
    pub(super) fn is_silent(&self) -> bool {
        self.stream.tcp().is_none_or(|socket| matches!(peek(socket), Err(rustix::io::Errno::AGAIN)))
    }
}

impl UpstreamStream {
    /// A connection without TLS.
    pub(crate) fn plain(stream: TcpStream) -> UpstreamStream {
        UpstreamStream::over(Transport::Plain(stream))
    }

    fn over(transport: Transport) -> UpstreamStream {
        UpstreamStream { transport, traffic: Rc::default() }
    }

    /// Counts what is sent and received from now on, for another request. What counted for the last one is used again, if
    /// nobody looks at it any more.
    pub(crate) fn count_anew(&mut self) -> Rc<Traffic> {
        match Rc::get_mut(&mut self.traffic) {
            Some(traffic) => *traffic = Traffic::default(),
            None => self.traffic = Rc::default(),
        }
        Rc::clone(&self.traffic)
    }

    /// A session.
    pub(crate) fn tls(stream: TlsStream) -> UpstreamStream {
        UpstreamStream::over(Transport::Tls(Box::new(UpstreamTlsStream(stream))))
    }

    /// Begins HTTP/2 on a connection that carries nothing yet.
    pub(crate) async fn http2(stream: UpstreamStream) -> io::Result<UpstreamStream> {
        let is_tls = stream.is_tls();
        let http2 = Http2Connection::new(stream, is_tls).await?;
        Ok(UpstreamStream::over(Transport::Http2(Box::new(http2))))
    }

    /// Whether requests are sent as HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        matches!(self.transport, Transport::Http2(_))
    }

    /// Whether it is a session.
    pub(super) fn is_tls(&self) -> bool {
        match &self.transport {
            Transport::Plain(_) => false,
            Transport::Tls(_) => true,
            Transport::Http2(http2) => http2.is_tls(),
        }
    }

    /// What sends requests that are not sent as text.
    pub(crate) fn as_http2(&mut self) -> Option<&mut Http2Connection<UpstreamStream>> {
        match &mut self.transport {
            Transport::Http2(http2) => Some(http2),
            Transport::Plain(_) | Transport::Tls(_) => None,
        }
    }

    /// The socket, where its bytes are those of messages.
    fn tcp(&self) -> Option<&TcpStream> {
        match &self.transport {
            Transport::Plain(stream) => Some(stream),
            Transport::Tls(stream) => Some(stream.0.tcp()),
            Transport::Http2(_) => None,
        }
    }

    /// What nginx calls to read, for the error log.
    pub(crate) fn read_call(&self) -> &'static str {
        if self.is_tls() { "SSL_read()" } else { "recv()" }
    }

    /// What nginx calls to write a request.
    pub(crate) fn write_call(&self) -> &'static str {
        if self.is_tls() { "SSL_write()" } else { "writev()" }
    }
}

impl Stream for UpstreamStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.transport {
            Transport::Plain(stream) => Stream::poll_read_ready(stream, cx),
            Transport::Tls(stream) => stream.0.poll_read_ready(cx),
            // It needs a buffer only while there is a request.
            Transport::Http2(_) => Poll::Ready(Ok(())),
        }
    }

    fn socket(&self) -> Option<&TcpStream> {
        match &self.transport {
            Transport::Plain(stream) => Some(stream),
            Transport::Tls(_) | Transport::Http2(_) => None,
        }
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = room.filled().len();
        let read = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(cx, room),
            Transport::Tls(stream) => Pin::new(&mut stream.0).poll_read(cx, room),
            Transport::Http2(http2) => {
                let read = http2.poll_read(cx, room);
                let frames = http2.take_traffic();
                self.traffic.count(frames);
                return read;
            }
        };
        let received = &self.traffic.received;
        received.set(received.get() + (room.filled().len() - before) as u64);
        read
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Transport::Tls(stream) => Pin::new(&mut stream.0).poll_write(cx, data),
            // Its bytes are counted as they are read or sent.
            Transport::Http2(http2) => return http2.poll_write(cx, data),
        };
        self.traffic.count_sent(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, pieces),
            Transport::Tls(stream) => Pin::new(&mut stream.0).poll_write_vectored(cx, pieces),
            Transport::Http2(http2) => {
                let first = pieces.iter().find(|piece| !piece.is_empty());
                return first.map_or(Poll::Ready(Ok(0)), |piece| http2.poll_write(cx, piece));
            }
        };
        self.traffic.count_sent(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(&mut stream.0).poll_flush(cx),
            Transport::Http2(http2) => http2.poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(&mut stream.0).poll_shutdown(cx),
            Transport::Http2(_) => Poll::Ready(Ok(())),
        }
    }
}
