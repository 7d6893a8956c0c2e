//! When a connection takes another request, and when it ends: RFC 9113 §6.8, and nginx's limits.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};

use super::io::Http2Io;
use super::traffic::Traffic;
use crate::cycle::Cycle;
use crate::cycle::connections::IdleConnection;
use crate::wire::{Deadline, Stream};
use nginx_conf::model::{Server, Settings};

/// How long a client may take to notice that the connection is going to be closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A request that has been read, and where its response goes.
pub(super) type Accepted = (http::Request<RecvStream>, SendResponse<Bytes>);

/// A connection whose handshake is done.
pub(super) struct Session<'a, S> {
    http2: Connection<Http2Io<S>, Bytes>,
    cycle: &'a Cycle,
    server: &'a Server,
    pub(super) settings: &'a Settings,
    pub(super) traffic: Rc<Traffic>,
    /// Whether the connection waits for the client when it ends.
    lingers: Rc<Cell<bool>>,
    /// How many requests there have been.
    pub(super) requests: u64,
    /// Whether the client has been told not to send more.
    pub(super) is_going_away: bool,
    is_closing: bool,
    idle: Option<IdleConnection>,
    deadline: Deadline,
}

/// What a connection has done: it goes on, perhaps with a request whose head it has read, or it is closed.
pub(super) type Turn = ControlFlow<Result<(), h2::Error>, Option<Accepted>>;

impl<'a, S: Stream> Session<'a, S> {
    /// A connection on which there has been no request.
    pub(super) fn new(
        http2: Connection<Http2Io<S>, Bytes>,
        cycle: &'a Cycle,
        server: &'a Server,
        settings: &'a Settings,
        lingers: Rc<Cell<bool>>,
        traffic: Rc<Traffic>,
    ) -> Session<'a, S> {
        Session {
            http2,
            cycle,
            server,
            settings,
            traffic,
            lingers,
            requests: 0,
            is_going_away: false,
            is_closing: false,
            idle: None,
            deadline: Deadline::default(),
        }
    }

    /// Tells the client to send its next requests elsewhere. Those that are there, or on their way, are answered.
    pub(super) fn go_away(&mut self) {
        self.is_going_away = true;
        self.deadline.stop();
        self.http2.graceful_shutdown();
    }

    /// Whether the client sends far more than messages, and is to be rid of.
    pub(super) fn is_flooded(&self) -> bool {
        !self.is_closing && self.traffic.is_flood()
    }

    /// Reads and writes until it has to wait, or has read a request, while so many are being answered.
    pub(super) fn poll(&mut self, active: usize, cx: &mut Context<'_>) -> Poll<Turn> {
        let max_streams = self.server.http2.max_concurrent_streams as usize;
        if self.is_spent() && !self.is_going_away {
            self.go_away();
        }
        // A client may give up streams faster than their requests come to an end.
        let accepted = match active < max_streams {
            true => self.http2.poll_accept(cx),
            false => self.http2.poll_closed(cx).map(|closed| closed.err().map(Err)),
        };
        match accepted {
            Poll::Ready(Some(Ok(accepted))) => {
                self.requests += 1;
                self.idle = None;
                self.deadline.stop();
                if self.requests > self.settings.keepalive_requests.saturating_add(max_streams as u64) {
                    self.close(Reason::ENHANCE_YOUR_CALM);
                    return Poll::Ready(Turn::Continue(None));
                }
                Poll::Ready(Turn::Continue(Some(accepted)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Turn::Break(Err(error))),
            Poll::Ready(None) => Poll::Ready(Turn::Break(Ok(()))),
            Poll::Pending if self.is_closing => self.deadline.poll(cx).map(|()| Turn::Break(Ok(()))),
            Poll::Pending if active > 0 => {
                self.idle = None;
                self.deadline.stop();
                Poll::Pending
            }
            Poll::Pending if self.is_going_away => self.poll_gone_away(cx),
            Poll::Pending => self.poll_idle(cx),
        }
    }

    /// Whether it has had as many requests as it may have.
    fn is_spent(&self) -> bool {
        let is_last = self.requests >= self.settings.keepalive_requests;
        self.requests > 0 && (is_last || self.settings.keepalive_timeout.is_zero())
    }

    /// Closes the connection once the client has got everything, or has had time for it.
    fn poll_gone_away(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        if self.requests == 0 || self.http2.has_streams() {
            self.deadline.start_once(CLOSE_TIMEOUT);
            ready!(self.deadline.poll(cx));
        }
        self.close(Reason::NO_ERROR);
        Poll::Ready(Turn::Continue(None))
    }

    /// Closes the connection after `keepalive_timeout`, or when its place is needed.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let is_first = self.requests == 0;
        let idle = self.idle.get_or_insert_with(|| self.cycle.connections.idle(is_first));
        self.deadline.start_once(match is_first {
            true => self.server.client_header_timeout,
            false => self.settings.keepalive_timeout,
        });
        if idle.poll_closing(cx).is_pending() {
            ready!(self.deadline.poll(cx));
        }
        self.lingers.set(false);
        self.close(Reason::NO_ERROR);
        Poll::Ready(Turn::Continue(None))
    }

    /// Ends the connection, whatever is left of its streams.
    pub(super) fn close(&mut self, reason: Reason) {
        self.is_going_away = true;
        self.is_closing = true;
        self.idle = None;
        self.deadline.start(CLOSE_TIMEOUT);
        self.http2.abrupt_shutdown(reason);
    }
}
