//! `proxy_pass`: asks an app server, another one if that fails, and passes the response on.

mod error;
mod handler;
mod next_upstream;
mod request;
pub(crate) mod response;
mod send_response;
mod tunnel;
mod upstream_error;
mod upstream_request;

use std::time::Instant;

pub(crate) use error::ProxyError;
use handler::ProxyHandler;
use request::RequestBody;
pub(crate) use request::read_whole_body;

use crate::exchange::Exchange;
use crate::message::request::BodyLength;
use crate::response::ClientConnection;
use crate::upstream::PeerOutcome;
use crate::wire::Stream;
use nginx_conf::model::{ErrorPage, Level};

/// Handles a request by asking an app server.
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
            let target = request::evaluate_pass(x, url)?;
            resolved = target.pass;
            x.evaluated_pass = Some(resolved.clone());
            address = target.address;
            let group = address.as_deref().or_else(|| cycle.upstreams.group(resolved.upstream));
            (&resolved, group)
        }
    };
    let Some(group) = group else { return Err(ProxyError::Status(500)) };
    request::read_body(client, x).await?;
    if !settings.proxy.pass_request_body && !client.discard_body().await {
        x.status = 408;
        return Err(ProxyError::Close);
    }
    let body = request_body(client, x)?;
    let Some(request) = request::create(x, pass, body) else {
        x.log(Level::Error, format_args!("zero length URI to proxy"));
        return Err(ProxyError::Status(500));
    };
    let mut selection = group.select(x.client.peer.ip(), settings.proxy.next_upstream_tries);
    let now = Instant::now();
    let mut handler = ProxyHandler { group, request, body, started: now, asked: 0, selected: now };
    let (mut upstream, head) = handler.fetch_response(client, x, &mut selection).await?;
    let is_for = |page: &ErrorPage| page.status == head.status;
    if settings.proxy.intercept_errors && head.status >= 300 && settings.error_page.iter().any(is_for) {
        // The rest of the response goes down with the connection.
        handler.finish_attempt(x, Some(head.status));
        return Err(ProxyError::Status(head.status));
    }
    if x.is_subrequest {
        // Nobody waits for the rest, which goes down with the connection.
        let now = handler.finish_attempt(x, Some(head.status));
        selection.report(PeerOutcome::Success, cycle.upstreams.seconds(now));
        x.status = head.status;
        return Ok(());
    }
    let ended = handler.send_response(client, x, &mut selection, &mut upstream, &head).await?;
    handler.keep_alive(client, upstream, &head, ended);
    Ok(())
}

/// How the body is framed for the app server: by its length if known, in chunks otherwise. HTTP/1.0 has no chunks, so a
/// body of unknown length is refused.
fn request_body<C>(client: &ClientConnection<C>, x: &Exchange<'_>) -> Result<RequestBody, ProxyError> {
    match x.request.body {
        BodyLength::None => Ok(RequestBody::None),
        _ if !x.settings.proxy.pass_request_body => Ok(RequestBody::None),
        BodyLength::Known(length) => Ok(RequestBody::Length(length)),
        BodyLength::Chunked if client.body.is_complete() && x.settings.proxy.request_buffering => {
            Ok(RequestBody::Length(client.body.total()))
        }
        BodyLength::Chunked if x.settings.proxy.http11 == Some(false) => Err(ProxyError::Status(411)),
        BodyLength::Chunked => Ok(RequestBody::Chunked),
    }
}
