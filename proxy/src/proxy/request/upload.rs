//! Sends a request to the app server: the head, the buffered part of the body, and the rest as it arrives.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use super::head::RequestBody;
use crate::response::ClientConnection;
use crate::upstream::UpstreamConnection;
use crate::wire::{BodyError, Stream};

/// A request that is being sent to an app server.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Bytes of the buffered body that were sent. They stay in the buffer, for another server, as long as the whole
    /// body so far fits there.
    sent: usize,
    /// Whether bytes of the body are no longer buffered, so that no other server can be asked.
    pub(crate) streaming: bool,
    limits: UploadLimits,
    done: bool,
    blocked: BlockedOn,
}

/// Limits of an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadLimits {
    /// `client_max_body_size`.
    pub(crate) body: Option<u64>,
    /// `client_body_timeout`.
    pub(crate) client: Duration,
    /// `proxy_send_timeout`.
    pub(crate) server: Duration,
}

/// Whom the upload waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockedOn {
    Client,
    Server,
}

/// Why a request cannot be sent to its end.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The app server reads no more.
    Server(io::Error),
    /// `proxy_send_timeout` passed.
    ServerTimedOut,
    /// The client's body cannot be read.
    Client(BodyError),
    /// `client_body_timeout` passed.
    ClientTimedOut,
    /// The body is larger than `client_max_body_size`.
    TooLarge,
}

impl Upload {
    /// A request that is about to be sent. `head` may be followed by all of its body (`proxy_set_body`).
    pub(crate) fn new(
        connection: &mut UpstreamConnection,
        head: &[u8],
        body: RequestBody,
        limits: UploadLimits,
    ) -> Upload {
        let UpstreamConnection { stream, output, .. } = connection;
        output.begin();
        if let Some(http2) = stream.as_http2() {
            let length = memchr::memmem::find(head, b"\r\n\r\n").map_or(head.len(), |end| end + 4);
            let (head, set_body) = head.split_at(length);
            http2.begin(head, body != RequestBody::None || !set_body.is_empty());
            output.head_mut().extend_from_slice(set_body);
        } else {
            output.head_mut().extend_from_slice(head);
            output.set_chunked(body == RequestBody::Chunked);
        }
        Upload { sent: 0, streaming: false, limits, done: false, blocked: BlockedOn::Server }
    }

    /// Whether all of the request has been sent.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Gives up sending.
    pub(crate) fn abandon(&mut self) {
        self.done = true;
    }

    /// Sends until it has to wait. Adds what the client sent to `received`.
    pub(crate) fn poll<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        server: &mut UpstreamConnection,
        received: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), UploadError>> {
        while !self.done {
            match self.step(client, server, received, cx) {
                Poll::Ready(outcome) => {
                    client.writing.stop();
                    outcome?;
                }
                Poll::Pending => {
                    let (timeout, error) = match self.blocked {
                        BlockedOn::Client => (self.limits.client, UploadError::ClientTimedOut),
                        BlockedOn::Server => (self.limits.server, UploadError::ServerTimedOut),
                    };
                    client.writing.start_once(timeout);
                    return client.writing.poll(cx).map(|()| Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// One read or write.
    fn step<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        server: &mut UpstreamConnection,
        received: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), UploadError>> {
        let ClientConnection { stream, input, body, .. } = client;
        let UpstreamConnection { stream: server, output, .. } = server;
        let (last, data) = (body.is_complete(), body.data(input).get(self.sent..).unwrap_or_default());
        if !output.is_flushed() || !data.is_empty() || last {
            match output.poll_write(server, cx, data, last) {
                Poll::Ready(Ok(count)) => {
                    if self.streaming {
                        body.consume(input, count);
                    } else {
                        self.sent += count;
                    }
                    self.done = output.is_finished();
                    if self.done
                        && let Some(http2) = server.as_http2()
                    {
                        http2.end_upload();
                    }
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(UploadError::Server(error))),
                Poll::Pending => self.blocked = BlockedOn::Server,
            }
            if last || input.is_full() {
                return Poll::Pending;
            }
        } else if !self.streaming {
            self.streaming = true;
            body.consume(input, std::mem::take(&mut self.sent));
        }
        match body.poll_fill(input, stream, cx) {
            Poll::Ready(Ok(count)) => {
                *received += count as u64;
                let too_large = self.limits.body.is_some_and(|max_size| body.min_length() > max_size);
                Poll::Ready(if too_large { Err(UploadError::TooLarge) } else { Ok(()) })
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(UploadError::Client(error))),
            Poll::Pending => {
                if output.is_flushed() && body.data(input).len() == self.sent {
                    self.blocked = BlockedOn::Client;
                }
                Poll::Pending
            }
        }
    }
}
