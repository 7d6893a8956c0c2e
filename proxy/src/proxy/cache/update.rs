//! `proxy_cache_background_update`: fetches a new answer after the old one was given.

use super::CacheContext;
use crate::exchange::{CacheStatus, Exchange};
use crate::proxy::error::ProxyError;
use crate::proxy::handler::ProxyHandler;
use crate::proxy::request::{self, RequestBody};
use crate::proxy::response::Tee;
use crate::response::ClientConnection;
use crate::turn;
use crate::upstream::{PeerOutcome, UpstreamGroup};
use crate::variables::Variables;
use crate::wire::{BodyReader, SilentStream};
use nginx_conf::model::ProxyPass;

/// Fetches it; nothing comes of it if the app server fails.
pub(crate) async fn update(
    x: &Exchange<'_>,
    pass: &ProxyPass,
    group: &UpstreamGroup,
    mut context: Box<CacheContext>,
) {
    let Some(mut x) = x.update() else { return };
    let x = &mut x;
    x.cache_status = Some(CacheStatus::Expired);
    let mut client = ClientConnection::new(SilentStream);
    let Some(request) = request::create(x, pass, RequestBody::None, &context.request(x)) else { return };
    group.names.known().await;
    let key = group.hash_key.as_ref().map(|key| x.evaluate(key)).unwrap_or_default();
    let mut selection = group.select(x.client.peer.ip(), key, x.settings.proxy.next_upstream_tries);
    let mut handler = ProxyHandler::new(x, pass, group, request, RequestBody::None);
    let fetched = handler.fetch_response(&mut client, x, &mut selection).await;
    let (mut upstream, head) = match fetched {
        Ok(fetched) => fetched,
        Err(ProxyError::Status(status @ (502 | 504))) => return context.keep_error(x, status),
        Err(_) => return,
    };
    context.weigh(x);
    if let Some(renewed) = context.revalidated(x, head.status) {
        return context.renew(renewed.renewed);
    }
    if context.stale_for_status(x, head.status).is_some() {
        return;
    }
    if let Some(valid) = context.valid_until(x, head.status) {
        let has_body = head.has_body(handler.request.is_head);
        let body = if has_body {
            BodyReader::new(head.framing, &mut upstream.input)
        } else {
            Ok(BodyReader::empty())
        };
        upstream.tee = Some(Tee::default());
        if let Ok(mut body) = body {
            upstream.is_complete = upstream.collect(x.settings.proxy.read_timeout, &mut body).await;
        }
        if let Some(bytes) = upstream.tee.take().filter(|_| upstream.is_complete).and_then(Tee::into_bytes) {
            context.store(x, &head, bytes, valid);
        }
    }
    let now = handler.finish_attempt(x, Some(head.status));
    selection.report(PeerOutcome::Success, now.seconds());
    if upstream.is_complete {
        handler.keep_alive(&mut client, upstream, &head, turn::moment());
    }
}
