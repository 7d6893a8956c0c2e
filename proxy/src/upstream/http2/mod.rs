//! HTTP/2 to an app server: `proxy_http_version 2`.
//!
//! One request at a time on a connection, as in nginx. The frames are h2's; to the rest of the proxy a response is the text
//! that the same server would have sent in HTTP/1.1, so that what reads, filters and keeps responses knows one form of them.
//! Nothing runs beside a request: whoever reads or writes moves the connection on.

mod failure;
mod request;
mod response;
mod traffic;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) use failure::Http2Failure;
use response::ResponseText;
use traffic::{CountedStream, RawTraffic};

/// How much of a response the app server may send before it is read. nginx has it send as much as it likes, and leaves that in the
/// socket; in a library it would be memory.
const WINDOW: u32 = 1 << 20;

/// The most bytes of a response's head, each field counted as RFC 9113 §6.5.2 does. `proxy_buffer_size` is held to its text.
const MAX_HEAD_SIZE: u32 = 1 << 20;

/// A connection whose preface has been sent.
pub(crate) struct Http2Connection<S> {
    connection: Connection<CountedStream<S>, Bytes>,
    requests: SendRequest<Bytes>,
    traffic: Rc<RawTraffic>,
    is_tls: bool,
    /// The body of the request that was sent last, until it ends.
    upload: Option<SendStream<Bytes>>,
    response: Response,
    /// What is to be read of the response.
    text: ResponseText,
    /// Why nothing more will come.
    failure: Option<Failure>,
}

/// How far a response is.
enum Response {
    /// Nothing was asked for, or all of it has been received.
    Done,
    /// Its head has not been received.
    Head(ResponseFuture, Method),
    /// Its body is being received; `left`: how much of it is due.
    Body { stream: RecvStream, left: Option<u64> },
}

