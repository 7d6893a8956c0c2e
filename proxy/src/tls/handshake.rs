//! The TLS handshake, on an address with `listen … ssl`.

use std::fmt;
use std::io;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::LazyConfigAcceptor;

use super::stream::{Offered, TlsInfo, TlsStream};
use crate::cycle::connections::Connections;
use nginx_conf::tls::Verification;

/// A fatal alert, `unrecognized_name` (RFC 8446 §6, RFC 6066 §3).
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 112];

/// The result of a handshake.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// A TLS session.
    Tls(Box<TlsStream>, TlsInfo),
    /// No TLS; nothing has been read.
    Plain(TcpStream),
    /// The worker closed the connection to make room for others.
    Evicted,
}

/// Options of a handshake.
pub(crate) struct HandshakeOptions<'a, Select> {
    /// `client_header_timeout`, which limits the whole handshake.
    pub(crate) timeout: Duration,
    /// Where the connection counts as idle until its first byte.
    pub(crate) connections: &'a Connections,
    /// Selects the configuration by the client's SNI; `None` rejects the handshake.
    pub(crate) select: Select,
}

/// How a client is answered.
pub(crate) struct Selected {
    pub(crate) config: Arc<ServerConfig>,
    /// What its certificates are verified by, if it is asked for some.
    pub(crate) clients: Option<Arc<Verification>>,
}

/// Why a handshake failed.
#[derive(Debug)]
pub(crate) enum HandshakeError {
    /// The client closed the connection without sending a byte.
    Closed,
    /// The client closed the connection during the handshake.
    Truncated,
    /// `client_header_timeout` passed.
    TimedOut,
    /// The connection failed.
    Io(io::Error),
    /// `ssl_reject_handshake on`.
    Rejected,
    /// TLS failed: no common version or cipher, for example.
    Tls(io::Error),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Closed => f.write_str("client closed connection"),
            HandshakeError::Truncated => f.write_str("peer closed connection in SSL handshake"),
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
            io::ErrorKind::UnexpectedEof => HandshakeError::Truncated,
            io::ErrorKind::InvalidData | io::ErrorKind::Other => HandshakeError::Tls(error),
            _ => HandshakeError::Io(error),
        }
    }
}

/// Waits for the first byte, which tells TLS from plain HTTP, and does the handshake.
pub(crate) async fn accept<Select>(
    stream: TcpStream,
    options: HandshakeOptions<'_, Select>,
) -> Result<Handshake, HandshakeError>
where
    Select: FnOnce(Option<&str>) -> Option<Selected>,
{
    let deadline = Instant::now().checked_add(options.timeout);
    let handshake = async {
        let mut first = [0];
        {
            // Until its first byte the connection is idle, and may be closed when room is needed.
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
        if !is_tls_record(first[0]) {
            return Ok(Handshake::Plain(stream));
        }
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let name = hello.client_hello().server_name().map(str::to_ascii_lowercase);
        let Some(Selected { config, clients }) = (options.select)(name.as_deref()) else {
            // The alert always fits the socket's buffer. It does not matter if the client is gone.
            let _ = hello.io.try_write(&UNRECOGNIZED_NAME);
            return Err(HandshakeError::Rejected);
        };
        let offered = Offered::of(&hello.client_hello());
        let session = hello.into_stream(config).await?;
        let (stream, info) = TlsStream::of_client(session, clients.as_deref(), offered);
        Ok(Handshake::Tls(Box::new(stream), info))
    };
    match deadline {
        Some(deadline) => timeout_at(deadline, handshake).await.unwrap_or(Err(HandshakeError::TimedOut)),
        None => handshake.await,
    }
}

/// Whether a connection begins with a handshake record (RFC 8446 §5.1), or with one of SSLv2, which then fails as TLS.
fn is_tls_record(byte: u8) -> bool {
    byte == 0x16 || byte & 0x80 != 0
}
