//! Passes an app server's answer on, and keeps it.

use bytes::Bytes;

use super::CacheContext;
use super::deliver::{self, Demand};
use crate::cache::MAX_STORED_BODY;
use crate::exchange::{CacheStatus, Exchange};
use crate::proxy::error::ProxyError;
use crate::proxy::handler::{ProxyHandler, UpstreamFailure};
use crate::proxy::response::{Delivery, Tee};
use crate::proxy::send_response::Answer;
use crate::response::ClientConnection;
use crate::turn::Moment;
use crate::upstream::PeerOutcome;
use crate::wire::{BodyReader, Framing, Stream};

/// Gives the old answer after all app servers have failed, if that is wanted.
pub(crate) async fn after_failure<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    context: Option<Box<CacheContext>>,
    failure: Option<UpstreamFailure>,
    error: ProxyError,
) -> Result<(), ProxyError> {
    let Some(mut context) = context else { return Err(error) };
    if let Some(stale) = failure.and_then(|failure| context.stale_for_failure(x, failure)) {
        x.cache_status = Some(CacheStatus::Stale);
        return deliver::send_stored(client, x, &stale).await;
    }
    if let ProxyError::Status(status @ (502 | 504)) = error {
        context.keep_error(x, status);
    }
    Err(error)
}

/// Passes on what the client has asked for, and keeps all of it. Returns when the app server's connection became idle.
pub(crate) async fn pass_on<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    handler: &mut ProxyHandler<'_>,
    answer: Answer<'_, '_>,
    mut context: Box<CacheContext>,
) -> Result<Option<Moment>, ProxyError> {
    let Answer { upstream, head, selection } = answer;
    let is_cacheable = context.is_cacheable && head.status != 101;
    let is_too_long = matches!(head.framing, Framing::Length(length) if length > MAX_STORED_BODY as u64);
    let demand = match is_cacheable {
        true => Demand::of(x, head),
        false => Demand::Delivery(Delivery::AsReceived, Vec::new()),
    };
    let demand = match demand {
        Demand::Delivery(Delivery::Part { .. }, _) if is_too_long => {
            Demand::Delivery(Delivery::Whole, Vec::new())
        }
        demand => demand,
    };
    let is_refused = matches!(demand, Demand::Unsatisfiable(_) | Demand::Failed);
    let is_kept = is_cacheable && !is_too_long && !is_refused;
    let valid = context.valid_until(x, head.status).filter(|_| is_kept);
    let is_streamed = handler.request.is_head == x.request.is_head();
    if let Demand::Delivery(delivery @ (Delivery::AsReceived | Delivery::Whole), _) = &demand
        && is_streamed
    {
        upstream.tee = valid.map(|_| Tee::default());
        let answer = Answer { upstream: &mut *upstream, head, selection };
        let sent = handler.send_response(client, x, answer, delivery).await;
        let body = upstream.tee.take().filter(|_| upstream.is_complete).and_then(Tee::into_bytes);
        if let (Some(valid), Some(body)) = (valid, body) {
            context.store(x, head, body, valid);
        }
        return sent.map(Some);
    }
    let needs_body = valid.is_some() || matches!(&demand, Demand::Delivery(Delivery::Part { .. }, _));
    let mut body = None;
    if needs_body {
        let reader = match head.has_body(handler.request.is_head) {
            true => BodyReader::new(head.framing, &mut upstream.input),
            false => Ok(BodyReader::empty()),
        };
        upstream.tee = Some(Tee::default());
        if let Ok(mut reader) = reader {
            upstream.is_complete = upstream.collect(x.settings.proxy.read_timeout, &mut reader).await;
        }
        body = upstream.tee.take().filter(|_| upstream.is_complete).and_then(Tee::into_bytes);
        if body.is_none() && matches!(&demand, Demand::Delivery(Delivery::Part { .. }, _)) {
            return Err(ProxyError::Status(502));
        }
    }
    let now = handler.finish_attempt(x, Some(head.status));
    selection.report(PeerOutcome::Success, now.seconds());
    if let (Some(valid), Some(body)) = (valid, &body) {
        context.store(x, head, Bytes::clone(body), valid);
    }
    deliver::send(client, x, head, demand, &body.unwrap_or_default()).await?;
    Ok(upstream.is_complete.then_some(now))
}
