//! The byte stream of a connection.

use std::io;
use std::task::{Context, Poll};

use rustix::net::{RecvFlags, Shutdown};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A byte stream in both directions: plain TCP, or a TLS session over it.
///
/// Written bytes may wait in the stream until [`AsyncWrite::poll_flush`] has sent them.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Ready when there may be something to read, so that a silent connection needs no buffer.
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The socket, if bytes reach the peer as they are written to it; only then can `sendfile` be used.
    fn socket(&self) -> Option<&TcpStream>;

    /// Takes the head of a response that is not sent as text; false if it is. `trailers`: the response does not end with its
    /// body.
    fn take_head(&mut self, _head: &[u8], _trailers: bool) -> bool {
        false
    }

    /// Takes an interim response; false if it is sent as text.
    fn take_interim(&mut self, _head: &[u8]) -> bool {
        false
    }

    /// Takes the fields behind the body of such a response; false if they are sent as text.
    fn take_trailers(&mut self, _trailers: &[u8]) -> bool {
        false
    }

    /// Whether the kernel holds unread bytes, even if the event loop does not know of them yet.
    fn has_unread_bytes(&self) -> bool {
        self.socket().is_some_and(|socket| matches!(peek(socket), Ok(1..)))
    }

    /// Ends an idle connection. A request that arrives at this very moment is read and dropped, so that the client sees
    /// a closed connection: left unread, it would cause a reset, and the client could not tell whether the request was
    /// run.
    fn close_idle(&mut self) {
        if let Some(socket) = self.socket() {
            // The socket is closed anyway if this fails.
            let _ = rustix::net::shutdown(socket, Shutdown::Write);
            let _ = rustix::net::recv(socket, &mut [0_u8; 4096], RecvFlags::DONTWAIT);
        }
    }

    /// Sends `close_notify` on a TLS session, as far as that is possible without waiting.
    fn close(&mut self) {}
}

impl Stream for TcpStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_read_ready(self, cx)
    }

    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

/// Peeks for a byte without waiting; 0 is the end of the stream.
pub(crate) fn peek(socket: &TcpStream) -> rustix::io::Result<usize> {
    rustix::net::recv(socket, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT).map(|(count, _)| count)
}

#[cfg(test)]
pub(crate) use slow::SlowStream;

#[cfg(test)]
impl Stream for tokio::io::DuplexStream {
    fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A client's end of a connection, and ours.
    async fn connection() -> (std::net::TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let client = std::net::TcpStream::connect(address).expect("a connection");
        let (ours, _) = listener.accept().expect("a connection");
        ours.set_nonblocking(true).expect("an option");
        (client, TcpStream::from_std(ours).expect("a stream"))
    }

    #[tokio::test]
    async fn what_has_come_is_known_before_it_is_read_and_an_end_is_nothing_to_read() {
        let (mut client, ours) = connection().await;
        assert!(!ours.has_unread_bytes());
        client.write_all(b"GET").expect("a request");
        ours.readable().await.expect("a part of it");
        assert!(ours.has_unread_bytes());
        let (client, ours) = connection().await;
        drop(client);
        ours.readable().await.expect("an end");
        assert!(!ours.has_unread_bytes());
    }

    #[tokio::test]
    async fn a_request_that_crosses_the_end_finds_the_connection_closed_and_not_reset() {
        let (mut client, mut ours) = connection().await;
        client.write_all(b"POST").expect("a request");
        ours.readable().await.expect("a part of it");
        ours.close_idle();
        drop(ours);
        assert_eq!(client.read(&mut [0]).ok(), Some(0));
    }
}

#[cfg(test)]
mod slow {
    use std::io::IoSlice;
    use std::pin::Pin;

    use tokio::io::ReadBuf;

    use super::*;

    /// A stream for tests: reads yield `says`, each write takes `step` bytes (0: none yet), and these are sent after
    /// `held` flushes.
    #[derive(Debug, Default)]
    pub(crate) struct SlowStream {
        pub(crate) says: Vec<u8>,
        pub(crate) step: usize,
        pub(crate) seen: Vec<u8>,
        pub(crate) held: u8,
    }

    impl AsyncRead for SlowStream {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            room: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.says.is_empty() {
                return Poll::Pending;
            }
            room.put_slice(&std::mem::take(&mut self.says));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for SlowStream {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            if self.step == 0 {
                return Poll::Pending;
            }
            let count = self.step.min(data.len());
            self.seen.extend_from_slice(&data[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            pieces: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
            self.poll_write(cx, &all)
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.held = self.held.saturating_sub(1);
            if self.held == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Stream for SlowStream {
        fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            if self.says.is_empty() { Poll::Pending } else { Poll::Ready(Ok(())) }
        }

        fn socket(&self) -> Option<&TcpStream> {
            None
        }
    }
}
