//! One request to an app server over one connection: sending it, and the head of the response.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use super::request::{Upload, UploadError};
use super::response::{self, Interim, InvalidHead, ResponseHead, Tee, early_hints};
use super::upstream_error::{Action, UpstreamError};
use crate::exchange::Exchange;
use crate::response::ClientConnection;
use crate::tls;
use crate::upstream::{Http2Failure, TlsPeer, UpstreamConnection, UpstreamStream};
use crate::wire::{Buffer, Stream};
use nginx_conf::model::ServerAddress;

/// A request to an app server, and the connection it is sent on.
#[derive(Debug)]
pub(crate) struct UpstreamRequest {
    pub(crate) connection: Box<UpstreamConnection>,
    pub(crate) input: Buffer,
    pub(crate) upload: Upload,
    /// The copy of the response's body that is to be kept.
    pub(super) tee: Option<Tee>,
    /// Whether it goes on if the client leaves.
    pub(super) outlives_client: bool,
    /// Whether the response has been read to its end.
    pub(super) is_complete: bool,
}

/// Why the head of a response did not arrive.
#[derive(Debug)]
pub(crate) enum ResponseError {
    /// The app server failed.
    Server(UpstreamError),
    /// The client's request cannot be read to its end.
    Client(UploadError),
    /// The client closed its connection.
    ClientClosed,
}

impl UpstreamRequest {
    /// Sends the request and waits for the head of the response. Early hints go on to the client meanwhile.
    pub(crate) async fn response_head<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<ResponseHead, ResponseError> {
        loop {
            let head = self.next_head(client, x).await?;
            if !Interim::of(&x.cycle.config).is_passed_over(head.status) {
                return Ok(head);
            }
            // Boxed, as few app servers send some.
            Box::pin(early_hints::pass_on(client, x, &head))
                .await
                .map_err(|_| ResponseError::ClientClosed)?;
        }
    }

    /// The head of a response, or early hints that the client is to get.
    async fn next_head<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<ResponseHead, ResponseError> {
        let read_timeout = x.settings.proxy.read_timeout;
        client.writing.stop();
        client.reading.stop();
        if self.upload.is_done() {
            client.reading.start(read_timeout);
        }
        let mut send_error = None;
        poll_fn(|cx| {
            if !self.upload.is_done() {
                match self.upload.poll(client, &mut self.connection, &mut x.request_length, cx) {
                    Poll::Ready(Ok(())) => client.reading.start(read_timeout),
                    // An app server that stopped reading may still have answered, so wait for its answer or for the
                    // end of the connection.
                    Poll::Ready(Err(UploadError::Server(error))) => {
                        self.upload.abandon();
                        client.reading.start(read_timeout);
                        let stream = &self.connection.stream;
                        // What ends a stream of HTTP/2 is found by reading.
                        send_error =
                            (!stream.is_http2()).then(|| UpstreamError::Send(stream.write_call(), error));
                    }
                    Poll::Ready(Err(UploadError::ServerTimedOut)) => {
                        return Poll::Ready(Err(ResponseError::Server(UpstreamError::TimedOut(
                            Action::SendingRequest,
                        ))));
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(ResponseError::Client(error))),
                    Poll::Pending => {}
                }
            }
            if let Poll::Ready(outcome) = self.poll_head(x, cx) {
                return Poll::Ready(
                    outcome.map_err(|failure| ResponseError::Server(send_error.take().unwrap_or(failure))),
                );
            }
            if !self.outlives_client && client.poll_closed(cx) {
                return Poll::Ready(Err(ResponseError::ClientClosed));
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
        let max_size = x.settings.proxy.buffer_size;
        let interim = Interim::of(&x.cycle.config);
        loop {
            match response::read_head(&mut self.input, &mut x.upstream_fields, max_size, interim) {
                Ok(Some(head)) if interim.is_passed_over(head.status) && !early_hints::are_wanted(x) => {
                    continue;
                }
                Ok(Some(head)) => return Poll::Ready(Ok(head)),
                Ok(None) => {}
                Err(InvalidHead(reason)) => {
                    return Poll::Ready(Err(UpstreamError::InvalidHeader(reason.into())));
                }
            }
            if self.input.is_full() {
                self.input.grow(max_size);
            }
            match self.input.poll_fill(&mut self.connection.stream, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(UpstreamError::Closed)),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => {
                    let call = self.connection.stream.read_call();
                    return Poll::Ready(Err(match Http2Failure::in_error(&error) {
                        Some(failure) => UpstreamError::InvalidHeader(failure.clone().into_words()),
                        None => UpstreamError::Receive(call, error),
                    }));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Connects within `timeout`, and does the TLS handshake, if there is one, within the same once more.
pub(crate) async fn connect(
    address: &ServerAddress,
    tls: Option<&TlsPeer>,
    http2: bool,
    timeout: Duration,
) -> Result<UpstreamStream, UpstreamError> {
    let socket = connect_socket(address, timeout).await?;
    let stream = match tls {
        None => UpstreamStream::plain(socket),
        Some(peer) => shake_hands(socket, peer, http2, address, timeout).await?,
    };
    match http2 {
        false => Ok(stream),
        // Boxed as below.
        true => Box::pin(UpstreamStream::http2(stream)).await.map_err(|error| {
            UpstreamError::Send(if tls.is_some() { "SSL_write()" } else { "writev()" }, error)
        }),
    }
}

async fn shake_hands(
    socket: TcpStream,
    TlsPeer { tls, name }: &TlsPeer,
    http2: bool,
    address: &ServerAddress,
    timeout: Duration,
) -> Result<UpstreamStream, UpstreamError> {
    // Boxed, as few app servers are asked over TLS, so that the others' requests have no room for it.
    let handshake = Box::pin(tls::connect(socket, tls, http2, name, ip_of(address)));
    match tokio::time::timeout(timeout, handshake).await {
        Ok(Ok(session)) => Ok(UpstreamStream::tls(session)),
        Ok(Err(error)) => Err(UpstreamError::Handshake(error)),
        Err(_) => Err(UpstreamError::TimedOut(Action::Handshaking)),
    }
}

async fn connect_socket(address: &ServerAddress, timeout: Duration) -> Result<TcpStream, UpstreamError> {
    match address {
        ServerAddress::Ip(address) => {
            match tokio::time::timeout(timeout, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Only latency is lost if this fails.
                    let _: io::Result<()> = stream.set_nodelay(true);
                    Ok(stream)
                }
                Ok(Err(error)) => Err(UpstreamError::Connect(error)),
                Err(_) => Err(UpstreamError::TimedOut(Action::Connecting)),
            }
        }
        ServerAddress::Unix(path) => {
            let failed = |error| UpstreamError::ConnectTo(address.to_string(), error);
            match tokio::time::timeout(timeout, UnixStream::connect(&**path)).await {
                Ok(Ok(stream)) => as_tcp(stream).map_err(failed),
                Ok(Err(error)) => Err(failed(error)),
                Err(_) => Err(UpstreamError::TimedOut(Action::Connecting)),
            }
        }
    }
}

/// The same socket under the type of all others: only its descriptor counts, which is read, written and closed as theirs are.
fn as_tcp(stream: UnixStream) -> io::Result<TcpStream> {
    let descriptor = OwnedFd::from(stream.into_std()?);
    TcpStream::from_std(std::net::TcpStream::from(descriptor))
}

/// What a TLS session goes by where it asks for no name.
fn ip_of(address: &ServerAddress) -> IpAddr {
    match address {
        ServerAddress::Ip(address) => address.ip(),
        ServerAddress::Unix(_) => Ipv4Addr::LOCALHOST.into(),
    }
}