/// Why nothing more comes.
#[derive(Debug, Clone)]
enum Failure {
    /// For a reason of HTTP/2's.
    Http2(Http2Failure),
    /// The connection was closed.
    Closed,
    /// It failed.
    Io(io::ErrorKind, Option<i32>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2Connection<S> {
    /// Sends the preface (RFC 9113 §3.4), and waits for nothing.
    pub(super) async fn new(stream: S, is_tls: bool) -> io::Result<Http2Connection<S>> {
        let traffic = Rc::<RawTraffic>::default();
        let (requests, connection) = Builder::new()
            .header_table_size(0)
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(MAX_HEAD_SIZE)
            .handshake(CountedStream::new(stream, Rc::clone(&traffic)))
            .await
            .map_err(|error| error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into()))?;
        Ok(Http2Connection {
            connection,
            requests,
            traffic,
            is_tls,
            upload: None,
            response: Response::Done,
            text: ResponseText::default(),
            failure: None,
        })
    }

    /// Whether it is over TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The bytes sent and received since this was asked last.
    pub(super) fn take_traffic(&self) -> (u64, u64) {
        self.traffic.take()
    }

    /// Whether another request can be sent: the last one is over, and the app server is not going away.
    pub(super) fn is_open(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.advance(&mut cx);
        self.skip_end(&mut cx);
        matches!(self.response, Response::Done)
            && self.upload.is_none()
            && self.failure.is_none()
            && !matches!(self.requests.poll_ready(&mut cx), Poll::Ready(Err(_)))
    }

    /// Receives the end of a response whose body is whole: a frame with nothing in it.
    fn skip_end(&mut self, cx: &mut Context<'_>) {
        while let Response::Body { stream, left: Some(0) } = &mut self.response {
            match stream.poll_data(cx) {
                Poll::Ready(None) => self.response = Response::Done,
                Poll::Ready(Some(Ok(data))) if data.is_empty() => {}
                _ => return,
            }
        }
    }

    /// Begins a request, whose head is text and perhaps followed by all of its body. What is wrong with it is found when it is read
    /// from. `has_body`: there is more to come.
    pub(crate) fn begin(&mut self, head: &[u8], has_body: bool) {
        self.text.clear();
        let Some(request) = request::parse(head, self.is_tls) else {
            return self.fail(Failure::Http2(Http2Failure::MALFORMED));
        };
        let method = request.method().clone();
        match self.requests.send_request(request, !has_body) {
            Ok((response, stream)) => {
                self.upload = has_body.then_some(stream);
                self.response = Response::Head(response, method);
            }
            Err(error) => self.fail(Failure::of(error, &self.traffic)),
        }
    }

    /// The request has no more body.
    pub(crate) fn end_upload(&mut self) {
        if let Some(mut stream) = self.upload.take() {
            // If it fails, so does what is read next.
            let _ = stream.send_data(Bytes::new(), true);
        }
    }

    /// Sends as much of the body as the app server's windows have room for.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.advance(cx);
        let Some(stream) = &mut self.upload else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        stream.reserve_capacity(data.len());
        while stream.capacity() == 0 {
            match ready!(stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                // The response says why, or the connection does.
                Some(Err(_)) | None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let count = data.len().min(stream.capacity());
        let piece = Bytes::copy_from_slice(data.get(..count).unwrap_or_default());
        if stream.send_data(piece, false).is_err() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.advance(cx);
        Poll::Ready(Ok(count))
    }

    /// Sends what can be sent now; the rest follows as the response is read.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.advance(cx);
        Poll::Ready(Ok(()))
    }

    /// Reads the response as text. It ends where the stream does.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            self.advance(cx);
            if self.text.take(room) {
                return Poll::Ready(Ok(()));
            }
            match ready!(self.poll_more(cx)) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(Ok(())),
                Err(Failure::Closed) => return Poll::Ready(Ok(())),
                Err(failure) => return Poll::Ready(Err(failure.into())),
            }
        }
    }

    /// Receives a part of the response; false if it has ended.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Failure>> {
        match &mut self.response {
            Response::Done => match &self.failure {
                Some(failure) => return Poll::Ready(Err(failure.clone())),
                None => return Poll::Ready(Ok(false)),
            },
            Response::Head(response, method) => {
                if let Poll::Ready(Some(Ok(interim))) = response.poll_informational(cx) {
                    self.text.push_interim(&interim);
                    return Poll::Ready(Ok(true));
                }
                let head = match ready!(Pin::new(response).poll(cx)) {
                    Ok(head) => head,
                    Err(error) => return Poll::Ready(Err(self.failed(error))),
                };
                let has_body = *method != Method::HEAD
                    && !matches!(head.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
                let left = self.text.push_head(&head, has_body);
                self.response = Response::Body { stream: head.into_body(), left };
            }
            Response::Body { stream, left } => match ready!(stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // Its window is as large as before; if that is too much, h2 has lost count.
                    let _ = stream.flow_control().release_capacity(data.len());
                    if let Some(left) = left {
                        *left = left.saturating_sub(data.len() as u64);
                    }
                    let is_chunk = left.is_none();
                    self.text.push_data(data, is_chunk);
                }
                // h2 counts, too, and says no more than that the response is malformed (RFC 9113 §8.1.1).
                Some(Err(error)) if error.is_reset() && error.is_library() => {
                    let failure = Failure::Http2(Http2Failure::PREMATURELY_CLOSED);
                    self.fail(failure.clone());
                    return Poll::Ready(Err(failure));
                }
                Some(Err(error)) => return Poll::Ready(Err(self.failed(error))),
                None if left.is_some_and(|left| left > 0) => {
                    self.response = Response::Done;
                    return Poll::Ready(Err(Failure::Http2(Http2Failure::PREMATURELY_CLOSED)));
                }
                None => {
                    let trailers = match ready!(stream.poll_trailers(cx)) {
                        Ok(trailers) => trailers,
                        Err(error) => return Poll::Ready(Err(self.failed(error))),
                    };
                    let is_chunked = left.is_none();
                    self.response = Response::Done;
                    if is_chunked {
                        self.text.push_end(trailers.as_ref());
                    }
                    return Poll::Ready(Ok(is_chunked));
                }
            },
        }
        Poll::Ready(Ok(true))
    }

    /// Reads and writes frames.
    fn advance(&mut self, cx: &mut Context<'_>) {
        if self.failure.is_some() {
            return;
        }
        if let Poll::Ready(ended) = Pin::new(&mut self.connection).poll(cx) {
            let failure = ended.map_or_else(|error| Failure::of(error, &self.traffic), |()| Failure::Closed);
            self.failure = Some(failure);
        }
    }

    /// The request is over before its response is.
    fn failed(&mut self, error: h2::Error) -> Failure {
        let of_stream = Failure::of(error, &self.traffic);
        // A stream that ends with its connection says less than the connection does.
        let failure = match (&of_stream, &self.failure) {
            (Failure::Closed | Failure::Io(..), Some(failure)) => failure.clone(),
            _ => of_stream,
        };
        self.fail(failure.clone());
        failure
    }

    fn fail(&mut self, failure: Failure) {
        self.response = Response::Done;
        self.upload = None;
        self.failure = Some(failure);
    }
}

impl Failure {
    fn of(error: h2::Error, traffic: &RawTraffic) -> Failure {
        match error.get_io() {
            Some(io) if matches!(io.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe) => {
                Failure::Closed
            }
            Some(io) => Failure::Io(io.kind(), io.raw_os_error()),
            None => Failure::Http2(Http2Failure::of(&error, traffic.first_length())),
        }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> io::Error {
        match failure {
            Failure::Http2(failure) => io::Error::other(failure),
            Failure::Closed => io::ErrorKind::UnexpectedEof.into(),
            Failure::Io(_, Some(code)) => io::Error::from_raw_os_error(code),
            Failure::Io(kind, None) => kind.into(),
        }
    }
}

impl<S> std::fmt::Debug for Http2Connection<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2Connection").field("failure", &self.failure).finish_non_exhaustive()
    }
}
