//! SockJS's requests: what a client asks first, and the transports that are made of requests.

mod headers;
mod info;
mod receive;
mod send;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::instance::Instance;

pub(super) use info::info;

/// The last part of the paths of transports that are made of requests.
pub(super) const HTTP_TRANSPORTS: [&str; 5] =
    ["/xhr", "/xhr_streaming", "/eventsource", "/htmlfile", "/xhr_send"];

/// The transports that are made of requests, of sessions below that endpoint.
pub(super) fn http_transports(endpoint: &str) -> Router<Arc<Instance>> {
    let path = |transport: &str| format!("{endpoint}/{{server}}/{{session}}/{transport}");
    Router::new()
        .route(&path("xhr"), post(receive::poll))
        .route(&path("xhr_streaming"), post(receive::xhr_streaming))
        .route(&path("eventsource"), get(receive::eventsource))
        .route(&path("htmlfile"), get(receive::htmlfile))
        .route(&path("xhr_send"), post(send::xhr_send))
}
