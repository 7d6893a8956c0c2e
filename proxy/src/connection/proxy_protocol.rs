//! Reads the PROXY protocol, on an address with `listen … proxy_protocol`.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::cycle::connections::Connections;
use crate::message::proxy_protocol::{MAX_LENGTH, ProxyHeader, Refused, parse};

/// Takes the header off the start of a connection. As in nginx, it has to arrive at once.
///
/// # Errors
///
/// Why the connection is to be closed, if that is worth a word.
pub(super) async fn read_proxy_header(
    stream: &TcpStream,
    time: Duration,
    connections: &Connections,
) -> Result<Option<ProxyHeader>, Refused> {
    let mut bytes = vec![0; MAX_LENGTH];
    let arrived = {
        // Until its first byte the connection is idle, and may be closed when room is needed.
        let idle = connections.idle(true);
        tokio::select! {
            biased;
            peeked = timeout(time, stream.peek(&mut bytes)) => match peeked {
                Ok(Ok(count @ 1..)) => count,
                _ => return Err(None),
            },
            () = idle.closing() => return Err(None),
        }
    };
    let parsed = parse(bytes.get(..arrived).unwrap_or_default());
    // What is refused is taken all the same, so that closing does not reset the connection.
    bytes.truncate(parsed.as_ref().map_or(arrived, |(_, length)| *length));
    take(stream, &mut bytes).await.map_err(|_| None)?;
    parsed.map(|(header, _)| header)
}

/// Takes bytes that have been peeked at.
async fn take(stream: &TcpStream, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.readable().await?;
        match stream.try_read(bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes = bytes.get_mut(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
