use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    ORIGIN, VARY,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::instance::Instance;
use crate::sockets;

/// Answers `OPTIONS`, and adds the CORS headers and `X-Instance` to every response.
pub(super) async fn add_headers(
    State(instance): State<Arc<Instance>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    // sockjs-client asks with credentials, and browsers keep an answer from it that does not allow them.
    let is_sockjs = sockets::is_sockjs(request.uri().path());
    let disabled = instance.cors_disabled.load(Ordering::Relaxed);
    let allowed = origin
        .filter(|_| !disabled)
        .filter(|origin| origin.to_str().is_ok_and(|origin| instance.origins.allow(origin)));
    let mut response = match *request.method() {
        Method::OPTIONS => options(&instance),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if is_sockjs {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Ok(name) = HeaderValue::from_str(&instance.name) {
        headers.insert(HeaderName::from_static("x-instance"), name);
    }
    response
}

fn options(instance: &Instance) -> Response {
    let headers = [
        (HeaderName::from_static("x-answered-by"), "app"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (ALLOW, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ];
    (headers, format!("{} answered OPTIONS itself\n", instance.name)).into_response()
}
