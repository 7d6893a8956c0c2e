//! A client's connection, whichever request is being served.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::wire::{BodyReader, Buffer, Deadline, MessageWriter, Stream};

/// A client's connection: the stream, its buffers and its timers, whichever request is being served.
#[derive(Debug)]
pub(crate) struct ClientConnection<S> {
    pub(crate) stream: S,
    pub(crate) input: Buffer,
    pub(crate) output: MessageWriter,
    /// The body of the request being served.
    pub(crate) body: BodyReader,
    pub(crate) reading: Deadline,
    pub(crate) writing: Deadline,
}

impl<S: Stream> ClientConnection<S> {
    /// A new connection.
    pub(crate) fn new(stream: S) -> ClientConnection<S> {
        ClientConnection {
            stream,
            input: Buffer::default(),
            output: MessageWriter::default(),
            body: BodyReader::empty(),
            reading: Deadline::default(),
            writing: Deadline::default(),
        }
    }

    /// Begins a response with its head, for which HTTP/2 has frames of its own.
    pub(crate) fn begin(&mut self, head: &[u8], chunked: bool) {
        self.output.begin();
        if self.stream.take_head(head) {
            self.output.count(head.len() as u64);
        } else {
            self.output.head_mut().extend_from_slice(head);
            self.output.set_chunked(chunked);
        }
    }

    /// Writes what is buffered, then `data`.
    pub(crate) async fn write(&mut self, mut data: &[u8], timeout: Duration) -> io::Result<()> {
        let ClientConnection { stream, output, writing, .. } = self;
        writing.stop();
        poll_fn(|cx| {
            while !data.is_empty() || !output.is_flushed() {
                let count =
                    ready!(with_deadline(output.poll_write(stream, cx, data, false), writing, timeout, cx))?;
                data = data.get(count..).unwrap_or_default();
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Writes what is buffered, and the end of the message.
    pub(crate) async fn finish(&mut self, timeout: Duration) -> io::Result<()> {
        let ClientConnection { stream, output, writing, .. } = self;
        writing.stop();
        poll_fn(|cx| {
            while !output.is_finished() {
                ready!(with_deadline(output.poll_write(stream, cx, &[], true), writing, timeout, cx))?;
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Waits for a future; `None` if the client closes its connection first.
    pub(crate) async fn unless_closed<T>(
        &mut self,
        mut other: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        poll_fn(|cx| match other.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if self.poll_closed(cx) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Whether the client has closed its connection by now.
    pub(crate) async fn has_left(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll_closed(cx))).await
    }

    /// Whether the client has closed its connection. Only checked once the request was read to its end; pipelined bytes
    /// are kept for later.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> bool {
        while self.body.is_complete() && !self.input.is_full() {
            match self.input.poll_fill(&mut self.stream, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return true,
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return false,
            }
        }
        false
    }
}

/// Fails with `TimedOut` once `outcome` has been pending for `timeout`.
pub(super) fn with_deadline<T>(
    outcome: Poll<io::Result<T>>,
    deadline: &mut Deadline,
    timeout: Duration,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    match outcome {
        Poll::Ready(outcome) => {
            deadline.stop();
            Poll::Ready(outcome)
        }
        Poll::Pending => {
            deadline.start_once(timeout);
            deadline.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
        }
    }
}
