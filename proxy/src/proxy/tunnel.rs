//! Upgraded connections: after a 101, bytes both ways until both sides are done (RFC 9110 §7.8).
//!
//! The end of one direction is passed on while the other goes on. The tunnel is closed by `proxy_read_timeout` without
//! a byte in either direction, by `send_timeout` or `proxy_send_timeout` of a side that reads nothing, by a failure of
//! either side, and at the end of a graceful shutdown's grace period. A silent tunnel holds no buffer.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::response::RelayError;
use super::upstream_error::Action;
use super::upstream_request::UpstreamRequest;
use crate::cycle::ShutdownStage;
use crate::exchange::Exchange;
use crate::log::describe;
use crate::response::ClientConnection;
use crate::wire::{Buffer, Stream};
use nginx_conf::model::Level;

/// One direction of a tunnel.
#[derive(Debug, Default)]
struct Pipe {
    /// The reading side reached its end.
    ended: bool,
    /// The end was passed on to the writing side.
    shut: bool,
    /// Bytes wait to be sent, in the buffer or in the writing stream.
    unsent: bool,
}

/// Which end of a direction failed.
#[derive(Debug)]
enum PipeError {
    Read(io::Error),
    Write(io::Error),
}

/// Relays bytes until both directions are done. The head is in the client's output; bytes that followed the heads are
/// relayed first.
pub(crate) async fn run<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &Exchange<'_>,
    upstream: &mut UpstreamRequest,
) -> Result<(), RelayError> {
    client.write(&[], x.settings.send_timeout).await.map_err(|_| RelayError::ClientClosed)?;
    client.writing.release();
    client.body.skip(&mut client.input);
    // No other head will be sent to either side.
    client.output.shrink_to(0);
    upstream.connection.output.shrink_to(0);

    let mut shutdown = x.cycle.shutdown.clone();
    let mut closing = pin!(async move {
        // An error means that the worker is gone, and this task with it.
        let _ = shutdown.wait_for(|stage| *stage >= ShutdownStage::Closing).await;
    });
    let (mut up, mut down, mut backpressure) = (Pipe::default(), Pipe::default(), Backpressure::default());
    let ClientConnection { stream, input, output, reading, .. } = client;
    let server = &mut upstream.connection.stream;
    reading.start(backpressure.timeout(x).0);
    poll_fn(|cx| {
        let mut moved = 0;
        let upward = up.poll(stream, input, server, &mut moved, cx);
        let before = moved;
        let downward = down.poll(server, &mut upstream.input, stream, &mut moved, cx);
        output.count(moved - before);
        // An app server that has ended its own direction may close before it has read everything.
        let write_level = if down.ended { Level::Info } else { Level::Error };
        let upward = upward.map_err(|error| error.describe(Level::Info, write_level));
        let downward = downward.map_err(|error| error.describe(Level::Error, Level::Info));
        match (upward, downward) {
            (Poll::Ready(Err(error)), _) | (_, Poll::Ready(Err(error))) => return Poll::Ready(Err(error)),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(Ok(())),
            _ => {}
        }
        let now = Backpressure { up: up.unsent, down: down.unsent };
        if std::mem::replace(&mut backpressure, now) != now || moved > 0 {
            reading.start(backpressure.timeout(x).0);
        }
        if closing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        reading.poll(cx).map(|()| {
            let how = format!(
                "{} timed out (110: Connection timed out) while {}",
                backpressure.timeout(x).1,
                Action::Tunneling
            );
            Err(RelayError::Broken(Level::Info, how))
        })
    })
    .await
}

impl PipeError {
    /// The message for the log, at the level for reads or for writes.
    fn describe(&self, read: Level, write: Level) -> RelayError {
        let (level, call, error) = match self {
            PipeError::Read(error) => (read, "recv()", error),
            PipeError::Write(error) => (write, "send()", error),
        };
        RelayError::Broken(level, format!("{call} failed ({}) while {}", describe(error), Action::Tunneling))
    }
}

/// The directions in which bytes wait for the other side to read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Backpressure {
    up: bool,
    down: bool,
}

impl Backpressure {
    /// How long nothing may move, and who is said to have timed out.
    fn timeout(self, x: &Exchange<'_>) -> (Duration, &'static str) {
        let (proxy, send_timeout) = (&x.settings.proxy, x.settings.send_timeout);
        match self {
            Backpressure { up: false, down: false } => (proxy.read_timeout, "upstream"),
            Backpressure { up: true, down } if !down || proxy.send_timeout <= send_timeout => {
                (proxy.send_timeout, "upstream")
            }
            Backpressure { .. } => (send_timeout, "client"),
        }
    }
}

impl Pipe {
    /// Moves bytes until it has to wait; ready when the end was passed on. Adds the bytes written to `moved`.
    fn poll<R: Stream, W: Stream>(
        &mut self,
        from: &mut R,
        buffer: &mut Buffer,
        to: &mut W,
        moved: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), PipeError>> {
        loop {
            if !buffer.is_empty() {
                self.unsent = true;
                match Pin::new(&mut *to).poll_write(cx, buffer.bytes()) {
                    Poll::Ready(Ok(0)) => {
                        return Poll::Ready(Err(PipeError::Write(io::ErrorKind::WriteZero.into())));
                    }
                    Poll::Ready(Ok(count)) => {
                        buffer.consume(count);
                        *moved += count as u64;
                        continue;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(PipeError::Write(error))),
                    Poll::Pending if self.ended || buffer.is_full() => return Poll::Pending,
                    Poll::Pending => {}
                }
            } else if self.unsent && Pin::new(&mut *to).poll_flush(cx).map_err(PipeError::Write)?.is_ready() {
                self.unsent = false;
            }
            if buffer.is_empty() && self.ended {
                if !self.shut {
                    // This also flushes. A peer that is gone need not be told.
                    let _ = ready!(Pin::new(&mut *to).poll_shutdown(cx));
                    self.shut = true;
                    buffer.release();
                }
                return Poll::Ready(Ok(()));
            }
            if ready!(buffer.poll_fill(from, cx)).map_err(PipeError::Read)? == 0 {
                self.ended = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::stream::SlowStream;

    #[test]
    fn what_a_stream_holds_is_not_forgotten() {
        let mut from = SlowStream { says: b"words".to_vec(), ..SlowStream::default() };
        let mut to = SlowStream { step: 9, held: 3, ..SlowStream::default() };
        let (mut pipe, mut buffer, mut moved) = (Pipe::default(), Buffer::default(), 0);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for left in [2, 1, 0, 0] {
            assert!(pipe.poll(&mut from, &mut buffer, &mut to, &mut moved, &mut cx).is_pending());
            assert_eq!((to.held, pipe.unsent), (left, left > 0));
        }
        assert_eq!((moved, &to.seen[..]), (5, &b"words"[..]));
    }

    #[test]
    fn who_takes_nothing_yet_keeps_nobody_from_speaking() {
        let mut to = SlowStream::default();
        let (mut pipe, mut buffer, mut moved) = (Pipe::default(), Buffer::default(), 0);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for says in [&b"words "[..], b"and more"] {
            let mut from = SlowStream { says: says.to_vec(), ..SlowStream::default() };
            assert!(pipe.poll(&mut from, &mut buffer, &mut to, &mut moved, &mut cx).is_pending());
        }
        assert_eq!((buffer.bytes(), pipe.unsent), (&b"words and more"[..], true));
    }
}
