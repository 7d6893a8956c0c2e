//! `proxy_pass`: asks an app server, another one if that fails, and passes the response on.

mod accel;
mod cache;
mod error;
mod handler;
mod next_upstream;
mod request;
pub(crate) mod response;
mod send_response;
mod sticky;
mod traced;
mod tunnel;
mod upstream_error;
mod upstream_request;

use cache::{CacheContext, Opened};
pub(crate) use error::ProxyError;
use handler::ProxyHandler;
pub(crate) use request::read_whole_body;
use request::{Destination, EvaluatedPass, RequestBody};
use response::Delivery;
use send_response::Answer;
use traced::trace_request;

use crate::exchange::Exchange;
use crate::message::request::BodyLength;
use crate::response::ClientConnection;
use crate::trace::Step;
use crate::upstream::{PeerOutcome, UpstreamGroup};
use crate::variables::Variables;
use crate::wire::Stream;
use nginx_conf::model::{ErrorPage, Level, ProxyHttpVersion, ProxyPass, Sticky};

/// Handles a request by asking an app server.
pub(crate) async fn handle<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
) -> Result<(), ProxyError> {
    let (cycle, settings) = (x.cycle, x.settings);
    let Some(pass) = &settings.proxy_pass else { return Err(ProxyError::Status(500)) };
    let evaluated;
    let (pass, destination) = match &pass.computed {
        None => (pass, Destination::Upstream(pass.upstream)),
        Some(url) => {
            let EvaluatedPass { pass, destination } = request::evaluate_pass(x, url)?;
            evaluated = pass;
            x.evaluated_pass = Some(evaluated.clone());
            (&evaluated, destination)
        }
    };
    request::read_body(client, x).await?;
    if !settings.proxy.passes_body() && !client.discard_body().await {
        x.status = 408;
        return Err(ProxyError::Close);
    }
    let body = request_body(x)?;
    let opened = match settings.proxy.cache.zone {
        None => Opened::Off,
        Some(_) => Box::pin(cache::open(client, x, |x| url(x, pass))).await?,
    };
    if settings.proxy.cache.zone.is_some() {
        x.trace(|here| Step::Cache {
            directive: here.first(&["proxy_cache"]),
            status: x.cache_status.map_or("-", |status| status.name()).to_owned(),
        });
    }
    let (context, stored) = match opened {
        Opened::Off => (None, None),
        Opened::Ask(context) => (Some(context), None),
        Opened::Error(status) => return Err(ProxyError::Status(status)),
        Opened::Send(stored, None) => return Box::pin(cache::send_stored(client, x, &stored)).await,
        Opened::Send(stored, Some(context)) => (Some(context), Some(stored)),
    };
    let sent = match &stored {
        Some(stored) => Some(Box::pin(cache::send_stored(client, x, stored)).await),
        None => None,
    };
    let looked_up;
    let group = match &destination {
        Destination::Upstream(index) => cycle.upstreams.group(*index).ok_or(ProxyError::Status(500))?,
        Destination::Address(group) => group,
        Destination::Name(host, port) => match Box::pin(request::resolve(client, x, host, *port)).await {
            Ok(group) => {
                looked_up = Box::new(group);
                &looked_up
            }
            // It was only to be updated.
            Err(error) => return sent.unwrap_or(Err(error)),
        },
    };
    match (sent, context) {
        (Some(sent), Some(context)) => {
            Box::pin(cache::update(x, pass, group, context)).await;
            sent
        }
        (_, context) => ask(client, x, pass, group, body, context).await,
    }
}

/// What an answer is kept under, where the configuration does not say.
fn url(x: &Exchange<'_>, pass: &ProxyPass) -> Vec<u8> {
    [pass.scheme().as_bytes(), b"://", pass.host.as_bytes(), &request::target(x, pass)].concat()
}

