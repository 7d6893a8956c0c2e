//! The app that `blue` and `green` are instances of.
//!
//! | path | what it does |
//! |---|---|
//! | `GET /api/items` | every item, as a JSON array |
//! | `POST /api/items` | creates an item from a JSON object: 201, `Location`; each `X-Request-Id` is kept in the item |
//! | `GET PUT PATCH DELETE /api/items/{id}` | reads, replaces, merges, removes (204) one; 404 when there is none |
//! | `/api/echo`, any other path that starts with `/api` or `/stomp/` | the request as it arrived, as JSON ([`Echo`]) |
//! | `/api/status/{code}` | that status, 200 to 999, with a JSON body unless it is 204 or 304 |
//! | `/api/redirect?to=…&status=302` | `Location` as given |
//! | `/api/cookies` | three `Set-Cookie` fields |
//! | `/api/headers` | repeated, empty and odd fields, and hop-by-hop ones that must not cross a proxy |
//! | `/api/bytes/{n}?chunked=1` | `n` bytes (at most 64 MiB), their SHA-256 in `X-Digest`; with `Content-Length` unless `chunked` |
//! | `/api/stream?chunks=5` | lines `chunk 1` and so on, each upon a [release](crate::AppServer::release), or `every=MS` |
//! | `/api/stream-up` | answers with the echo once the body has come; the journal shows it growing |
//! | `/api/duplex` | sends the body back while it comes |
//! | `/api/endless` | bytes without end, as fast as they are taken |
//! | `/api/slow` | answers upon a [release](crate::AppServer::release), or after `ms=…` |
//! | `/api/trailers` | a chunked response with trailer fields; plain for HTTP/1.0, which has none |
//! | `/api/early?status=413` | answers before it has read the body |
//! | `/api/early-hints` | a 103 with `Link` before the 200; no 103 for HTTP/1.0 |
//! | `/stomp/ws` | STOMP over WebSocket ([`crate::stomp`]) |
//! | `GET /stomp/ws/info` | what a SockJS client asks first |
//! | `/stomp/ws/{server}/{session}/websocket` | STOMP over SockJS; `/stomp/ws/websocket` without its framing |
//! | `/stomp/ws/{server}/{session}/xhr_streaming`, … | SockJS without WebSocket: `xhr`, `xhr_streaming`, `eventsource`, `htmlfile`, `xhr_send` |
//! | `/stomp/info`, … | the same for the endpoint `/stomp`, over WebSocket only |
//! | `/stomp/echo?…` | WebSocket echo ([`crate::sockets`]) |
//! | all else | 404 with the echo: the proxy should not have sent it; unless told to answer [any path](crate::AppServer::answer_any_path) |
//!
//! One that [serves a front end](crate::AppServer::serve_front_end) answers every GET with a file of it, or its page.
//!
//! Every response has `X-Instance`. A request with an `Origin` that is allowed ([`Origins`]) gets `Access-Control-Allow-Origin` with
//! that origin and `Vary: Origin`, as an app with CORS rules of its own does; SockJS's requests allow credentials, too. `OPTIONS` is answered by the app, too, but with 200 and
//! `X-Answered-By: app`, so that a preflight that came through is told from one that the proxy answered.

mod cors;
mod echo;
mod front_end;
mod items;
mod responses;
mod streaming;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, Response};
use axum::middleware;
use axum::routing::{any, get};
use tower::ServiceExt as _;

pub use crate::instance::{Items, Origins};
pub use echo::{Echo, EchoBody};

use crate::instance::Instance;
use crate::sockets;

/// The app of an instance. Its routes are put together for the first request: most instances of a site with many are never
/// asked.
#[derive(Clone, Debug)]
pub(crate) struct App {
    instance: Arc<Instance>,
    router: Arc<OnceLock<Router>>,
}

impl App {
    pub(crate) fn new(instance: Arc<Instance>) -> App {
        App { instance, router: Arc::default() }
    }

    /// What it answers.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let router = self.router.get_or_init(|| router(&self.instance)).clone();
        router.oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

fn router(instance: &Arc<Instance>) -> Router {
    Router::new()
        .route("/api/items", get(items::list).post(items::create))
        .route(
            "/api/items/{id}",
            get(items::read).put(items::replace).patch(items::merge).delete(items::remove),
        )
        .route("/api/status/{code}", any(responses::status))
        .route("/api/redirect", any(responses::redirect))
        .route("/api/cookies", any(responses::cookies))
        .route("/api/headers", any(responses::headers))
        .route("/api/bytes/{length}", any(responses::bytes))
        .route("/api/stream", any(streaming::stream))
        .route("/api/stream-up", any(echo::echo))
        .route("/api/duplex", any(streaming::duplex))
        .route("/api/endless", any(streaming::endless))
        .route("/api/slow", any(streaming::slow))
        .route("/api/trailers", any(streaming::trailers))
        .route("/api/early", any(streaming::early))
        .route("/api/early-hints", any(streaming::early_hints))
        .merge(sockets::router())
        .fallback(echo::echo)
        .layer(middleware::from_fn_with_state(Arc::clone(instance), front_end::serve))
        .layer(middleware::from_fn_with_state(Arc::clone(instance), sockets::anywhere))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(instance), cors::add_headers))
        .with_state(Arc::clone(instance))
}
