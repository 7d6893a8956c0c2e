//! An app server's response, sent to the client.

use super::error::ProxyError;
use super::handler::ProxyHandler;
use super::response::{Delivery, HeadWritten, RelayError, ResponseHead};
use super::tunnel;
use super::upstream_error::Action;
use super::upstream_request::UpstreamRequest;
use crate::exchange::Exchange;
use crate::response::{BodyFilters, ClientConnection};
use crate::turn::{self, Moment};
use crate::upstream::{PeerOutcome, PeerSelection};
use crate::wire::{BodyReader, Framing, Stream};
use nginx_conf::model::Level;

/// A response whose head has arrived.
pub(super) struct Answer<'s, 'g> {
    pub(super) upstream: &'s mut UpstreamRequest,
    pub(super) head: &'s ResponseHead,
    pub(super) selection: &'s mut PeerSelection<'g>,
}

impl ProxyHandler<'_> {
    /// Sends the response to the client and returns the time at which that was done.
    pub(super) async fn send_response<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        answer: Answer<'_, '_>,
        delivery: &Delivery,
    ) -> Result<Moment, ProxyError> {
        let Answer { upstream, head, selection } = answer;
        // `proxy_method` may ask for what the client has not: a body that nobody reads, or none where one is due.
        let (to_head, is_head) = (x.request.is_head(), self.request.is_head);
        let has_body = head.has_body(to_head || is_head) && head.sends_body(x);
        self.request.persistent &= is_head || has_body == head.has_body(is_head);
        let body = if has_body {
            BodyReader::new(head.framing, &mut upstream.input)
        } else {
            Ok(BodyReader::empty())
        };
        let Ok(mut body) = body else {
            let name = upstream.connection.address.to_string();
            self.log(
                x,
                Level::Error,
                format_args!("upstream sent invalid chunked response while {}", Action::ReadingBody),
                &name,
            );
            let now = self.finish_attempt(x, Some(head.status));
            selection.report(PeerOutcome::Success, now.seconds());
            return Err(ProxyError::Status(502));
        };
        x.status = x.error_status.unwrap_or(head.status);
        if !client.body.is_complete() {
            x.keep_alive = false;
            x.linger = true;
        }
        x.keep_alive &= has_body || head.gains_body(x) || !head.sends_body(x);
        let has_length = matches!(head.framing, Framing::Length(_)) && !head.gains_body(x);
        if head.sends_body(x) && x.ends_with_connection() && !has_length {
            x.keep_alive = false;
        }
        let mut text = x.response_head.take();
        text.clear();
        let HeadWritten { chunked, changes } = head.write(x, delivery, &mut text);
        // Boxed, as most responses and every tunnel have none.
        let mut filters = (changes.any() && has_body).then(|| Box::new(BodyFilters::new(x, changes)));
        if filters.is_some() && x.ends_with_connection() {
            x.keep_alive = false;
        }
        client.begin(x, &text, chunked, changes.trailers);
        x.response_head.replace(text);

        let before = x.sent;
        let outcome = if head.status == 101 {
            selection.report(PeerOutcome::Success, turn::moment().seconds());
            tunnel::run(client, x, upstream).await
        } else {
            upstream.relay(client, x, &mut body, filters.as_deref_mut()).await
        };
        if upstream.tee.is_some() && matches!(outcome, Err(RelayError::ClientClosed)) {
            // It is for others, too.
            upstream.collect(x.settings.proxy.read_timeout, &mut body).await;
        }
        upstream.is_complete = body.is_done();
        if let Some(attempt) = x.attempts.last_mut() {
            attempt.length = body.total();
        }
        x.compressed = filters.as_deref().map(BodyFilters::totals).unwrap_or_default();
        x.sent = before + client.output.written();
        let now = self.finish_attempt(x, Some(head.status));
        selection.report(PeerOutcome::Success, now.seconds());
        match outcome {
            Ok(()) => return Ok(now),
            Err(RelayError::ClientClosed) => {
                x.log(Level::Info, format_args!("client prematurely closed connection"))
            }
            Err(RelayError::Broken(level, how)) => {
                self.log(x, level, format_args!("{how}"), &upstream.connection.address.to_string());
            }
        }
        Err(ProxyError::Close)
    }

    /// Keeps the connection for the next request if both sides are done with this one.
    pub(super) fn keep_alive<C>(
        &self,
        client: &mut ClientConnection<C>,
        upstream: UpstreamRequest,
        head: &ResponseHead,
        ended: Moment,
    ) {
        client.body.skip(&mut client.input);
        let is_idle = upstream.input.is_empty() && upstream.connection.output.is_finished();
        if self.request.persistent
            && head.persistent
            && head.status != 101
            && is_idle
            && !head.ends_by_close()
        {
            let mut connection = upstream.connection;
            connection.end_request();
            self.group.pool.put(connection, ended);
        }
    }
}
