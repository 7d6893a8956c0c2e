//! A client's connection, whichever request is being served.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::pace::Pace;
use super::traced::trace_head;
use crate::exchange::Exchange;
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
    /// How fast the response is sent, if that is limited.
    pace: Option<Pace>,
    /// Whether fields are to follow the body of the response, and have not been evaluated.
    pub(super) awaits_trailers: bool,
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
            pace: None,
            awaits_trailers: false,
        }
    }

    /// Begins a response with its head, for which HTTP/2 has frames of its own. `trailers`: fields follow the body.
    pub(crate) fn begin(&mut self, x: &mut Exchange<'_>, head: &[u8], chunked: bool, trailers: bool) {
        self.output.begin();
        trace_head(x, head);
        self.pace = x.limit_rate().map(|(rate, after)| Pace::new(rate, after, x.started));
        self.awaits_trailers = trailers;
        if self.stream.take_head(head, trailers) {
            self.output.count(head.len() as u64);
        } else {
            self.output.head_mut().extend_from_slice(head);
            self.output.set_chunked(chunked);
        }
    }

    /// Sends an interim response, which is but a head, for which HTTP/2 has frames of its own.
    pub(crate) async fn send_interim(&mut self, x: &mut Exchange<'_>, head: &[u8]) -> io::Result<()> {
        if !self.stream.take_interim(head) {
            self.output.begin();
            self.output.head_mut().extend_from_slice(head);
            self.write(&[], x.settings.send_timeout).await?;
        }
        x.sent += head.len() as u64;
        Ok(())
    }

    /// Writes what is buffered, then `data`.
    pub(crate) async fn write(&mut self, mut data: &[u8], timeout: Duration) -> io::Result<()> {
        self.writing.stop();
        poll_fn(|cx| {
            while !data.is_empty() || !self.output.is_flushed() {
                let count = ready!(self.poll_write_in_time(data, false, timeout, cx))?;
                data = data.get(count..).unwrap_or_default();
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Writes what is buffered, and the end of the message.
    pub(crate) async fn finish(&mut self, timeout: Duration) -> io::Result<()> {
        self.writing.stop();
        poll_fn(|cx| {
            while !self.output.is_finished() {
                ready!(self.poll_write_in_time(&[], true, timeout, cx))?;
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Writes once, as much as `limit_rate` allows, and returns how many bytes of `data` were written. `last`: the body ends
    /// with `data`.
    pub(crate) fn poll_write(
        &mut self,
        data: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let ClientConnection { stream, output, pace, .. } = self;
        let Some(pace) = pace else { return output.poll_write(stream, cx, data, last) };
        let before = output.written();
        let room = ready!(pace.poll_room(before, cx));
        let some = data.get(..room).unwrap_or(data);
        let count = ready!(output.poll_write(stream, cx, some, last && some.len() == data.len()))?;
        pace.sent(before, output.written() - before);
        Poll::Ready(Ok(count))
    }

    /// Whether `limit_rate` is what the response waits for, and not the client.
    pub(crate) fn is_paused(&self) -> bool {
        self.pace.as_ref().is_some_and(Pace::is_paused)
    }

    /// The same, if the client takes it in time.
    fn poll_write_in_time(
        &mut self,
        data: &[u8],
        last: bool,
        timeout: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = self.poll_write(data, last, cx);
        if self.is_paused() {
            self.writing.stop();
            return written;
        }
        with_deadline(written, &mut self.writing, timeout, cx)
    }

    /// How many bytes `limit_rate` allows to be sent now.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let sent = self.output.written();
        self.pace.as_mut().map_or(Poll::Ready(usize::MAX), |pace| pace.poll_room(sent, cx))
    }

    /// Counts bytes that were sent without the writer.
    pub(super) fn count(&mut self, bytes: u64) {
        let before = self.output.written();
        self.output.count(bytes);
        if let Some(pace) = &mut self.pace {
            pace.sent(before, bytes);
        }
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
