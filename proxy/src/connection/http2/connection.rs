//! A connection: its handshake, and the requests that are answered on it side by side.

use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::Reason;
use h2::server::{Builder, Connection};

use super::io::Http2Io;
use super::session::Session;
use super::traffic::Traffic;
use crate::connection::http_connection::HttpConnection;
use crate::response::ClientConnection;
use crate::wire::Stream;
use nginx_conf::model::{Level, Server, Settings};

/// How much of a response a stream keeps until the connection takes it.
const MAX_SEND_BUFFER_SIZE: usize = 64 * 1024;

/// The least that may be on its way of a request's body.
const MIN_WINDOW_SIZE: u32 = 16 * 1024;

/// The most of it on a connection (RFC 9113 §6.9.1), and what there is without agreement.
const CONNECTION_WINDOW_SIZES: (u64, u64) = (65_535, (1 << 31) - 1);

/// How many fields a head may have, as far as their number counts for its size (RFC 9113 §6.5.2): beyond it, h2 answers
/// with 431 by itself.
const MAX_FIELDS: usize = 1024;

/// What a field counts for besides its name and value.
const FIELD_OVERHEAD: usize = 32;

impl HttpConnection<'_> {
    /// Serves requests over HTTP/2 until the connection ends.
    pub(in crate::connection) async fn run_http2<S: Stream>(self, connection: ClientConnection<S>) {
        let Some(server) = self.http.servers.get(self.server) else { return };
        let Some(location) = self.http.locations.get(server.root.0) else { return };
        let (lingers, traffic) = (Rc::new(Cell::new(true)), Rc::new(Traffic::default()));
        let begun = tokio::select! {
            biased;
            begun = self.handshake(connection, server, Rc::clone(&lingers), Rc::clone(&traffic)) => begun,
            () = self.cycle.aborting() => return,
        };
        let outcome = match begun {
            Ok(Some(http2)) => {
                let session = Session::new(http2, self.cycle, server, &location.settings, lingers, traffic);
                self.serve_streams(session).await
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            self.log_http2(&location.settings, &error);
        }
    }

    /// Waits for the client's preface, and agrees with it on settings; `None` if it sends none.
    async fn handshake<S: Stream>(
        &self,
        mut connection: ClientConnection<S>,
        server: &Server,
        lingers: Rc<Cell<bool>>,
        traffic: Rc<Traffic>,
    ) -> Result<Option<Connection<Http2Io<S>, Bytes>>, h2::Error> {
        if !self.wait(&mut connection).await {
            connection.stream.close();
            return Ok(None);
        }
        let handshake = settings(server).handshake(Http2Io::new(connection, lingers, traffic));
        let timeout = tokio::time::timeout(server.client_header_timeout, handshake);
        timeout.await.ok().transpose()
    }

    /// Accepts requests and answers them. Whatever happens to the connection, they all come to an end, and into the log.
    async fn serve_streams<S: Stream>(&self, mut session: Session<'_, S>) -> Result<(), h2::Error> {
        let mut streams = FuturesUnordered::new();
        let mut draining = pin!(self.cycle.draining());
        let serve = poll_fn(|cx| {
            loop {
                while let Poll::Ready(Some(())) = streams.poll_next_unpin(cx) {}
                if session.is_flooded() {
                    self.log_http2(session.settings, &"http2 flood detected");
                    session.close(Reason::NO_ERROR);
                }
                if !session.is_going_away && draining.as_mut().poll(cx).is_ready() {
                    session.go_away();
                }
                match session.poll(streams.len(), cx) {
                    Poll::Ready(ControlFlow::Continue(accepted)) => {
                        streams.extend(accepted.map(|accepted| {
                            self.serve_stream(accepted, session.requests, Rc::clone(&session.traffic))
                        }));
                    }
                    Poll::Ready(ControlFlow::Break(outcome)) => return Poll::Ready(outcome),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        let outcome = tokio::select! {
            biased;
            outcome = serve => outcome,
            () = self.cycle.aborting() => Ok(()),
        };
        drop(session);
        while streams.next().await.is_some() {}
        outcome
    }

    fn log_http2(&self, settings: &Settings, what: &dyn fmt::Display) {
        let (number, ip, address) = (self.client.number, self.client.peer.ip(), self.listen.address);
        let context = format_args!("while processing HTTP/2 connection, client: {ip}, server: {address}");
        self.cycle.logs.error(&settings.error_log, Level::Info, format_args!("*{number} {what} {context}"));
    }
}

/// What is said to every client, and what it is held to.
fn settings(server: &Server) -> Builder {
    let streams = server.http2.max_concurrent_streams;
    let window = server.http2.body_preread_size.max(MIN_WINDOW_SIZE);
    // Every stream may wait for its app server without holding up another.
    let (least, most) = CONNECTION_WINDOW_SIZES;
    let connection_window = (u64::from(window) * u64::from(streams)).clamp(least, most);
    let head = server.large_client_header_buffers.saturating_mul(server.large_client_header_size);
    let head = head.saturating_add(MAX_FIELDS * FIELD_OVERHEAD);
    let mut settings = Builder::new();
    settings
        .initial_window_size(window)
        .initial_connection_window_size(connection_window as u32)
        .max_concurrent_streams(streams)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
        .max_send_buffer_size(MAX_SEND_BUFFER_SIZE);
    settings
}
