use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use serde_json::json;

/// The longest body of `/api/bytes`, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

pub(super) async fn status(Path(code): Path<u16>, _body: Bytes) -> Response {
    match StatusCode::from_u16(code) {
        Ok(status @ (StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)) => status.into_response(),
        Ok(status) if code >= 200 => (status, Json(json!({ "status": code }))).into_response(),
        _ => (StatusCode::BAD_REQUEST, "a final status is from 200 to 999\n").into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct RedirectQuery {
    to: String,
    status: Option<u16>,
}

pub(super) async fn redirect(Query(redirect): Query<RedirectQuery>, _body: Bytes) -> Response {
    let status =
        redirect.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::FOUND);
    (status, [(LOCATION, redirect.to)]).into_response()
}

pub(super) async fn cookies() -> impl IntoResponse {
    let cookies = [
        (SET_COOKIE, "session=s3cr3t; Path=/; HttpOnly"),
        (SET_COOKIE, "theme=dark; Path=/api; Max-Age=3600"),
        (SET_COOKIE, "empty=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    (AppendHeaders(cookies), "three cookies\n")
}

/// Fields that must cross a proxy as they are, and fields that must not cross (RFC 9110 §7.6.1).
pub(super) async fn headers() -> impl IntoResponse {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-repeated", "one"),
        ("x-repeated", "two, three"),
        ("x-repeated", "one"),
        ("x-empty", ""),
        ("x-quoted", r#""a, \"b\"; c""#),
        ("x-separators", "a=b; c=d, e:f"),
        ("x_under_score", "kept"),
        ("cache-control", "no-store, private"),
        ("etag", r#"W/"v1""#),
        ("link", "</a>; rel=preload, </b>; rel=next"),
        ("www-authenticate", r#"Basic realm="a, b", charset="UTF-8""#),
        ("connection", "X-Internal"),
        ("x-internal", "secret"),
        ("keep-alive", "timeout=7"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(latin) = HeaderValue::from_bytes(b"caf\xe9") {
        headers.append(HeaderName::from_static("x-latin"), latin);
    }
    (headers, "odd headers\n")
}

#[derive(Deserialize)]
pub(super) struct BytesQuery {
    chunked: Option<String>,
}

pub(super) async fn bytes(Path(length): Path<usize>, Query(query): Query<BytesQuery>) -> Response {
    if length > MAX_BYTES {
        return (StatusCode::BAD_REQUEST, format!("at most {MAX_BYTES} bytes\n")).into_response();
    }
    let bytes = patterned(length);
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (HeaderName::from_static("x-digest"), crate::digest::hex_digest(&bytes)),
    ];
    let body = match query.chunked {
        None => Body::from(bytes),
        Some(_) => {
            let pieces: Vec<_> = bytes
                .chunks(16 * 1024)
                .map(|piece| Ok::<_, std::io::Error>(bytes.slice_ref(piece)))
                .collect();
            Body::from_stream(stream::iter(pieces))
        }
    };
    (headers, body).into_response()
}

/// Bytes of every value, in a pattern that repeats only after 251 × 256 of them, so that lost and reordered blocks show.
fn patterned(length: usize) -> Bytes {
    const PERIOD: usize = 251 * 256;
    let period: Vec<u8> =
        (0..length.min(PERIOD)).map(|index| ((index % 251) ^ (index / 251)) as u8).collect();
    let mut bytes = period.repeat(length.div_ceil(PERIOD));
    bytes.truncate(length);
    bytes.into()
}
