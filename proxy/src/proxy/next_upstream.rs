//! `proxy_next_upstream`: one app server after another, until one has answered.

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;

use super::error::ProxyError;
use super::handler::ProxyHandler;
use super::request::{self, RequestBody, Upload, UploadError, UploadLimits};
use super::response::ResponseHead;
use super::upstream_error::{Action, UpstreamError, is_next_status, is_non_idempotent};
use super::upstream_request::{ResponseError, UpstreamRequest, connect};
use crate::cycle::connections::is_out_of_descriptors;
use crate::exchange::{Attempt, Exchange};
use crate::log::describe;
use crate::response::ClientConnection;
use crate::upstream::{PeerSelection, UpstreamConnection};
use crate::wire::{Buffer, Stream};
use nginx_conf::model::Level;

/// How asking one server ended, if not with an answer.
enum AttemptError {
    Failed(UpstreamError, SentState),
    ProxyError(Abort, Action),
}

/// Why nobody is to be asked any more.
enum Abort {
    Status(u16),
    SendError,
    Request(UploadError),
}

/// What a server that failed may have seen of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SentState {
    Nothing,
    /// Perhaps all of it; it can be sent again.
    Whole,
    /// Parts of the body that are not there any more.
    Streamed,
}

impl ProxyHandler<'_> {
    /// Asks one server after another until one has answered.
    pub(super) async fn fetch_response<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        selection: &mut PeerSelection<'_>,
    ) -> Result<(UpstreamRequest, ResponseHead), ProxyError> {
        let upstreams = &x.cycle.upstreams;
        loop {
            let Some((address, name)) = selection.next(upstreams.seconds(self.chosen)) else {
                let name = Rc::clone(&self.group.name);
                x.attempts.push(Attempt { address: name, status: Some(502), time: None });
                self.log(
                    x,
                    Level::Error,
                    format_args!("no live upstreams while {}", Action::Connecting),
                    &self.group.name,
                );
                return Err(ProxyError::Status(502));
            };
            x.attempts.push(Attempt { address: Rc::clone(&name), status: None, time: None });
            let (failure, sent) = match self.ask(client, x, address).await {
                Ok((upstream, head)) => {
                    let on = &x.settings.proxy.next_upstream;
                    let failure = UpstreamError::Status(head.status);
                    let another =
                        selection.tries > 1 && is_next_status(on, head.status) && !upstream.upload.streaming;
                    if !(another && failure.allows_next(on, x.request.method(), true)) {
                        return Ok((upstream, head));
                    }
                    (failure, SentState::Whole)
                }
                Err(AttemptError::Failed(failure, sent)) => (failure, sent),
                Err(AttemptError::ProxyError(status, action)) => {
                    self.finish_attempt(x, None);
                    return Err(self.client_error(x, status, action, &name));
                }
            };
            let now = self.finish_attempt(x, Some(failure.status()));
            if !matches!(failure, UpstreamError::Status(_)) {
                self.log(x, Level::Error, format_args!("{failure}"), &name);
            }
            if selection.report(failure.peer_outcome(), upstreams.seconds(now)) {
                self.log(
                    x,
                    Level::Warn,
                    format_args!("upstream server temporarily disabled while {}", failure.action()),
                    &name,
                );
            }
            let late = !x.settings.proxy.next_upstream_timeout.is_zero()
                && now - self.began >= x.settings.proxy.next_upstream_timeout;
            let replayable = sent != SentState::Streamed;
            let method = x.request.method();
            if selection.tries == 0
                || late
                || !replayable
                || !failure.allows_next(&x.settings.proxy.next_upstream, method, sent != SentState::Nothing)
            {
                return Err(ProxyError::Status(failure.status()));
            }
            self.chosen = now;
        }
    }

    /// Asks one server: first on a connection that is open already, then on a new one.
    async fn ask<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        address: SocketAddr,
    ) -> Result<(UpstreamRequest, ResponseHead), AttemptError> {
        let once = is_non_idempotent(x.request.method()) && !x.settings.proxy.next_upstream.non_idempotent;
        if self.request.persistent
            && let Some(connection) = self.group.pool.take(address, once)
        {
            let mut upstream = self.upstream_request(x, connection);
            match self.exchange(&mut upstream, client, x).await {
                // Closed between two requests, before a byte of an answer: another connection may do.
                Err(AttemptError::Failed(failure, SentState::Whole))
                    if failure.is_stale_connection() && upstream.input.is_empty() && !once => {}
                Err(failed) => return Err(failed),
                Ok(head) => return Ok((upstream, head)),
            }
        }
        let Some(slot) = x.cycle.connections.connect() else {
            let limit = x.cycle.connections.limit();
            let not_enough = format_args!("{limit} worker_connections are not enough");
            self.cannot_connect(x, not_enough, address);
            return Err(AttemptError::ProxyError(Abort::Status(500), Action::Connecting));
        };
        let connecting = connect(address, x.settings.proxy.connect_timeout);
        let stream = match client.unless_gone(connecting).await {
            Some(Ok(stream)) => stream,
            // Not its fault, and the next one could not be asked either.
            Some(Err(UpstreamError::Connect(error))) if is_out_of_descriptors(&error) => {
                self.cannot_connect(x, format_args!("socket() failed ({})", describe(&error)), address);
                return Err(AttemptError::ProxyError(Abort::Status(500), Action::Connecting));
            }
            Some(Err(failure)) => return Err(AttemptError::Failed(failure, SentState::Nothing)),
            None => return Err(AttemptError::ProxyError(Abort::SendError, Action::Connecting)),
        };
        let mut upstream =
            self.upstream_request(x, UpstreamConnection { stream, address, requests: 0, slot });
        let head = self.exchange(&mut upstream, client, x).await?;
        Ok((upstream, head))
    }

    fn upstream_request(&self, x: &Exchange<'_>, connection: UpstreamConnection) -> UpstreamRequest {
        let limits = UploadLimits {
            body: x.settings.client_max_body_size,
            client: x.settings.client_body_timeout,
            server: x.settings.proxy.send_timeout,
        };
        let upload = Upload::new(&self.request.head, self.sending == RequestBody::Chunked, limits);
        UpstreamRequest { connection, input: Buffer::default(), upload }
    }

    async fn exchange<C: Stream>(
        &mut self,
        upstream: &mut UpstreamRequest,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<ResponseHead, AttemptError> {
        let asked = upstream.response_head(client, x).await;
        let sent = if upstream.upload.streaming { SentState::Streamed } else { SentState::Whole };
        match asked {
            Ok(head) if head.status == 101 && !(self.request.upgrade && upstream.upload.is_done()) => {
                Err(AttemptError::Failed(
                    UpstreamError::InvalidHeader("upstream sent unexpected 101 response"),
                    sent,
                ))
            }
            Ok(head) => Ok(head),
            Err(ResponseError::Server(failure)) => Err(AttemptError::Failed(failure, sent)),
            Err(ResponseError::ClientGone) => {
                Err(AttemptError::ProxyError(Abort::SendError, Action::ReadingHeader))
            }
            Err(ResponseError::Client(stopped)) => {
                Err(AttemptError::ProxyError(Abort::Request(stopped), Action::SendingRequest))
            }
        }
    }

    /// The client failed while an app server was being asked.
    fn client_error(&self, x: &mut Exchange<'_>, stop: Abort, action: Action, peer: &str) -> ProxyError {
        match stop {
            Abort::Status(status) => ProxyError::Status(status),
            Abort::SendError => {
                let gone = "client prematurely closed connection, so upstream connection is closed too while";
                self.log(x, Level::Info, format_args!("{gone} {action}"), peer);
                x.status = 499;
                ProxyError::Close
            }
            Abort::Request(stopped) => request::refuse(x, stopped),
        }
    }

    /// There is no connection to be had to ask anybody by.
    fn cannot_connect(&self, x: &Exchange<'_>, why: fmt::Arguments<'_>, to: SocketAddr) {
        self.log(x, Level::Alert, format_args!("{why} while {}", Action::Connecting), &to.to_string());
    }
}
