//! A stream of a connection, as the byte stream of one request: its body is read, and the response's is written.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::in_flight::InFlight;
use super::response_head;
use super::traffic::Traffic;
use crate::wire::Stream;

/// One request and its response.
pub(super) struct Http2Stream {
    body: RecvStream,
    /// What of the body has arrived and was not read.
    data: Bytes,
    /// Whether the end of the body has to be told by the end of the stream, as nothing has said its length.
    tells_end: bool,
    is_head: bool,
    response: ResponseState,
    traffic: Rc<Traffic>,
}

/// How far the response is.
enum ResponseState {
    /// Its head has not been sent.
    Head(SendResponse<Bytes>),
    /// Its head has been sent.
    Body(ResponseBody),
}

/// The body of a response.
struct ResponseBody {
    stream: SendStream<Bytes>,
    /// How much of it is to be sent yet, if that is known.
    left: Option<u64>,
    /// The fields behind it, where there are to be some; none of them are known yet, or it came to none.
    trailers: Option<HeaderMap>,
    has_ended: bool,
    in_flight: Arc<InFlight>,
}

impl Http2Stream {
    /// A request whose response has not begun. `tells_end`: the length of the body is not known.
    pub(super) fn new(
        body: RecvStream,
        respond: SendResponse<Bytes>,
        is_head: bool,
        tells_end: bool,
        traffic: Rc<Traffic>,
    ) -> Http2Stream {
        let response = ResponseState::Head(respond);
        Http2Stream { body, data: Bytes::new(), tells_end, is_head, response, traffic }
    }

    /// Ends the response: as it should if it is `complete`, or else so that it cannot be taken for a whole one.
    pub(super) fn finish(mut self, complete: bool) {
        match &mut self.response {
            ResponseState::Body(body) if body.has_ended => {}
            ResponseState::Body(body) if complete && matches!(body.left, None | Some(0)) => body.end(),
            // Let go of, the stream is reset behind its head, which a reset would overtake.
            ResponseState::Body(_) => {}
            ResponseState::Head(respond) => respond.send_reset(Reason::PROTOCOL_ERROR),
        }
    }

    /// Ready when the client wants no response any more.
    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let reset = match &mut self.response {
            ResponseState::Head(respond) => respond.poll_reset(cx),
            ResponseState::Body(body) => body.stream.poll_reset(cx),
        };
        reset.map(|reason| match reason {
            Ok(_) => io::ErrorKind::ConnectionReset.into(),
            Err(error) => io_error(error),
        })
    }
}

impl ResponseBody {
    /// Ends it, with its trailers or without.
    fn end(&mut self) {
        self.has_ended = true;
        // The client is gone if this fails.
        let _ = match self.trailers.take().filter(|trailers| !trailers.is_empty()) {
            Some(trailers) => self.stream.send_trailers(trailers),
            None => self.stream.send_data(Bytes::new(), true),
        };
    }
}

fn io_error(error: h2::Error) -> io::Error {
    error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into())
}

impl AsyncRead for Http2Stream {
    /// Reads the body. Behind its end there is nothing but the news that the client has given up.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.data.is_empty() {
            match ready!(self.body.poll_data(cx)) {
                Some(Ok(data)) => self.data = data,
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
                None if std::mem::take(&mut self.tells_end) => return Poll::Ready(Ok(())),
                None => return self.poll_reset(cx).map(Err),
            }
        }
        let count = self.data.len().min(room.remaining());
        room.put_slice(&self.data.split_to(count));
        self.traffic.add_payload(count);
        // The client may send as much again; if that is too much, h2 has lost count.
        Poll::Ready(self.body.flow_control().release_capacity(count).map_err(io_error))
    }
}

impl AsyncWrite for Http2Stream {
    /// Takes as much as the client's windows and the stream's share of memory have room for.
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let ResponseState::Body(ResponseBody {
            stream,
            left,
            trailers,
            has_ended: has_ended @ false,
            in_flight,
        }) = &mut this.response
        else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let wanted =
            left.map_or(data.len(), |left| data.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        stream.reserve_capacity(wanted);
        while stream.capacity() == 0 {
            match ready!(stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
                None => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            }
        }
        let count = wanted.min(stream.capacity());
        if let Some(left) = left {
            *left -= count as u64;
        }
        *has_ended = *left == Some(0) && trailers.is_none();
        this.traffic.add_payload(count);
        let piece = in_flight.piece(data.get(..count).unwrap_or_default());
        Poll::Ready(stream.send_data(piece, *has_ended).map(|()| count).map_err(io_error))
    }

    /// Ready when the connection has sent everything.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.response {
            ResponseState::Head(_) => Poll::Ready(Ok(())),
            ResponseState::Body(body) => body.in_flight.poll_sent(cx).map(Ok),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Stream for Http2Stream {
    /// It needs a buffer only while there is a request, and so at once.
    fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn socket(&self) -> Option<&TcpStream> {
        None
    }

    fn take_head(&mut self, head: &[u8], trailers: bool) -> bool {
        self.traffic.add_payload(head.len());
        let ResponseState::Head(respond) = &mut self.response else { return true };
        let Some(response) = response_head::parse(head) else { return true };
        let left = match self.is_head || matches!(response.status().as_u16(), 204 | 304) {
            true => Some(0),
            false => response_head::content_length(&response),
        };
        let trailers = trailers.then(HeaderMap::new);
        let has_ended = left == Some(0) && trailers.is_none();
        // If it fails, the client is gone, which the next read or write finds out.
        if let Ok(stream) = respond.send_response(response, has_ended) {
            self.response = ResponseState::Body(ResponseBody {
                stream,
                left,
                trailers,
                has_ended,
                in_flight: Arc::default(),
            });
        }
        true
    }

    fn take_interim(&mut self, head: &[u8]) -> bool {
        if let (ResponseState::Head(respond), Some(interim)) =
            (&mut self.response, response_head::parse(head))
        {
            // As with any other, the next read or write finds out that the client is gone.
            let _ = respond.send_informational(interim);
        }
        true
    }

    fn take_trailers(&mut self, trailers: &[u8]) -> bool {
        if let ResponseState::Body(body) = &mut self.response {
            body.trailers = Some(response_head::parse_trailers(trailers));
        }
        true
    }
}
