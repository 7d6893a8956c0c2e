//! The beginning of a connection to a `listen … ssl` address.

use std::fmt;
use std::io;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::LazyConfigAcceptor;

use super::stream::{TlsInfo, TlsStream};
use crate::cycle::connections::Connections;

/// A fatal alert, `unrecognized_name` (RFC 8446 §6, RFC 6066 §3).
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 112];

/// How a connection began.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// With TLS.
    Tls(Box<TlsStream>, TlsInfo),
    /// With something else, of which nothing has been read.
    Plain(TcpStream),
    /// Not at all: the worker needed the room.
    Evicted,
}

/// What the handshake needs of its surroundings.
pub(crate) struct HandshakeOptions<'a, Choose> {
    /// `client_header_timeout`: all of the handshake has so long.
    pub(crate) timeout: Duration,
    /// Where to wait for the first byte.
    pub(crate) connections: &'a Connections,
    /// The server that a client asks for by name, if it does; `None` for one that lets nobody in.
    pub(crate) choose: Choose,
}

/// Why there was no handshake.
#[derive(Debug)]
pub(crate) enum HandshakeError {
    /// The client closed the connection without a byte.
    Closed,
    /// It closed it later.
    Broken,
    /// It took too long.
    TimedOut,
    /// The system has lost the connection.
    Io(io::Error),
    /// The server that was asked for rejects it.
    Rejected,
    /// The two do not come to terms.
    Tls(io::Error),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Closed => f.write_str("client closed connection"),
            HandshakeError::Broken => f.write_str("peer closed connection in SSL handshake"),
            HandshakeError::TimedOut => f.write_str("client timed out (110: Connection timed out)"),
            HandshakeError::Io(error) => {
                write!(f, "peer closed connection in SSL handshake ({})", crate::log::describe(error))
            }
            HandshakeError::Rejected => f.write_str("SSL_do_handshake() failed (SSL: handshake rejected)"),
            HandshakeError::Tls(error) => write!(f, "SSL_do_handshake() failed (SSL: {error})"),
        }
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> HandshakeError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => HandshakeError::Broken,
            io::ErrorKind::InvalidData | io::ErrorKind::Other => HandshakeError::Tls(error),
            _ => HandshakeError::Io(error),
        }
    }
}

/// Waits for the first byte, which tells TLS from plain HTTP, and shakes hands.
pub(crate) async fn accept<Choose>(
    stream: TcpStream,
    options: HandshakeOptions<'_, Choose>,
) -> Result<Handshake, HandshakeError>
where
    Choose: FnOnce(Option<&str>) -> Option<Arc<ServerConfig>>,
{
    let deadline = Instant::now().checked_add(options.timeout);
    let whole = async {
        let mut first = [0];
        {
            // Nobody knows yet whether it will ever say a word, so it goes first when room is needed.
            let idle = options.connections.idle(true);
            let peeked = tokio::select! {
                biased;
                peeked = stream.peek(&mut first) => peeked,
                () = idle.closing() => return Ok(Handshake::Evicted),
            };
            match peeked {
                Ok(0) => return Err(HandshakeError::Closed),
                Ok(_) => {}
                Err(error) => return Err(HandshakeError::Io(error)),
            }
        }
        if !begins_tls(first[0]) {
            return Ok(Handshake::Plain(stream));
        }
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let name = hello.client_hello().server_name().map(str::to_ascii_lowercase);
        let Some(config) = (options.choose)(name.as_deref()) else {
            // As much as a socket takes at once, which is more than this: a client that is not there need not know.
            let _ = hello.io.try_write(&UNRECOGNIZED_NAME);
            return Err(HandshakeError::Rejected);
        };
        let (stream, info) = TlsStream::new(hello.into_stream(config).await?);
        Ok(Handshake::Tls(Box::new(stream), info))
    };
    match deadline {
        Some(deadline) => timeout_at(deadline, whole).await.unwrap_or(Err(HandshakeError::TimedOut)),
        None => whole.await,
    }
}

/// A handshake record (RFC 8446 §5.1), or one of SSLv2, which is refused by name.
fn begins_tls(byte: u8) -> bool {
    byte == 0x16 || byte & 0x80 != 0
}
