//! `proxy_pass`: asks an app server, another one where that fails, and passes its answer on.

mod error;
mod eval;
mod failure;
mod redirect;
mod request;
mod request_buffering;
pub(crate) mod response;
mod tunnel;
mod upload;
mod upstream_request;

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

pub(crate) use error::ProxyError;
use failure::{Action, UpstreamError, is_next_status, is_non_idempotent};
use request::{RequestBody, RequestHead};
use response::ResponseHead;
use upload::{Upload, UploadError, UploadLimits};
use upstream_request::{RelayError, ResponseError, UpstreamRequest, connect};

use crate::cycle::connections::is_out_of_descriptors;
use crate::exchange::{Attempt, Exchange};
use crate::log::{Escaped, describe};
use crate::message::request::BodyLength;
use crate::response::client::ClientConnection;
use crate::upstream::keepalive::UpstreamConnection;
use crate::upstream::{PeerOutcome, PeerSelection, UpstreamGroup};
use crate::wire::{BodyReader, Buffer, Stream};
use nginx_conf::model::{ErrorPage, Level};

/// Answers a request by asking an app server.
pub(crate) async fn handle<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
) -> Result<(), ProxyError> {
    let (cycle, settings) = (x.cycle, x.settings);
    let Some(pass) = &settings.proxy_pass else { return Err(ProxyError::Status(500)) };
    let (resolved, address);
    let (pass, group) = match &pass.computed {
        None => (pass, cycle.upstreams.group(pass.upstream)),
        Some(url) => {
            let target = eval::resolve(x, url)?;
            resolved = target.pass;
            x.evaluated_pass = Some(resolved.clone());
            address = target.address;
            let group = address.as_deref().or_else(|| cycle.upstreams.group(resolved.upstream));
            (&resolved, group)
        }
    };
    let Some(group) = group else { return Err(ProxyError::Status(500)) };
    request_buffering::read(client, x).await?;
    let sending = sending(client, x)?;
    let Some(request) = request::prepare(x, pass, sending) else {
        x.log(Level::Error, format_args!("zero length URI to proxy"));
        return Err(ProxyError::Status(500));
    };
    let mut turn = group.turn(x.client.peer.ip(), settings.proxy.next_upstream_tries);
    let now = Instant::now();
    let mut handler = ProxyHandler { group, request, sending, began: now, chosen: now };
    let (mut leg, head) = handler.find_answer(client, x, &mut turn).await?;
    let is_for = |page: &ErrorPage| page.status == head.status;
    if settings.proxy.intercept_errors && head.status >= 300 && settings.error_page.iter().any(is_for) {
        // What else the app server says goes with its connection.
        return Err(ProxyError::Status(head.status));
    }
    let ended = handler.pass_on(client, x, &mut turn, &mut leg, &head).await?;
    handler.keep(client, leg, &head, ended);
    Ok(())
}

/// How the body goes on: with its length where that is known, in chunks otherwise. An app server that is spoken to in
/// HTTP/1.0 cannot be sent a body whose length nobody knows yet.
fn sending<C>(client: &ClientConnection<C>, x: &Exchange<'_>) -> Result<RequestBody, ProxyError> {
    match x.request.body {
        BodyLength::None => Ok(RequestBody::Nothing),
        BodyLength::Known(length) => Ok(RequestBody::Length(length)),
        BodyLength::Chunked if client.body.is_complete() && x.settings.proxy.request_buffering => {
            Ok(RequestBody::Length(client.body.total()))
        }
        BodyLength::Chunked if x.settings.proxy.http11 == Some(false) => Err(ProxyError::Status(411)),
        BodyLength::Chunked => Ok(RequestBody::Chunked),
    }
}

/// What stays the same from one app server to the next.
struct ProxyHandler<'h> {
    group: &'h UpstreamGroup,
    request: RequestHead,
    sending: RequestBody,
    began: Instant,
    /// When the server being asked was chosen.
    chosen: Instant,
}

