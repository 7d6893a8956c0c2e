//! Responses of a server with a fault.

mod raw;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::BodyExt;

use crate::app::App;
use crate::fault::Fault;
use crate::instance::Instance;
use crate::transport::{Connection, RefusedStream, StopMode};
use raw::{UNSENT_LENGTH, raw};

/// How long what precedes a reset has to be sent.
const BEFORE_RESET: Duration = Duration::from_millis(50);

/// Answers a request as `fault` demands; returns only when there is a response for hyper to send.
pub(super) async fn respond(
    fault: Fault,
    request: Request<Body>,
    instance: &Arc<Instance>,
    connection: &Connection,
    app: App,
) -> Response<Body> {
    if let Fault::ExtraHeaders(headers) = &fault {
        let mut response = app.answer(request).await;
        add(headers, &mut response);
        return response;
    }
    let own = own_address(request.headers()) + beside(request.uri().path());
    // If the client disconnects, this task ends with its connection.
    let _ = request.into_body().collect().await;
    if let Some((bytes, end)) = raw(&fault, &instance.name) {
        if connection.is_http2() {
            return in_frames(&fault, end, instance, connection).await;
        }
        let _ = connection.write_raw(&bytes).await;
        connection.kill(end);
        return pending().await;
    }
    match fault {
        Fault::HangAfterHead => {
            named(instance, "1", Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()))
        }
        Fault::SlowBody { bytes } => {
            let gate = Arc::clone(instance);
            let body = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(b"x")))
                .take(bytes)
                .then(move |byte| {
                    let gate = Arc::clone(&gate);
                    async move {
                        gate.gate.step().await;
                        byte
                    }
                });
            named(instance, &bytes.to_string(), Body::from_stream(body))
        }
        Fault::Status { status, headers, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
            let mut response = Response::new(if bodiless { Body::empty() } else { Body::from(body) });
            *response.status_mut() = status;
            add(&headers, &mut response);
            add(&[("X-Instance".to_owned(), instance.name.clone())], &mut response);
            response
        }
        Fault::RedirectToItself { name } => {
            let mut response = named(instance, "0", Body::empty());
            *response.status_mut() = StatusCode::FOUND;
            add(&[("Location".to_owned(), format!("{own}{name}"))], &mut response);
            response
        }
        _ => pending().await,
    }
}

/// The same over HTTP/2: what is cut short ends with its stream, all else with the connection.
async fn in_frames(
    fault: &Fault,
    end: StopMode,
    instance: &Instance,
    connection: &Connection,
) -> Response<Body> {
    if *fault == Fault::RefuseRequests {
        let mut refused = Response::new(Body::empty());
        refused.extensions_mut().insert(RefusedStream);
        return refused;
    }
    let (Fault::ResetMidBody { after } | Fault::CloseMidBody { after } | Fault::CloseMidChunks { after }) =
        fault
    else {
        connection.kill(end);
        return pending().await;
    };
    let sent = Bytes::from(vec![b'x'; *after]);
    if !matches!(fault, Fault::CloseMidChunks { .. }) {
        // It ends before the length that it has said.
        return named(
            instance,
            &(*after + UNSENT_LENGTH).to_string(),
            Body::from_stream(stream::iter([Ok::<_, std::io::Error>(sent)])),
        );
    }
    let cut = async {
        // A reset overtakes what is queued before it, and nothing tells when that has been sent.
        tokio::time::sleep(BEFORE_RESET).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    };
    let frames = stream::iter([Ok(sent)]).chain(stream::once(cut));
    let mut response = named(instance, "", Body::from_stream(frames));
    response.headers_mut().remove("Content-Length");
    response
}

/// A path without its last part.
fn beside(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(directory, _)| path.get(..=directory.len()).unwrap_or("/"))
}

/// The address that the app believes to have: host and prefix.
fn own_address(headers: &HeaderMap) -> String {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Which of the two an app goes by is its own business.
    let host = if said("x-forwarded-host").is_empty() { said("host") } else { said("x-forwarded-host") };
    format!("http://{host}{}", said("x-forwarded-prefix"))
}

fn named(instance: &Instance, length: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    add(
        &[
            ("X-Instance".to_owned(), instance.name.clone()),
            ("Content-Type".to_owned(), "text/plain".to_owned()),
            ("Content-Length".to_owned(), length.to_owned()),
        ],
        &mut response,
    );
    response
}

/// Adds fields, except those that hyper cannot send.
fn add(fields: &[(String, String)], response: &mut Response<Body>) {
    for (name, value) in fields {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
}
