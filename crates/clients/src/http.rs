//! One HTTP connection, to be asked step by step.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::manners::refused;
use crate::response::{Framing, Response};
use crate::{ClientError, PATIENCE, Request, Route, Stream, patiently};

/// A connection that has been opened to the proxy.
#[derive(Debug)]
pub struct Connection {
    route: Route,
    stream: Stream,
    received: BytesMut,
    /// Responses read so far on this connection.
    pub responses: usize,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there, or TLS cannot be agreed upon.
    pub async fn open(route: &Route) -> Result<Connection, ClientError> {
        let stream = route.connect().await?;
        Ok(Connection { route: route.clone(), stream, received: BytesMut::new(), responses: 0 })
    }

    /// The way that it was opened by.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// This end's address, as the proxy sees it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn local(&self) -> Result<SocketAddr, ClientError> {
        Ok(self.stream.tcp().local_addr()?)
    }

    /// What the TLS handshake came to; `None` without TLS.
    pub fn tls(&self) -> Option<&rustls::ClientConnection> {
        self.stream.tls()
    }

    /// `request` without its body, as it goes out on this connection.
    pub fn head_of(&self, request: &Request) -> Vec<u8> {
        self.route.dressed(request).head(self.route.host())
    }

    /// Whether the other end has closed this connection already.
    pub fn looks_closed(&mut self) -> bool {
        let mut byte = [0];
        match self.stream.read(&mut byte).now_or_never() {
            Some(Ok(0) | Err(_)) => true,
            Some(Ok(_)) => {
                self.received.extend_from_slice(&byte);
                false
            }
            None => false,
        }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// When the other end has closed, or is a system that others use: what bytes would do to it is not known.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        if self.route.manners().is_some() {
            return Err(refused("bytes as they are may do anything"));
        }
        self.write(bytes).await
    }

    /// Sends a request's head, and `behind` right after it; the response is to be read by whoever calls this.
    ///
    /// # Errors
    /// When the other end has closed, or the request must not be sent there.
    pub async fn send_head(&mut self, request: &Request, behind: &[u8]) -> Result<(), ClientError> {
        let _turn = self.route.turn(request).await?;
        if !behind.is_empty() && self.route.manners().is_some() {
            return Err(refused("bytes right behind a request may do anything"));
        }
        let bytes = [&self.head_of(request), behind].concat();
        self.write(&bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        patiently(self.route.patience(), "the proxy to read", writing).await
    }

    /// Sends a request and reads its response. A proxy may answer, and close, before it has the whole body: what it
    /// answered counts, not that it would not read.
    ///
    /// # Errors
    /// When no response comes, or the request must not be sent there.
    pub async fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        let _turn = self.route.turn(request).await?;
        let head = self.head_of(request);
        self.write(&head).await?;
        let body = request.framed_body();
        let patience = self.route.patience();
        let (mut read, mut write) = tokio::io::split(&mut self.stream);
        let writing = async {
            let _ = write.write_all(&body).await;
            let _ = write.flush().await;
            std::future::pending::<()>().await
        };
        tokio::select! {
            biased;
            () = writing => unreachable!("never ends"),
            response = read_response(&mut read, &mut self.received, &request.method, patience) => {
                self.responses += 1;
                response
            }
        }
    }

    /// Reads the next response, body and all.
    ///
    /// # Errors
    /// When none comes.
    pub async fn response(&mut self, method: &str) -> Result<Response, ClientError> {
        self.responses += 1;
        read_response(&mut self.stream, &mut self.received, method, self.route.patience()).await
    }

    /// Reads the next response's head only; the body is read with [`Connection::piece`].
    ///
    /// # Errors
    /// When none comes.
    pub async fn head(&mut self, method: &str) -> Result<Response, ClientError> {
        read_head(&mut self.stream, &mut self.received, method, self.route.patience()).await
    }

    /// The next piece of a body whose head was read with [`Connection::head`], as it arrives; `None` at its end.
    ///
    /// # Errors
    /// When the connection ends within it.
    pub async fn piece(&mut self, response: &mut Response) -> Result<Option<Bytes>, ClientError> {
        piece(&mut self.stream, &mut self.received, response, self.route.patience()).await
    }

    /// Waits until the other end closes; `false` when it sends something instead, or stays open past the deadline.
    pub async fn is_closed_by_peer(&mut self, deadline: Duration) -> bool {
        if !self.received.is_empty() {
            return false;
        }
        let mut byte = [0];
        match tokio::time::timeout(deadline, self.stream.read(&mut byte)).await {
            Ok(Ok(0) | Err(_)) => true,
            Ok(Ok(_)) => {
                self.received.extend_from_slice(&byte);
                false
            }
            Err(_) => false,
        }
    }

    /// Everything that comes until the other end closes.
    ///
    /// # Errors
    /// When it does not close.
    pub async fn rest(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut rest = self.received.split().to_vec();
        match patiently(PATIENCE, "the connection to be closed", self.stream.read_to_end(&mut rest)).await {
            Ok(_) => Ok(rest),
            Err(ClientError::Io(_)) => Ok(rest), // a reset closes, too
            Err(error) => Err(error),
        }
    }

    /// Ends sending, but not receiving.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub async fn finish_sending(&mut self) -> Result<(), ClientError> {
        Ok(self.stream.shutdown().await?)
    }

    /// The stream, with what was received and not used yet: to speak another protocol after a 101.
    pub fn into_parts(self) -> (Stream, Bytes) {
        (self.stream, self.received.freeze())
    }
}

