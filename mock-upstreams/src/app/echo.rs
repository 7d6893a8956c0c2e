use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::instance::{RequestArrival, Shared};
use crate::journal::Fields;

/// A request as it arrived, in JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Echo {
    /// Name of the instance.
    pub instance: String,
    /// Its number in the instance's journal.
    pub sequence: u64,
    /// Number of the connection, and of the request on it.
    pub connection: (u64, u32),
    /// Method, in the case it was sent in.
    pub method: String,
    /// Request target, byte for byte.
    pub target: String,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: String,
    /// Name and value of every header field, in wire order.
    pub headers: Fields,
    /// The body.
    pub body: EchoBody,
}

/// The body of a request, in JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EchoBody {
    /// Length in bytes.
    pub length: usize,
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// The body itself, if it is UTF-8 and no longer than 16 KiB.
    pub text: Option<String>,
}

/// Answers with the request, once it is complete.
pub(super) async fn echo(
    State(instance): Shared,
    Extension(arrival): RequestArrival,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    const MAX_TEXT_LENGTH: usize = 16 * 1024;
    let body = match body {
        Ok(body) => body,
        Err(broken) => return broken.into_response(),
    };
    let head = &arrival.head;
    let any_path = instance.any_path.load(Ordering::Relaxed);
    let expected = any_path || head.target.starts_with("/api") || head.target.starts_with("/stomp/");
    let echo = Echo {
        instance: instance.name.clone(),
        sequence: arrival.sequence,
        connection: (arrival.connection, arrival.request),
        method: head.method.clone(),
        target: head.target.clone(),
        version: head.version.clone(),
        headers: head.headers.clone(),
        body: EchoBody {
            length: body.len(),
            sha256: crate::digest::hex_digest(&body),
            text: (body.len() <= MAX_TEXT_LENGTH).then(|| String::from_utf8(body.to_vec()).ok()).flatten(),
        },
    };
    (if expected { StatusCode::OK } else { StatusCode::NOT_FOUND }, Json(echo)).into_response()
}
