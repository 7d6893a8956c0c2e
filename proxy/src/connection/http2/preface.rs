//! The client's connection preface (RFC 9113 §3.4), which tells HTTP/2 from HTTP/1 where no handshake does.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use crate::response::ClientConnection;
use crate::wire::Stream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a connection whose first bytes have arrived begins with HTTP/2. Waits for more of it if it may.
pub(in crate::connection) async fn begins_http2<S: Stream>(
    connection: &mut ClientConnection<S>,
    timeout: Duration,
) -> bool {
    let ClientConnection { stream, input, reading, .. } = connection;
    reading.start(timeout);
    poll_fn(|cx| {
        loop {
            let arrived = input.bytes();
            if !arrived.iter().zip(PREFACE).all(|(byte, expected)| byte == expected) {
                return Poll::Ready(false);
            }
            if arrived.len() >= PREFACE.len() {
                return Poll::Ready(true);
            }
            match input.poll_fill(stream, cx) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(false),
                // The one that reads the head finds out that the time is over.
                Poll::Pending => return reading.poll(cx).map(|()| false),
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_known_by_its_first_bytes_however_they_arrive() {
        for (pieces, expected) in [
            (&["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"][..], true),
            (&["P", "RI * HTTP/2.0\r\n", "\r\nSM\r\n\r", "\n"], true),
            (&["PRI * HTTP/2.0\r\n\r\nSM\r\n\rx"], false),
            (&["PRI * HTTP/1.1\r\n\r\n"], false),
            (&["G"], false),
            (&["PRI"], false),
        ] {
            let (mut client, stream) = duplex(64);
            let mut connection = ClientConnection::new(stream);
            let speak = async {
                for piece in pieces {
                    client.write_all(piece.as_bytes()).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let (begins, ()) = tokio::join!(begins_http2(&mut connection, Duration::from_secs(1)), speak);
            assert_eq!(begins, expected, "{pieces:?}");
            assert!(connection.input.bytes().starts_with(&pieces[0].as_bytes()[..1]), "nothing is lost");
        }
    }
}