async fn read_response<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    method: &str,
    patience: Duration,
) -> Result<Response, ClientError> {
    let mut response = read_head(stream, received, method, patience).await?;
    loop {
        match piece(stream, received, &mut response, patience).await {
            Ok(Some(data)) => response.body.extend_from_slice(&data),
            Ok(None) => {
                response.complete = true;
                return Ok(response);
            }
            Err(ClientError::Closed(_) | ClientError::Io(_)) => return Ok(response),
            Err(error) => return Err(error),
        }
    }
}

async fn read_head<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    method: &str,
    patience: Duration,
) -> Result<Response, ClientError> {
    let mut interim = Vec::new();
    loop {
        match Response::parse(received, method)? {
            Some((response, length)) if response.status < 200 && response.status != 101 => {
                received.advance(length);
                interim.push(response.status);
            }
            Some((response, length)) => {
                received.advance(length);
                return Ok(Response { interim, ..response });
            }
            None if more(stream, received, "a response", patience).await? => {}
            None if received.is_empty() => return Err(ClientError::Closed(String::new())),
            None => {
                return Err(ClientError::Closed(format!(" (after {:?})", crate::response::shown(received))));
            }
        }
    }
}

/// Reads more into `received`; `false` at the end.
async fn more<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    what: &'static str,
    patience: Duration,
) -> Result<bool, ClientError> {
    received.reserve(64 * 1024);
    Ok(patiently(patience, what, stream.read_buf(received)).await? > 0)
}

async fn piece<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    response: &mut Response,
    patience: Duration,
) -> Result<Option<Bytes>, ClientError> {
    let cut = || ClientError::Closed(" in full: it was cut off within its body".to_owned());
    match &mut response.framing {
        Framing::None | Framing::Length(0) => Ok(None),
        Framing::Length(left) => {
            if received.is_empty() && !more(stream, received, "the rest of a body", patience).await? {
                return Err(cut());
            }
            let take = usize::try_from(*left).unwrap_or(usize::MAX).min(received.len());
            *left -= take as u64;
            response.wire_length += take as u64;
            Ok(Some(received.split_to(take).freeze()))
        }
        Framing::Close => {
            if received.is_empty() && !more(stream, received, "the end of a body", patience).await? {
                return Ok(None);
            }
            response.wire_length += received.len() as u64;
            Ok(Some(received.split().freeze()))
        }
        Framing::Chunked => loop {
            match httparse::parse_chunk_size(received) {
                Ok(httparse::Status::Complete((line, 0))) => {
                    let mut fields = [httparse::EMPTY_HEADER; 64];
                    match httparse::parse_headers(&received[line..], &mut fields) {
                        Ok(httparse::Status::Complete((length, fields))) => {
                            response.trailers = fields
                                .iter()
                                .map(|f| (f.name.to_owned(), String::from_utf8_lossy(f.value).into_owned()))
                                .collect();
                            received.advance(line + length);
                            response.wire_length += (line + length) as u64;
                            response.framing = Framing::None;
                            return Ok(None);
                        }
                        Ok(httparse::Status::Partial) => {}
                        Err(error) => return Err(ClientError::not_http(format!("a trailer: {error}"))),
                    }
                }
                Ok(httparse::Status::Complete((line, size))) => {
                    let size =
                        usize::try_from(size).map_err(|_| ClientError::not_http("a chunk too large"))?;
                    if received.len() >= line + size + 2 {
                        response.wire_length += (line + size + 2) as u64;
                        received.advance(line);
                        let data = received.split_to(size).freeze();
                        received.advance(2);
                        return Ok(Some(data));
                    }
                }
                Ok(httparse::Status::Partial) => {}
                Err(_) => {
                    return Err(ClientError::not_http(format!(
                        "a chunk of {:?}",
                        crate::response::shown(received)
                    )));
                }
            }
            if !more(stream, received, "the next chunk", patience).await? {
                return Err(cut());
            }
        },
    }
}
