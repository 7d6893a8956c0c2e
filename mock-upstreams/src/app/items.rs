use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::instance::{Items, Shared};

pub(super) async fn list(State(instance): Shared) -> Json<Value> {
    Json(instance.items.lock().items.values().cloned().map(Value::Object).collect())
}

pub(super) async fn create(State(instance): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let mut item = match object(&body) {
        Ok(item) => item,
        Err(error) => return no_object(&error),
    };
    let mut store = instance.items.lock();
    store.last += 1;
    let id = store.last;
    item.insert("id".to_owned(), json!(id));
    item.insert("createdOn".to_owned(), json!(instance.name));
    if let Some(request) = headers.get("x-request-id").and_then(|id| id.to_str().ok()) {
        item.insert("requestId".to_owned(), json!(request));
    }
    store.items.insert(id, item.clone());
    (StatusCode::CREATED, [(LOCATION, format!("/api/items/{id}"))], Json(item)).into_response()
}

pub(super) async fn read(State(instance): Shared, Path(id): Path<u64>) -> Response {
    found(instance.items.lock().items.get(&id))
}

pub(super) async fn replace(State(instance): Shared, Path(id): Path<u64>, body: Bytes) -> Response {
    change(&instance.items, id, &body, |item, new| *item = new)
}

pub(super) async fn merge(State(instance): Shared, Path(id): Path<u64>, body: Bytes) -> Response {
    change(&instance.items, id, &body, |item, new| item.extend(new))
}

pub(super) async fn remove(State(instance): Shared, Path(id): Path<u64>) -> Response {
    match instance.items.lock().items.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => found(None),
    }
}

fn change(
    items: &Items,
    id: u64,
    body: &[u8],
    change: impl FnOnce(&mut Map<String, Value>, Map<String, Value>),
) -> Response {
    let new = match object(body) {
        Ok(new) => new,
        Err(error) => return no_object(&error),
    };
    let mut store = items.lock();
    if let Some(item) = store.items.get_mut(&id) {
        change(item, new);
        item.insert("id".to_owned(), json!(id));
    }
    found(store.items.get(&id))
}

fn found(item: Option<&Map<String, Value>>) -> Response {
    match item {
        Some(item) => Json(item).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such item" }))).into_response(),
    }
}

/// The JSON object in a body; an empty body is an empty one.
fn object(body: &[u8]) -> serde_json::Result<Map<String, Value>> {
    if body.is_empty() { Ok(Map::new()) } else { serde_json::from_slice(body) }
}

fn no_object(error: &serde_json::Error) -> Response {
    let error = json!({ "error": format!("not a JSON object: {error}") });
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}
