//! After a 101: bytes both ways until both ends are done (RFC 9110 §7.8).
//!
//! A direction that has ended is passed on as an end while the other lives on. `proxy_read_timeout` without a byte in
//! either direction ends both, as do `send_timeout` with a client that takes nothing, `proxy_send_timeout` with such an app
//! server, a failure of either side and the end of a graceful stop's grace. A silent tunnel holds no buffer.

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

const TUNNELLING: Action = Action::Tunneling;

/// One direction.
#[derive(Debug, Default)]
struct Pipe {
    /// The reading side has ended.
    ended: bool,
    /// The writing side has been told so.
    shut: bool,
    /// Bytes wait to be sent, in the buffer or in the writing side.
    unsent: bool,
}

/// Which end of a direction has failed.
#[derive(Debug)]
enum Broken {
    Reading(io::Error),
    Writing(io::Error),
}

/// Relays until both directions are done. The head waits in the client's output; bytes that were read behind the heads
/// are the first to be relayed.
pub(crate) async fn run<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &Exchange<'_>,
    upstream: &mut UpstreamRequest,
) -> Result<(), RelayError> {
    client.write(&[], x.settings.send_timeout).await.map_err(|_| RelayError::Client)?;
    client.writing.release();
    client.body.skip(&mut client.input);

    let mut quitting = x.cycle.shutdown.clone();
    let mut closing = pin!(async move {
        // Without a sender the worker is gone, and this with it.
        let _ = quitting.wait_for(|stage| *stage >= ShutdownStage::Closing).await;
    });
    let (mut up, mut down, mut stuck) = (Pipe::default(), Pipe::default(), Stuck::default());
    let ClientConnection { stream, input, output, reading, .. } = client;
    let server = &mut upstream.connection.stream;
    reading.start(stuck.patience(x).0);
    poll_fn(|cx| {
        let mut moved = 0;
        let upward = up.poll(stream, input, server, &mut moved, cx);
        let before = moved;
        let downward = down.poll(server, &mut upstream.input, stream, &mut moved, cx);
        output.count(moved - before);
        // An app server that has said all it had to say may leave before it has heard everything.
        let unheard = if down.ended { Level::Info } else { Level::Error };
        let upward = upward.map_err(|broken| broken.cut(Level::Info, unheard));
        let downward = downward.map_err(|broken| broken.cut(Level::Error, Level::Info));
        match (upward, downward) {
            (Poll::Ready(Err(cut)), _) | (_, Poll::Ready(Err(cut))) => return Poll::Ready(Err(cut)),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(Ok(())),
            _ => {}
        }
        let now = Stuck { up: up.unsent, down: down.unsent };
        if std::mem::replace(&mut stuck, now) != now || moved > 0 {
            reading.start(stuck.patience(x).0);
        }
        if closing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        reading.poll(cx).map(|()| {
            let how =
                format!("{} timed out (110: Connection timed out) while {TUNNELLING}", stuck.patience(x).1);
            Err(RelayError::Broken(Level::Info, how))
        })
    })
    .await
}

impl Broken {
    /// What is said of it, at the level of whoever was read from or written to.
    fn cut(&self, read: Level, written: Level) -> RelayError {
        let (level, call, error) = match self {
            Broken::Reading(error) => (read, "recv()", error),
            Broken::Writing(error) => (written, "send()", error),
        };
        RelayError::Broken(level, format!("{call} failed ({}) while {TUNNELLING}", describe(error)))
    }
}

/// The directions in which bytes wait for somebody to take them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stuck {
    up: bool,
    down: bool,
}

impl Stuck {
    /// How long nothing may move, and whose fault it is if nothing did.
    fn patience(self, x: &Exchange<'_>) -> (Duration, &'static str) {
        let (proxy, send_timeout) = (&x.settings.proxy, x.settings.send_timeout);
        match self {
            Stuck { up: false, down: false } => (proxy.read_timeout, "upstream"),
            Stuck { up: true, down } if !down || proxy.send_timeout <= send_timeout => {
                (proxy.send_timeout, "upstream")
            }
            Stuck { .. } => (send_timeout, "client"),
        }
    }
}

impl Pipe {
    /// Moves what there is; ready when the end has been passed on. Counts bytes written in `moved`.
    fn poll<R: Stream, W: Stream>(
        &mut self,
        from: &mut R,
        buffer: &mut Buffer,
        to: &mut W,
        moved: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if !buffer.is_empty() {
                self.unsent = true;
                match Pin::new(&mut *to).poll_write(cx, buffer.bytes()) {
                    Poll::Ready(Ok(0)) => {
                        return Poll::Ready(Err(Broken::Writing(io::ErrorKind::WriteZero.into())));
                    }
                    Poll::Ready(Ok(count)) => {
                        buffer.consume(count);
                        *moved += count as u64;
                        continue;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(Broken::Writing(error))),
                    Poll::Pending if self.ended || buffer.is_full() => return Poll::Pending,
                    Poll::Pending => {}
                }
            } else if self.unsent && Pin::new(&mut *to).poll_flush(cx).map_err(Broken::Writing)?.is_ready() {
                self.unsent = false;
            }
            if buffer.is_empty() && self.ended {
                if !self.shut {
                    // Sends what is still to be sent, too. Whoever is not there any more need not be told.
                    let _ = ready!(Pin::new(&mut *to).poll_shutdown(cx));
                    self.shut = true;
                    buffer.release();
                }
                return Poll::Ready(Ok(()));
            }
            if ready!(buffer.poll_fill(from, cx)).map_err(Broken::Reading)? == 0 {
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
