//! `proxy_next_upstream`: one app server after another, until one has answered.

use std::fmt;
use std::rc::Rc;

use super::error::ProxyError;
use super::handler::{ProxyHandler, UpstreamFailure};
use super::request::{self, Upload, UploadError, UploadLimits};
use super::response::ResponseHead;
use super::traced::trace_answer;
use super::upstream_error::{Action, UpstreamError, is_next_status, is_non_idempotent};
use super::upstream_request::{ResponseError, UpstreamRequest, connect};
use crate::cycle::connections::is_out_of_descriptors;
use crate::exchange::{Attempt, Exchange};
use crate::log::describe;
use crate::response::ClientConnection;
use crate::trace::Step;
use crate::upstream::{PeerSelection, UpstreamConnection};
use crate::wire::{Buffer, Stream};
use nginx_conf::model::{Level, ServerAddress};

/// Why an attempt at one server brought no response.
enum AttemptError {
    /// The server failed; another one may be asked.
    Upstream(UpstreamError, SentState),
    /// There is no point in asking another one.
    Aborted(Abort, Action),
}

/// Why no other server is asked.
enum Abort {
    /// The proxy itself failed.
    Status(u16),
    /// The client closed its connection.
    ClientClosed,
    /// The request's body could not be read or sent.
    Request(UploadError),
}

/// How much of the request a failed server may have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SentState {
    Nothing,
    /// Possibly all of it. It is still buffered and can be sent again.
    Buffered,
    /// Parts of the body that are no longer buffered.
    Streamed,
}

