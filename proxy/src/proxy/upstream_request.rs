//! One exchange with an app server over one connection: the request out, the response back, both at once.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use super::request::{Upload, UploadError};
use super::response::{self, InvalidHead, ResponseHead};
use super::upstream_error::{Action, UpstreamError};
use crate::exchange::Exchange;
use crate::response::ClientConnection;
use crate::upstream::UpstreamConnection;
use crate::wire::{Buffer, Stream};

/// A connection to an app server in use.
#[derive(Debug)]
pub(crate) struct UpstreamRequest {
    pub(crate) connection: UpstreamConnection,
    pub(crate) input: Buffer,
    pub(crate) upload: Upload,
}

/// Why there is no response's head.
#[derive(Debug)]
pub(crate) enum ResponseError {
    /// The app server is to blame.
    Server(UpstreamError),
    /// The client is to blame: the request cannot be read to its end.
    Client(UploadError),
    /// The client has gone away.
    ClientGone,
}

impl UpstreamRequest {
    /// Sends the request and waits for the head of the response.
    pub(crate) async fn response_head<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<ResponseHead, ResponseError> {
        let read_timeout = x.settings.proxy.read_timeout;
        client.writing.stop();
        client.reading.stop();
        let mut unsent = None;
        poll_fn(|cx| {
            if !self.upload.is_done() {
                match self.upload.poll(client, &mut self.connection.stream, &mut x.request_length, cx) {
                    Poll::Ready(Ok(())) => client.reading.start(read_timeout),
                    // An app server that takes no more may still have answered: its answer is waited for, or the end of
                    // the connection, which such an error announces.
                    Poll::Ready(Err(UploadError::Server(error))) => {
                        self.upload.abandon();
                        client.reading.start(read_timeout);
                        unsent = Some(UpstreamError::Send(error));
                    }
                    Poll::Ready(Err(UploadError::ServerTimedOut)) => {
                        return Poll::Ready(Err(ResponseError::Server(UpstreamError::TimedOut(
                            Action::SendingRequest,
                        ))));
                    }
                    Poll::Ready(Err(stopped)) => return Poll::Ready(Err(ResponseError::Client(stopped))),
                    Poll::Pending => {}
                }
            }
            if let Poll::Ready(outcome) = self.poll_head(x, cx) {
                return Poll::Ready(
                    outcome.map_err(|failure| ResponseError::Server(unsent.take().unwrap_or(failure))),
                );
            }
            if client.poll_gone(cx) {
                return Poll::Ready(Err(ResponseError::ClientGone));
            }
            client
                .reading
                .poll(cx)
                .map(|()| Err(ResponseError::Server(UpstreamError::TimedOut(Action::ReadingHeader))))
        })
        .await
    }

    fn poll_head(
        &mut self,
        x: &mut Exchange<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ResponseHead, UpstreamError>> {
        let most = x.settings.proxy.buffer_size;
        loop {
            if self.input.is_full() {
                self.input.grow(most);
            }
            match self.input.poll_fill(&mut self.connection.stream, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(UpstreamError::Closed)),
                Poll::Ready(Ok(_)) => match response::read(&mut self.input, &mut x.upstream_fields, most) {
                    Ok(Some(head)) => return Poll::Ready(Ok(head)),
                    Ok(None) => {}
                    Err(InvalidHead(reason)) => {
                        return Poll::Ready(Err(UpstreamError::InvalidHeader(reason)));
                    }
                },
                Poll::Ready(Err(error)) => return Poll::Ready(Err(UpstreamError::Receive(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Connects within `timeout`.
pub(crate) async fn connect(
    address: std::net::SocketAddr,
    timeout: Duration,
) -> Result<tokio::net::TcpStream, UpstreamError> {
    match tokio::time::timeout(timeout, tokio::net::TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // A socket that cannot be told so works all the same.
            let _: io::Result<()> = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) => Err(UpstreamError::Connect(error)),
        Err(_) => Err(UpstreamError::TimedOut(Action::Connecting)),
    }
}
