//! Requests over HTTP/2, whose frames hyper reads: what it hands over is written down in the journal.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Request};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::net::TcpStream;

use crate::journal::{Arrival, BodyRecorder, Fields, Framing, Head, Recorder};

/// How a connection of HTTP/2 begins (RFC 9113 §3.4): no method of HTTP/1.1 does.
const PREFACE: &[u8] = b"PRI ";

/// A body that is written down as it is read.
pub(crate) struct RecordedBody {
    body: Incoming,
    journal: Arc<Recorder>,
    sequence: u64,
    recorder: Option<BodyRecorder>,
}

/// In place of a response: the stream is refused (RFC 9113 §8.7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedStream;

/// Waits for the first bytes, and tells whether they are those of HTTP/2. Nothing is read.
pub(super) async fn begins_with_preface(socket: &TcpStream) -> io::Result<bool> {
    /// Between two looks at a preface that has come in part.
    const PAUSE: Duration = Duration::from_millis(1);
    let mut first = [0; PREFACE.len()];
    loop {
        let count = socket.peek(&mut first).await?;
        let seen = first.get(..count).unwrap_or_default();
        if count == 0 || count == PREFACE.len() || !PREFACE.starts_with(seen) {
            return Ok(seen == PREFACE);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Gives a request the `Host` that its `:authority` stands for (RFC 9113 §8.3.1), as servers do for their apps.
pub(crate) fn set_host(request: &mut Request<Incoming>) {
    if let Some(authority) = request.uri().authority()
        && !request.headers().contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
}

/// The head of a request as HTTP/1.1 would have it; the names of its fields are in lower case.
pub(super) fn head(request: &Request<Incoming>) -> Head {
    let headers = fields(request.headers());
    let framing = match headers.get("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => Framing::Length(length),
        None => Framing::None,
    };
    Head {
        method: request.method().to_string(),
        target: request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        version: "HTTP/2".to_owned(),
        headers,
        framing,
    }
}

fn fields(headers: &HeaderMap) -> Fields {
    let pairs = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Fields(pairs.collect())
}

impl RecordedBody {
    /// The body of a request that has arrived.
    pub(crate) fn new(body: Incoming, journal: &Arc<Recorder>, arrival: &Arrival) -> RecordedBody {
        let mut recorded = RecordedBody {
            body,
            journal: Arc::clone(journal),
            sequence: arrival.sequence,
            recorder: Some(BodyRecorder::new()),
        };
        if recorded.body.is_end_stream() {
            recorded.end(Fields::default());
        }
        recorded
    }

    fn end(&mut self, trailers: Fields) {
        if let Some(recorder) = self.recorder.take() {
            self.journal.update(self.sequence, |exchange| recorder.finish(trailers, &mut exchange.body));
        }
    }
}

impl Body for RecordedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => match (frame.data_ref(), frame.trailers_ref(), &mut this.recorder) {
                (Some(data), _, Some(recorder)) => {
                    this.journal.update(this.sequence, |exchange| recorder.add(data, &mut exchange.body));
                }
                (_, Some(trailers), _) => this.end(fields(trailers)),
                _ => {}
            },
            Some(Err(_)) => {}
            None => this.end(Fields::default()),
        }
        if this.body.is_end_stream() {
            this.end(Fields::default());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