impl ProxyHandler<'_> {
    /// Tries one server after another until one responds.
    pub(super) async fn fetch_response<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        selection: &mut PeerSelection<'_>,
    ) -> Result<(UpstreamRequest, ResponseHead), ProxyError> {
        loop {
            let Some((address, name)) = selection.next(self.selected.seconds()) else {
                let name = Rc::clone(&self.group.name);
                x.attempts.push(Attempt::new(name, self.asked == 0));
                self.finish_attempt(x, Some(502));
                self.log(
                    x,
                    Level::Error,
                    format_args!("no live upstreams while {}", Action::Connecting),
                    &self.group.name,
                );
                x.trace(|_| Step::Failed {
                    address: self.group.name.to_string(),
                    error: "no live upstreams".to_owned(),
                });
                self.failure = Some(UpstreamFailure::Error);
                return Err(ProxyError::Status(502));
            };
            // Most requests have one.
            x.attempts.reserve_exact(1);
            x.attempts.push(Attempt::new(Rc::clone(&name), self.asked == 0));
            x.trace(|_| Step::Ask {
                address: name.to_string(),
                directive: x.written_upstream(&self.group.name, Some(&name)).1,
            });
            self.asked += 1;
            let (error, sent) = match self.attempt(client, x, address).await {
                Ok((upstream, head)) => {
                    let on = &x.settings.proxy.next_upstream;
                    let error = UpstreamError::Status(head.status);
                    let another =
                        selection.tries > 1 && is_next_status(on, head.status) && !upstream.upload.streaming;
                    if !(another && error.allows_next(on, x.method(), true)) {
                        return Ok((upstream, head));
                    }
                    (error, SentState::Buffered)
                }
                Err(AttemptError::Upstream(error, sent)) => (error, sent),
                Err(AttemptError::Aborted(abort, action)) => {
                    self.finish_attempt(x, None);
                    return Err(self.abort(x, abort, action, &name));
                }
            };
            x.trace(|_| Step::Failed { address: name.to_string(), error: error.to_string() });
            let now = self.finish_attempt(x, Some(error.status()));
            if !matches!(error, UpstreamError::Status(_)) {
                self.log(x, Level::Error, format_args!("{error}"), &name);
            }
            if selection.report(error.peer_outcome(), now.seconds()) {
                self.log(
                    x,
                    Level::Warn,
                    format_args!("upstream server temporarily disabled while {}", error.action()),
                    &name,
                );
            }
            let late = !x.settings.proxy.next_upstream_timeout.is_zero()
                && now - self.started >= x.settings.proxy.next_upstream_timeout;
            let replayable = sent != SentState::Streamed;
            let method = x.method();
            if selection.tries == 0
                || late
                || !replayable
                || !error.allows_next(&x.settings.proxy.next_upstream, method, sent != SentState::Nothing)
            {
                self.failure = Some(error.failure());
                return Err(ProxyError::Status(error.status()));
            }
            self.selected = now;
        }
    }

    /// Tries one server, on a kept-alive connection first and then on a new one.
    async fn attempt<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        address: ServerAddress,
    ) -> Result<(UpstreamRequest, ResponseHead), AttemptError> {
        let once = is_non_idempotent(x.method()) && !x.settings.proxy.next_upstream.non_idempotent;
        if self.request.persistent
            && let Some(connection) = self.group.pool.take(&address, self.tls.as_ref(), self.is_http2, once)
        {
            self.note_connected(x);
            let mut upstream = self.upstream_request(x, connection);
            match self.exchange(&mut upstream, client, x).await {
                // The server closed the idle connection just now: try a new one.
                Err(AttemptError::Upstream(error, SentState::Buffered))
                    if error.is_stale_connection() && upstream.input.is_empty() && !once => {}
                Err(error) => return Err(error),
                Ok(head) => return Ok((upstream, head)),
            }
        }
        let Some(slot) = x.cycle.connections.connect() else {
            let limit = x.cycle.connections.limit();
            let not_enough = format_args!("{limit} worker_connections are not enough");
            self.cannot_connect(x, not_enough, &address);
            return Err(AttemptError::Aborted(Abort::Status(500), Action::Connecting));
        };
        let connected = {
            // Boxed, so that requests on kept connections have no room for it.
            let timeout = x.settings.proxy.connect_timeout;
            let mut connecting = Box::pin(connect(&address, self.tls.as_ref(), self.is_http2, timeout));
            match self.outlives_client {
                true => Some(connecting.await),
                false => client.unless_closed(connecting.as_mut()).await,
            }
        };
        let stream = match connected {
            Some(Ok(stream)) => stream,
            // Not the server's fault, and no other server could be asked either.
            Some(Err(UpstreamError::Connect(error) | UpstreamError::ConnectTo(_, error)))
                if is_out_of_descriptors(&error) =>
            {
                self.cannot_connect(x, format_args!("socket() failed ({})", describe(&error)), &address);
                return Err(AttemptError::Aborted(Abort::Status(500), Action::Connecting));
            }
            Some(Err(error)) => return Err(AttemptError::Upstream(error, SentState::Nothing)),
            None => return Err(AttemptError::Aborted(Abort::ClientClosed, Action::Connecting)),
        };
        self.note_connected(x);
        let tls = self.tls.clone();
        let connection = UpstreamConnection::new(stream, address, tls, slot);
        let mut upstream = self.upstream_request(x, connection);
        let head = self.exchange(&mut upstream, client, x).await?;
        Ok((upstream, head))
    }

    fn upstream_request(
        &self,
        x: &mut Exchange<'_>,
        mut connection: Box<UpstreamConnection>,
    ) -> UpstreamRequest {
        if let Some(attempt) = x.attempts.last_mut() {
            // Of a connection that had ended, there is nothing to count.
            attempt.traffic = Some(connection.stream.count_anew());
        }
        let limits = UploadLimits {
            body: request::max_body_size(x),
            client: x.settings.client_body_timeout,
            server: x.settings.proxy.send_timeout,
        };
        let outlives_client = self.outlives_client;
        let upload = Upload::new(&mut connection, &self.request.head, self.body, limits);
        let input = Buffer::default();
        UpstreamRequest { connection, input, upload, tee: None, outlives_client, is_complete: false }
    }

    async fn exchange<C: Stream>(
        &mut self,
        upstream: &mut UpstreamRequest,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<ResponseHead, AttemptError> {
        let response = upstream.response_head(client, x).await;
        let sent = if upstream.upload.streaming { SentState::Streamed } else { SentState::Buffered };
        match response {
            Ok(head) if head.status == 101 && !(self.request.upgrade && upstream.upload.is_done()) => {
                Err(AttemptError::Upstream(
                    UpstreamError::InvalidHeader("upstream sent unexpected 101 response".into()),
                    sent,
                ))
            }
            Ok(head) => {
                self.note_head(x, head.status);
                trace_answer(x, head.status);
                Ok(head)
            }
            Err(ResponseError::Server(error)) => Err(AttemptError::Upstream(error, sent)),
            Err(ResponseError::ClientClosed) => {
                Err(AttemptError::Aborted(Abort::ClientClosed, Action::ReadingHeader))
            }
            Err(ResponseError::Client(error)) => {
                Err(AttemptError::Aborted(Abort::Request(error), Action::SendingRequest))
            }
        }
    }

    /// Ends the request without asking another server.
    fn abort(&self, x: &mut Exchange<'_>, abort: Abort, action: Action, peer: &str) -> ProxyError {
        match abort {
            Abort::Status(status) => ProxyError::Status(status),
            Abort::ClientClosed => {
                let gone = "client prematurely closed connection, so upstream connection is closed too while";
                self.log(x, Level::Info, format_args!("{gone} {action}"), peer);
                x.status = 499;
                ProxyError::Close
            }
            Abort::Request(error) => request::refuse(x, error),
        }
    }

    /// No connection can be opened to any server.
    fn cannot_connect(&self, x: &Exchange<'_>, why: fmt::Arguments<'_>, to: &ServerAddress) {
        self.log(x, Level::Alert, format_args!("{why} while {}", Action::Connecting), &to.to_string());
    }
}
