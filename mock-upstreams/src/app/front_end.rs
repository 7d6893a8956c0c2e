//! A front end as its own server has it: the files of a build, and one page for every path that is none.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::instance::Instance;

/// The longest file that is sent, in bytes.
const MAX_FILE_LENGTH: u64 = 64 * 1024 * 1024;

/// Answers GET with a file of the build, or its page, where the instance has one.
pub(super) async fn serve(State(instance): State<Arc<Instance>>, request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let build = instance.front_end.get().filter(|_| is_read);
    match build.and_then(|build| file_at(build, request.uri().path())) {
        Some((path, bytes)) => response(&path, bytes),
        None => next.run(request).await,
    }
}

/// The file at a path of the site; the page for one that is none.
fn file_at(build: &Path, path: &str) -> Option<(PathBuf, Vec<u8>)> {
    let relative = Path::new(path.trim_start_matches('/'));
    let is_inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let asked = Some(build.join(relative)).filter(|path| is_inside && path.is_file());
    let file = asked.unwrap_or_else(|| build.join("index.html"));
    let is_short = file.metadata().is_ok_and(|found| found.is_file() && found.len() <= MAX_FILE_LENGTH);
    let bytes = is_short.then(|| std::fs::read(&file).ok())??;
    Some((file, bytes))
}

fn response(file: &Path, bytes: Vec<u8>) -> Response {
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript",
        Some("css") => "text/css",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if kind.starts_with("text/html") {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}