impl ProxyHandler<'_> {
    /// Asks one server after another until one has answered.
    async fn find_answer<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        turn: &mut PeerSelection<'_>,
    ) -> Result<(UpstreamRequest, ResponseHead), ProxyError> {
        let upstreams = &x.cycle.upstreams;
        loop {
            let Some((address, name)) = turn.next(upstreams.seconds(self.chosen)) else {
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
                Ok((leg, head)) => {
                    let on = &x.settings.proxy.next_upstream;
                    let failure = UpstreamError::Status(head.status);
                    let another = turn.tries > 1 && is_next_status(on, head.status) && !leg.upload.streaming;
                    if !(another && failure.allows_next(on, x.request.method(), true)) {
                        return Ok((leg, head));
                    }
                    (failure, SentState::Whole)
                }
                Err(AttemptError::Failed(failure, sent)) => (failure, sent),
                Err(AttemptError::ProxyError(status, action)) => {
                    self.finish(x, None);
                    return Err(self.client_failed(x, status, action, &name));
                }
            };
            let now = self.finish(x, Some(failure.status()));
            if !matches!(failure, UpstreamError::Status(_)) {
                self.log(x, Level::Error, format_args!("{failure}"), &name);
            }
            if turn.report(failure.peer_outcome(), upstreams.seconds(now)) {
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
            if turn.tries == 0
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
            && let Some(link) = self.group.pool.take(address, once)
        {
            let mut leg = self.leg(x, link);
            match self.converse(&mut leg, client, x).await {
                // Closed between two requests, before a byte of an answer: another connection may do.
                Err(AttemptError::Failed(failure, SentState::Whole))
                    if failure.is_stale_connection() && leg.input.is_empty() && !once => {}
                Err(failed) => return Err(failed),
                Ok(head) => return Ok((leg, head)),
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
        let mut leg = self.leg(x, UpstreamConnection { stream, address, requests: 0, slot });
        let head = self.converse(&mut leg, client, x).await?;
        Ok((leg, head))
    }

    fn leg(&self, x: &Exchange<'_>, link: UpstreamConnection) -> UpstreamRequest {
        let limits = UploadLimits {
            body: x.settings.client_max_body_size,
            client: x.settings.client_body_timeout,
            server: x.settings.proxy.send_timeout,
        };
        let upload = Upload::new(&self.request.head, self.sending == RequestBody::Chunked, limits);
        UpstreamRequest { link, input: Buffer::default(), upload }
    }

    async fn converse<C: Stream>(
        &mut self,
        leg: &mut UpstreamRequest,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<ResponseHead, AttemptError> {
        let asked = leg.ask(client, x).await;
        let sent = if leg.upload.streaming { SentState::Streamed } else { SentState::Whole };
        match asked {
            Ok(head) if head.status == 101 && !(self.request.upgrade && leg.upload.is_done()) => {
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

    /// Sends the client what has been answered, and says when that was done.
    async fn pass_on<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        turn: &mut PeerSelection<'_>,
        leg: &mut UpstreamRequest,
        head: &ResponseHead,
    ) -> Result<Instant, ProxyError> {
        let has_body = head.has_body(x.request.is_head());
        let body =
            if has_body { BodyReader::new(head.framing, &mut leg.input) } else { Ok(BodyReader::empty()) };
        let Ok(mut body) = body else {
            let name = leg.link.address.to_string();
            self.log(
                x,
                Level::Error,
                format_args!("upstream sent invalid chunked response while {}", Action::ReadingBody),
                &name,
            );
            let now = self.finish(x, Some(head.status));
            turn.report(PeerOutcome::Success, x.cycle.upstreams.seconds(now));
            return Err(ProxyError::Status(502));
        };
        x.status = head.status;
        if !client.body.is_complete() {
            x.keep_alive = false;
            x.linger = true;
        }
        let has_body = head.has_body(x.request.is_head());
        if has_body && x.request.version < 11 && !matches!(head.framing, crate::wire::Framing::Length(_)) {
            x.keep_alive = false;
        }
        client.output.begin();
        let mut text = x.response_head.take();
        text.clear();
        let chunked = head.relay(x, &mut text);
        client.output.head_mut().extend_from_slice(&text);
        client.output.set_chunked(chunked);
        x.response_head.replace(text);

        let before = x.sent;
        let outcome = if head.status == 101 {
            turn.report(PeerOutcome::Success, x.cycle.upstreams.seconds(Instant::now()));
            tunnel::run(client, x, leg).await
        } else {
            leg.relay(client, x, &mut body).await
        };
        x.sent = before + client.output.written();
        let now = self.finish(x, Some(head.status));
        turn.report(PeerOutcome::Success, x.cycle.upstreams.seconds(now));
        match outcome {
            Ok(()) => return Ok(now),
            Err(RelayError::Client) => {
                x.log(Level::Info, format_args!("client prematurely closed connection"))
            }
            Err(RelayError::Broken(level, how)) => {
                self.log(x, level, format_args!("{how}"), &leg.link.address.to_string());
            }
        }
        Err(ProxyError::Close)
    }

    /// Puts the connection by for the next request if both sides are done with this one.
    fn keep<C>(
        &self,
        client: &mut ClientConnection<C>,
        leg: UpstreamRequest,
        head: &ResponseHead,
        ended: Instant,
    ) {
        client.body.skip(&mut client.input);
        let quiet = leg.input.is_empty() && leg.upload.output.is_finished();
        if self.request.persistent && head.persistent && head.status != 101 && quiet && !head.ends_by_close()
        {
            let requests = leg.link.requests + 1;
            self.group.pool.put(UpstreamConnection { requests, ..leg.link }, ended.into());
        }
    }

    /// The client failed while an app server was being asked.
    fn client_failed(&self, x: &mut Exchange<'_>, stop: Abort, action: Action, peer: &str) -> ProxyError {
        match stop {
            Abort::Status(status) => ProxyError::Status(status),
            Abort::SendError => {
                let gone = "client prematurely closed connection, so upstream connection is closed too while";
                self.log(x, Level::Info, format_args!("{gone} {action}"), peer);
                x.status = 499;
                ProxyError::Close
            }
            Abort::Request(stopped) => request_buffering::refuse(x, stopped),
        }
    }

    /// Notes how the attempt under way has ended, and says when.
    fn finish(&self, x: &mut Exchange<'_>, status: Option<u16>) -> Instant {
        let now = Instant::now();
        if let Some(attempt) = x.attempts.last_mut() {
            attempt.status = status;
            attempt.time = Some(now - self.chosen);
        }
        now
    }

    /// There is no connection to be had to ask anybody by.
    fn cannot_connect(&self, x: &Exchange<'_>, why: fmt::Arguments<'_>, to: SocketAddr) {
        self.log(x, Level::Alert, format_args!("{why} while {}", Action::Connecting), &to.to_string());
    }

    fn log(&self, x: &Exchange<'_>, level: Level, message: fmt::Arguments<'_>, peer: &str) {
        let target = self.request.head.get(self.request.target.clone()).unwrap_or_default();
        x.log_upstream(level, message, Some(&format_args!("http://{peer}{}", Escaped(target))));
    }
}

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
