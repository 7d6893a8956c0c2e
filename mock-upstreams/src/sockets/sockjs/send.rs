//! The request by which a client sends.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::headers::NOT_CACHED;
use crate::instance::Shared;
use crate::sockjs::frame;

/// The longest body, in bytes.
const MAX_LENGTH: usize = 16 * 1024 * 1024;

pub(super) async fn xhr_send(
    State(instance): Shared,
    Path((_, name)): Path<(String, String)>,
    body: Body,
) -> Response {
    let Ok(body) = to_bytes(body, MAX_LENGTH).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if body.is_empty() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "Payload expected.").into_response();
    }
    let array = String::from_utf8(body.into()).ok().filter(|text| frame::unwrap(text).is_ok());
    let Some(array) = array else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "Broken JSON encoding.").into_response();
    };
    let taken = match instance.sockjs.get(&name) {
        Some(session) => session.send(array).await,
        None => false,
    };
    match taken {
        true => (StatusCode::NO_CONTENT, [(CONTENT_TYPE, "text/plain; charset=UTF-8"), NOT_CACHED])
            .into_response(),
        // Another instance, or one that was started anew, knows nothing of the session.
        false => (StatusCode::NOT_FOUND, "no such session\n").into_response(),
    }
}