/// Asks app servers.
async fn ask<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    pass: &ProxyPass,
    group: &UpstreamGroup,
    body: RequestBody,
    mut context: Option<Box<CacheContext>>,
) -> Result<(), ProxyError> {
    let settings = x.settings;
    let for_cache = context.as_ref().map(|context| context.request(x)).unwrap_or_default();
    let Some(request) = request::create(x, pass, body, &for_cache) else {
        x.log(Level::Error, format_args!("zero length URI to proxy"));
        return Err(ProxyError::Status(500));
    };
    trace_request(x, pass, &request);
    if group.names.are_unknown() {
        let mut known = Box::pin(group.names.known());
        if client.unless_closed(known.as_mut()).await.is_none() {
            return Err(request::left(x));
        }
    }
    let key = group.hash_key.as_ref().map(|key| x.evaluate(key)).unwrap_or_default();
    let mut selection = group.select(x.client.peer.ip(), key, settings.proxy.next_upstream_tries);
    selection.prefer(sticky::wanted_route(x, group));
    let mut handler = ProxyHandler::new(x, pass, group, request, body);
    handler.outlives_client = for_cache.shared || settings.proxy.ignore_client_abort;
    let fetched = handler.fetch_response(client, x, &mut selection).await;
    // As in nginx, which sets it when a server is chosen: an error of the proxy's own has it, too.
    if let (Some(Sticky::Cookie(cookie)), Some(route)) = (&group.sticky, selection.route()) {
        x.sticky_cookies.push(sticky::set_cookie(x, cookie, &route));
    }
    let (mut upstream, head) = match fetched {
        Ok(fetched) => fetched,
        Err(error) => {
            return Box::pin(cache::after_failure(client, x, context, handler.failure, error)).await;
        }
    };
    accel::act_on_fields(x);
    sticky::learn(x, group, &selection, true);
    if let Some(known) = &mut context
        && let Some(stored) = known.instead_of(x, &head)
    {
        let now = handler.finish_attempt(x, Some(head.status));
        selection.report(PeerOutcome::Success, now.seconds());
        let sent = Box::pin(cache::send_stored(client, x, &stored)).await;
        if head.status == 304 {
            handler.keep_alive(client, upstream, &head, now);
        }
        return sent;
    }
    let is_for = |page: &ErrorPage| page.status == head.status;
    if settings.proxy.intercept_errors && head.status >= 300 && settings.error_page.iter().any(is_for) {
        // The rest of the response goes down with the connection.
        handler.finish_attempt(x, Some(head.status));
        if let Some(context) = &mut context {
            context.keep_error(x, head.status);
        }
        return Err(ProxyError::Status(head.status));
    }
    if x.is_subrequest && !handler.outlives_client {
        // Nobody waits for the rest, which goes down with the connection.
        let now = handler.finish_attempt(x, Some(head.status));
        selection.report(PeerOutcome::Success, now.seconds());
        x.status = x.error_status.unwrap_or(head.status);
        return Ok(());
    }
    if !x.is_subrequest
        && let Some(elsewhere) = handler.accel_redirect(x, &head)
    {
        // The rest goes down with the connection.
        let now = handler.finish_attempt(x, Some(head.status));
        selection.report(PeerOutcome::Success, now.seconds());
        return Err(elsewhere);
    }
    if handler.outlives_client && client.has_left().await {
        // As in nginx, nothing is kept if there is nobody to send the head to.
        x.log(Level::Info, format_args!("client prematurely closed connection"));
        let now = handler.finish_attempt(x, Some(head.status));
        selection.report(PeerOutcome::Success, now.seconds());
        x.status = head.status;
        return Err(ProxyError::Close);
    }
    let answer = Answer { upstream: &mut upstream, head: &head, selection: &mut selection };
    let ended = match context {
        Some(context) => Box::pin(cache::pass_on(client, x, &mut handler, answer, context)).await?,
        None => Some(handler.send_response(client, x, answer, &Delivery::AsReceived).await?),
    };
    sticky::learn(x, group, &selection, false);
    if let Some(ended) = ended {
        handler.keep_alive(client, upstream, &head, ended);
    }
    x.upstream_head.replace(handler.request.head);
    Ok(())
}

/// How the body is framed for the app server: by its length if known, in chunks otherwise. HTTP/1.0 has no chunks, so a
/// body that is too long to find out its length is refused.
fn request_body(x: &Exchange<'_>) -> Result<RequestBody, ProxyError> {
    match x.request.body {
        BodyLength::None => Ok(RequestBody::None),
        _ if !x.settings.proxy.passes_body() => Ok(RequestBody::None),
        BodyLength::Known(length) => Ok(RequestBody::Length(length)),
        BodyLength::Chunked if x.settings.proxy.http_version == Some(ProxyHttpVersion::Http10) => {
            Err(ProxyError::Status(411))
        }
        BodyLength::Chunked => Ok(RequestBody::Chunked),
    }
}
