//! The request on its way to the app server: the head, what of the body is at hand, and the rest as it arrives.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::response::ClientConnection;
use crate::wire::BodyError;
use crate::wire::{MessageWriter, Stream};

/// The client's half of an exchange while its body is being sent on.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The head and the framing towards the app server.
    pub(crate) output: MessageWriter,
    /// Bytes of the body at hand that have been sent. They stay in the buffer, so that they can be sent again to
    /// another server, for as long as the whole body so far fits there.
    sent: usize,
    /// Body bytes have been let go: the request can be sent to this server only.
    pub(crate) streaming: bool,
    limits: UploadLimits,
    done: bool,
    blocked: BlockedOn,
}

/// What an upload may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadLimits {
    /// `client_max_body_size`.
    pub(crate) body: Option<u64>,
    /// `client_body_timeout`.
    pub(crate) client: Duration,
    /// `proxy_send_timeout`.
    pub(crate) server: Duration,
}

/// Who keeps the upload waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockedOn {
    Client,
    Server,
}

/// Why the request cannot be sent on.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The app server takes nothing any more.
    Server(io::Error),
    /// The app server has taken nothing for too long.
    ServerTimedOut,
    /// The client's body cannot be read.
    Client(BodyError),
    /// The client has sent nothing for too long.
    ClientTimedOut,
    /// The body is larger than `client_max_body_size`.
    TooLarge,
}

impl Upload {
    /// About to send `head` and a body in this framing.
    pub(crate) fn new(head: &[u8], chunked: bool, limits: UploadLimits) -> Upload {
        let mut output = MessageWriter::default();
        output.begin();
        output.head_mut().extend_from_slice(head);
        output.set_chunked(chunked);
        Upload { output, sent: 0, streaming: false, limits, done: false, blocked: BlockedOn::Server }
    }

    /// Whether all of the request has been sent.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Gives up sending.
    pub(crate) fn abandon(&mut self) {
        self.done = true;
    }

    /// Goes on for as long as bytes come and go. `received` counts what the client has sent.
    pub(crate) fn poll<C: Stream, U: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        server: &mut U,
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
                    let (timeout, stopped) = match self.blocked {
                        BlockedOn::Client => (self.limits.client, UploadError::ClientTimedOut),
                        BlockedOn::Server => (self.limits.server, UploadError::ServerTimedOut),
                    };
                    client.writing.start_once(timeout);
                    return client.writing.poll(cx).map(|()| Err(stopped));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// One read or write.
    fn step<C: Stream, U: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        server: &mut U,
        received: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), UploadError>> {
        let ClientConnection { stream, input, body, .. } = client;
        let (last, data) = (body.is_complete(), body.data(input).get(self.sent..).unwrap_or_default());
        if !self.output.is_flushed() || !data.is_empty() || last {
            match self.output.poll_write(server, cx, data, last) {
                Poll::Ready(Ok(count)) => {
                    if self.streaming {
                        body.consume(input, count);
                    } else {
                        self.sent += count;
                    }
                    self.done = self.output.is_finished();
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
                let too_large = self.limits.body.is_some_and(|most| body.at_least() > most);
                Poll::Ready(if too_large { Err(UploadError::TooLarge) } else { Ok(()) })
            }
            Poll::Ready(Err(broken)) => Poll::Ready(Err(UploadError::Client(broken))),
            Poll::Pending => {
                if self.output.is_flushed() && body.data(input).len() == self.sent {
                    self.blocked = BlockedOn::Client;
                }
                Poll::Pending
            }
        }
    }
}
