//! The requests by which a client receives. The first one opens the session.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::Deserialize;

use super::headers::NOT_CACHED;
use crate::instance::{RequestArrival, Shared};
use crate::sockjs::{Frames, Receiver, frame};
use crate::stomp;
use crate::websocket::{Framing, SessionLog, Socket};

/// After this many bytes a stream ends, and the client asks for another one, as with sockjs-node.
const RESPONSE_LIMIT: usize = 128 * 1024;

/// The page of `htmlfile`; browsers show nothing before they have a kilobyte of it.
const HTMLFILE: &str = "<!doctype html>\n<html><head>\n  <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n\
    </head><body><h2>Don't panic!</h2>\n  <script>\n    var c = parent.{callback};\n    c.start();\n    \
    function p(d) {c.message(d);};\n    window.onload = function() {c.stop();};\n  </script>";

#[derive(Deserialize)]
pub(super) struct ReceiveQuery {
    c: Option<String>,
    beat: Option<u64>,
}

/// How frames are written into a response.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    Lines,
    Events,
    Scripts,
}

impl Encoding {
    fn encode(self, frame: &str) -> String {
        match self {
            Encoding::Lines => format!("{frame}\n"),
            // JSON has no line ends.
            Encoding::Events => format!("data: {frame}\r\n\r\n"),
            Encoding::Scripts => {
                // A script ends where its text says so.
                let text = serde_json::Value::from(frame).to_string().replace("</", "<\\/");
                format!("<script>\np({text});\n</script>\r\n")
            }
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Encoding::Lines => "application/javascript; charset=UTF-8",
            Encoding::Events => "text/event-stream",
            Encoding::Scripts => "text/html; charset=UTF-8",
        }
    }

    fn respond(self, body: impl Into<Body>) -> Response {
        ([(CONTENT_TYPE, self.content_type()), NOT_CACHED], body.into()).into_response()
    }
}

/// A request that receives from a session, with what it says about it.
type Request = (Shared, RequestArrival, Path<(String, String)>, Query<ReceiveQuery>);

/// One response for each frame.
pub(super) async fn poll(request: Request) -> Response {
    let encoding = Encoding::Lines;
    let mut receiver = match receive(request).await {
        Ok(receiver) => receiver,
        Err(refusal) => return refusal.respond(encoding, String::new()),
    };
    let (Frames::Some(frame) | Frames::Last(frame)) = receiver.next().await;
    receiver.finish();
    encoding.respond(encoding.encode(&frame))
}

pub(super) async fn xhr_streaming(request: Request) -> Response {
    // As much as browsers once kept back.
    stream(request, Encoding::Lines, format!("{}\n", "h".repeat(2048))).await
}

pub(super) async fn eventsource(request: Request) -> Response {
    stream(request, Encoding::Events, "\r\n".to_owned()).await
}

pub(super) async fn htmlfile(request: Request) -> Response {
    let refuse = |why: &'static str| (StatusCode::INTERNAL_SERVER_ERROR, why).into_response();
    let Some(callback) = request.3.c.clone() else { return refuse("\"callback\" parameter required") };
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if !callback.chars().all(is_name) {
        return refuse("invalid \"callback\" parameter");
    }
    let page = HTMLFILE.replace("{callback}", &callback);
    stream(request, Encoding::Scripts, format!("{page:<1024}\r\n\r\n")).await
}

/// One response for many frames.
async fn stream(request: Request, encoding: Encoding, prelude: String) -> Response {
    let receiver = match receive(request).await {
        Ok(receiver) => receiver,
        Err(refusal) => return refusal.respond(encoding, prelude),
    };
    let frames = stream::unfold(Some((receiver, 0)), move |state| async move {
        let (mut receiver, sent) = state?;
        let (frame, is_last) = match receiver.next().await {
            Frames::Some(frame) => (frame, false),
            Frames::Last(frame) => (frame, true),
        };
        let piece = encoding.encode(&frame);
        let sent = sent + piece.len();
        let rest = if is_last || sent >= RESPONSE_LIMIT {
            receiver.finish();
            None
        } else {
            Some((receiver, sent))
        };
        Some((piece, rest))
    });
    let pieces = stream::iter([prelude]).chain(frames);
    encoding.respond(Body::from_stream(pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece)))))
}

/// Why a request does not receive.
enum Refusal {
    /// Another one does.
    Taken,
    /// There are too many sessions.
    Full,
}

impl Refusal {
    fn respond(self, encoding: Encoding, prelude: String) -> Response {
        match self {
            Refusal::Taken => {
                let frame = frame::close(Some(2010), "Another connection still open");
                encoding.respond(prelude + &encoding.encode(&frame))
            }
            Refusal::Full => (StatusCode::SERVICE_UNAVAILABLE, "too many sessions\n").into_response(),
        }
    }
}

/// Receives from the session, and opens it if it is not there.
async fn receive(request: Request) -> Result<Receiver, Refusal> {
    let (State(instance), Extension(arrival), Path((_, name)), Query(query)) = request;
    let known = instance.sockjs.get(&name);
    if let Some(session) = known {
        return session.receive().ok_or(Refusal::Taken);
    }
    let (session, incoming, outgoing) = instance.sockjs.open(&name).ok_or(Refusal::Full)?;
    let receiver = session.receive().ok_or(Refusal::Taken)?;
    let interval = query.beat.map_or(frame::HEART_BEAT_INTERVAL, Duration::from_millis);
    let log = SessionLog::open(Arc::clone(&instance.journal), arrival.sequence, None);
    let socket = Socket::over(incoming, outgoing, log, Framing::SockJs(interval)).await;
    tokio::spawn(stomp::serve(socket, instance));
    Ok(receiver)
}
