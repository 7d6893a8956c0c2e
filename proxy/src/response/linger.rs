//! Reads and discards what a client still sends, so that it can read the response: `lingering_close`.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::client::ClientConnection;
use crate::wire::Stream;

/// How long a client may go on sending what is discarded: `lingering_time`.
const LINGERING_TIME: Duration = Duration::from_secs(30);

/// How long it may be silent meanwhile: `lingering_timeout`.
const LINGERING_TIMEOUT: Duration = Duration::from_secs(5);

impl<S: Stream> ClientConnection<S> {
    /// Discards the rest of the request's body, so that the next request can be read; false if that fails or takes too
    /// long.
    pub(crate) async fn discard_body(&mut self) -> bool {
        let ClientConnection { stream, input, body, reading, writing, .. } = self;
        body.skip(input);
        if body.is_complete() {
            return true;
        }
        writing.start(LINGERING_TIME);
        reading.start(LINGERING_TIMEOUT);
        let read = poll_fn(|cx| {
            loop {
                match body.poll_fill(input, stream, cx) {
                    Poll::Ready(Ok(_)) => {
                        body.skip(input);
                        if body.is_complete() {
                            return Poll::Ready(true);
                        }
                        reading.start(LINGERING_TIMEOUT);
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                    Poll::Pending if writing.poll(cx).is_ready() => return Poll::Ready(false),
                    Poll::Pending => return reading.poll(cx).map(|()| false),
                }
            }
        })
        .await;
        writing.stop();
        reading.stop();
        read
    }

    /// Shuts down the writing side and waits for the client to close. Closing at once, while bytes of the request are
    /// still arriving, would reset the connection and could lose the response.
    pub(crate) async fn linger(&mut self) {
        if poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await.is_err() {
            return;
        }
        self.begin_lingering();
        poll_fn(|cx| self.poll_lingering(cx)).await;
    }

    /// Begins to wait for the client to close.
    pub(crate) fn begin_lingering(&mut self) {
        self.writing.start(LINGERING_TIME);
        self.reading.start(LINGERING_TIMEOUT);
    }

    /// Ready when the client has closed, or has had time enough.
    pub(crate) fn poll_lingering(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ClientConnection { stream, input, reading, writing, .. } = self;
        loop {
            input.consume(input.len());
            match input.poll_fill(stream, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(_)) => reading.start(LINGERING_TIMEOUT),
                Poll::Pending if writing.poll(cx).is_ready() => return Poll::Ready(()),
                Poll::Pending => return reading.poll(cx),
            }
            if writing.poll(cx).is_ready() {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::wire::{BodyReader, Framing};

    /// A connection on which a long body is expected, and its client.
    fn waiting() -> (ClientConnection<DuplexStream>, DuplexStream) {
        let (client, stream) = duplex(64);
        let mut connection = ClientConnection::new(stream);
        if let Ok(body) = BodyReader::new(Framing::Length(1000), &mut connection.input) {
            connection.body = body;
        }
        (connection, client)
    }

    /// Seconds until this is done, while the client says a byte every four seconds.
    async fn trickling(mut client: DuplexStream, done: impl Future) -> u64 {
        let begin = Instant::now();
        let trickle = async {
            while client.write_all(b"x").await.is_ok() {
                sleep(Duration::from_secs(4)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { _ = done => {}, () = trickle => {} }
        begin.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_what_nobody_reads() {
        let ((mut connection, _client), begin) = (waiting(), Instant::now());
        assert!(!connection.discard_body().await);
        assert_eq!(begin.elapsed(), LINGERING_TIMEOUT);
        connection.linger().await;
        assert_eq!(begin.elapsed(), 2 * LINGERING_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_a_client_that_is_slow() {
        let (mut connection, client) = waiting();
        assert_eq!(trickling(client, connection.discard_body()).await, LINGERING_TIME.as_secs());
        let (mut connection, client) = waiting();
        assert_eq!(trickling(client, connection.linger()).await, LINGERING_TIME.as_secs());
    }
}
