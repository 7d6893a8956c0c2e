use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, TRAILER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde::Deserialize;

use crate::instance::{Instance, RequestArrival, Shared};
use crate::transport::RawResponse;

#[derive(Deserialize)]
pub(super) struct StreamQuery {
    chunks: Option<u32>,
    every: Option<u64>,
}

/// Head at once, then chunk by chunk.
pub(super) async fn stream(
    State(instance): Shared,
    Query(pace): Query<StreamQuery>,
    _body: Bytes,
) -> Response {
    let (chunks, every) = (pace.chunks.unwrap_or(5), pace.every);
    let lines = stream::unfold(1, move |number| {
        let instance = Arc::clone(&instance);
        async move {
            if number > chunks {
                return None;
            }
            wait(&instance, every).await;
            Some((Ok::<_, std::io::Error>(format!("chunk {number}\n")), number + 1))
        }
    });
    ([(CONTENT_TYPE, "text/plain")], Body::from_stream(lines)).into_response()
}

/// Sends back the body as it arrives.
pub(super) async fn duplex(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(body.into_data_stream())).into_response()
}

/// Sends for as long as the client reads.
pub(super) async fn endless(_body: Bytes) -> Response {
    let piece = Bytes::from_static(&[b'.'; 16 * 1024]);
    let pieces = stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
    ([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(pieces)).into_response()
}

#[derive(Deserialize)]
pub(super) struct SlowQuery {
    ms: Option<u64>,
}

pub(super) async fn slow(
    State(instance): Shared,
    Query(delay): Query<SlowQuery>,
    _body: Bytes,
) -> &'static str {
    wait(&instance, delay.ms).await;
    "slow, but here\n"
}

/// Waits that many milliseconds, or for a release.
async fn wait(instance: &Instance, milliseconds: Option<u64>) {
    match milliseconds {
        Some(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        None => instance.gate.step().await,
    }
}

#[derive(Deserialize)]
pub(super) struct EarlyQuery {
    status: Option<u16>,
}

/// Does not read the body, so that the response is sent first.
pub(super) async fn early(Query(early): Query<EarlyQuery>) -> (StatusCode, &'static str) {
    let status = early.status.and_then(|status| StatusCode::from_u16(status).ok());
    (status.unwrap_or(StatusCode::PAYLOAD_TOO_LARGE), "answered before the body was read\n")
}

/// hyper sends trailers only if the request has `TE: trailers`, which proxies do not pass on, so they are written by hand.
/// HTTP/1.0 has neither chunks nor trailers (RFC 9112 §6.1).
pub(super) async fn trailers(
    State(instance): Shared,
    Extension(arrival): RequestArrival,
    _body: Bytes,
) -> Response {
    match arrival.head.version.as_str() {
        "HTTP/1.0" => return ([(CONTENT_TYPE, "text/plain")], "body, and more").into_response(),
        "HTTP/2" => return trailers_in_frames(),
        _ => {}
    }
    raw(format!(
        "HTTP/1.1 200 OK\r\nX-Instance: {}\r\nContent-Type: text/plain\r\nTrailer: X-Checksum, X-Late\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         5\r\nbody,\r\n9\r\n and more\r\n0\r\nX-Checksum: abc\r\nX-Late: yes\r\n\r\n",
        instance.name
    ))
}

/// The same as hyper sends it over HTTP/2.
fn trailers_in_frames() -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from_static("abc"));
    trailers.insert("x-late", HeaderValue::from_static("yes"));
    let frames = [
        Frame::data(Bytes::from_static(b"body,")),
        Frame::data(Bytes::from_static(b" and more")),
        Frame::trailers(trailers),
    ];
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
    ([(CONTENT_TYPE, "text/plain"), (TRAILER, "X-Checksum, X-Late")], Body::new(body)).into_response()
}

/// hyper cannot send interim responses, and over HTTP/2 nobody else can. HTTP/1.0 must not get any (RFC 9110 §15.2).
pub(super) async fn early_hints(
    State(instance): Shared,
    Extension(arrival): RequestArrival,
    _body: Bytes,
) -> Response {
    if arrival.head.version != "HTTP/1.1" {
        return ([(CONTENT_TYPE, "text/plain")], "and all\n").into_response();
    }
    raw(format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </assets/app.js>; rel=preload\r\n\r\n\
         HTTP/1.1 200 OK\r\nX-Instance: {}\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\
         and all\n",
        instance.name
    ))
}

fn raw(response: String) -> Response {
    let mut placeholder = ().into_response();
    placeholder.extensions_mut().insert(RawResponse(Bytes::from(response)));
    placeholder
}
