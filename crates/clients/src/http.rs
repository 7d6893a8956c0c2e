//! An HTTP/1.1 connection, whose steps a scenario takes one by one.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::policy::{RequestPermit, refused};
use crate::response::{Framing, Response};
use crate::{AnswerLimits, ClientError, DEFAULT_TIMEOUT, Request, Route, Stream, with_timeout};

/// The most room that is made for a body before it has come.
const MAX_RESERVED: usize = 16 << 20;

/// How an answer is read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// How long the client waits for more.
    timeout: Duration,
    /// What is read at most.
    limits: AnswerLimits,
}

/// An open connection to the proxy.
#[derive(Debug)]
pub struct Connection {
    route: Route,
    stream: Stream,
    received: BytesMut,
    /// That of a request whose response has not been read.
    unanswered: Option<RequestPermit>,
    /// Responses read so far on this connection.
    pub responses: usize,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When the connection or the TLS handshake fails.
    pub async fn open(route: &Route) -> Result<Connection, ClientError> {
        let stream = route.connect().await?;
        Ok(Connection {
            route: route.clone(),
            stream,
            received: BytesMut::new(),
            unanswered: None,
            responses: 0,
        })
    }

    /// Its route.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// This end's address, as the proxy sees it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn local(&self) -> Result<SocketAddr, ClientError> {
        let tcp = self.stream.tcp().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected));
        Ok(tcp?.local_addr()?)
    }

    /// The TLS state; `None` without TLS.
    pub fn tls(&self) -> Option<&rustls::ClientConnection> {
        self.stream.tls()
    }

    /// The head of `request`, as it is sent on this connection.
    pub fn head_of(&self, request: &Request) -> Vec<u8> {
        self.route.with_common_headers(request).head(self.route.host())
    }

    fn reading(&self) -> Reading {
        Reading { timeout: self.route.timeout(), limits: self.route.limits() }
    }

    /// Whether the peer has already closed this connection.
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
    /// When the peer has closed, or is a live deployment.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        if self.route.policy().is_some() {
            return Err(refused("raw bytes may do anything"));
        }
        self.write(bytes).await
    }

    /// Sends the head of a request, and `behind` right after it. The caller reads the response.
    ///
    /// # Errors
    /// When the peer has closed, or the policy refuses the request.
    pub async fn send_head(&mut self, request: &Request, behind: &[u8]) -> Result<(), ClientError> {
        let permit = self.route.acquire(request).await?;
        if !behind.is_empty() && self.route.policy().is_some() {
            return Err(refused("raw bytes behind a request may do anything"));
        }
        let bytes = [&self.head_of(request), behind].concat();
        self.write(&bytes).await?;
        self.unanswered = permit;
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        with_timeout(self.route.timeout(), "the proxy to read", writing).await
    }

    /// Sends a request and reads the response. A proxy may respond, and close, before it has read the whole body: then
    /// the response counts, not the failed write.
    ///
    /// # Errors
    /// When there is no response, or the policy refuses the request.
    pub async fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        let _permit = self.route.acquire(request).await?;
        let head = self.head_of(request);
        self.write(&head).await?;
        let body = request.framed_body();
        let reading = self.reading();
        let (mut read, mut write) = tokio::io::split(&mut self.stream);
        let writing = async {
            let _ = write.write_all(&body).await;
            let _ = write.flush().await;
            std::future::pending::<()>().await
        };
        tokio::select! {
            biased;
            () = writing => unreachable!("never ends"),
            response = reading.limits.in_time(read_response(&mut read, &mut self.received, &request.method, reading)) => {
                self.responses += 1;
                response
            }
        }
    }

    /// Reads the next response, including its body.
    ///
    /// # Errors
    /// When there is none.
    pub async fn response(&mut self, method: &str) -> Result<Response, ClientError> {
        self.responses += 1;
        let reading = self.reading();
        let response = read_response(&mut self.stream, &mut self.received, method, reading);
        let response = reading.limits.in_time(response).await;
        self.unanswered = None;
        response
    }

    /// Reads the next response's head only; the body is read with [`Connection::piece`].
    ///
    /// # Errors
    /// When there is none.
    pub async fn head(&mut self, method: &str) -> Result<Response, ClientError> {
        let reading = self.reading();
        let head = read_head(&mut self.stream, &mut self.received, method, reading).await;
        self.unanswered = None;
        head
    }

    /// The next piece, as it arrives, of a body whose head was read with [`Connection::head`]; `None` at its end.
    ///
    /// # Errors
    /// When the connection is closed within the body.
    pub async fn piece(&mut self, response: &mut Response) -> Result<Option<Bytes>, ClientError> {
        let reading = self.reading();
        piece(&mut self.stream, &mut self.received, response, reading).await
    }

    /// Waits until the peer closes; `false` when it sends something instead, or stays open past the deadline.
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

    /// Reads everything until the peer closes.
    ///
    /// # Errors
    /// When it does not close.
    pub async fn rest(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut rest = self.received.split().to_vec();
        match with_timeout(DEFAULT_TIMEOUT, "the connection to be closed", self.stream.read_to_end(&mut rest))
            .await
        {
            Ok(_) => Ok(rest),
            Err(ClientError::Io(_)) => Ok(rest), // a reset closes, too
            Err(error) => Err(error),
        }
    }

    /// Closes the sending side.
    ///
    /// # Errors
    /// When the connection is already closed.
    pub async fn finish_sending(&mut self) -> Result<(), ClientError> {
        Ok(self.stream.shutdown().await?)
    }

    /// Ends the connection by a reset once it is dropped: otherwise its local port is held for a minute.
    pub fn reset_when_dropped(&self) {
        // If the socket is gone, there is nothing to hold.
        let _ = self.stream.tcp().map(tokio::net::TcpStream::set_zero_linger);
    }

    /// The stream, with the bytes that were received but not used yet: for another protocol after a 101.
    pub fn into_parts(self) -> (Stream, Bytes) {
        (self.stream, self.received.freeze())
    }
}

async fn read_response<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    method: &str,
    reading: Reading,
) -> Result<Response, ClientError> {
    let mut response = read_head(stream, received, method, reading).await?;
    if let Framing::Length(length) = response.framing {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        reading.limits.check(length)?;
        response.body.reserve_exact(length.min(MAX_RESERVED));
    }
    loop {
        match piece(stream, received, &mut response, reading).await {
            Ok(Some(data)) => {
                reading.limits.check(response.body.len().saturating_add(data.len()))?;
                response.body.extend_from_slice(&data);
            }
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
    reading: Reading,
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
            None if more(stream, received, "a response", reading).await? => {}
            None if received.is_empty() => return Err(ClientError::Closed(String::new())),
            None => {
                return Err(ClientError::Closed(format!(" (after {:?})", crate::response::escape(received))));
            }
        }
    }
}

/// Reads more into `received`; `false` at the end.
async fn more<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    what: &'static str,
    reading: Reading,
) -> Result<bool, ClientError> {
    if received.len() > reading.limits.waiting() {
        return Err(ClientError::TooLarge { limit: reading.limits.waiting() });
    }
    received.reserve(64 * 1024);
    Ok(with_timeout(reading.timeout, what, stream.read_buf(received)).await? > 0)
}

async fn piece<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    response: &mut Response,
    reading: Reading,
) -> Result<Option<Bytes>, ClientError> {
    let cut = || ClientError::Closed(" in full: it was cut off within its body".to_owned());
    match &mut response.framing {
        Framing::None | Framing::Length(0) => Ok(None),
        Framing::Length(left) => {
            if received.is_empty() && !more(stream, received, "the rest of a body", reading).await? {
                return Err(cut());
            }
            let take = usize::try_from(*left).unwrap_or(usize::MAX).min(received.len());
            *left -= take as u64;
            response.wire_length += take as u64;
            Ok(Some(received.split_to(take).freeze()))
        }
        Framing::Close => {
            if received.is_empty() && !more(stream, received, "the end of a body", reading).await? {
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
                        crate::response::escape(received)
                    )));
                }
            }
            if !more(stream, received, "the next chunk", reading).await? {
                return Err(cut());
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], size: usize) -> Result<Response, ClientError> {
        let limits = AnswerLimits { size, time: DEFAULT_TIMEOUT };
        let reading = Reading { timeout: DEFAULT_TIMEOUT, limits };
        read_response(&mut &bytes[..], &mut BytesMut::new(), "GET", reading).await
    }

    #[tokio::test]
    async fn no_more_is_read_of_an_answer_than_there_is_room_for() {
        let long = [&b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"[..], &[b'x'; 30]].concat();
        assert_eq!(read(&long, 30).await.unwrap().body.len(), 30);
        assert!(matches!(read(&long, 29).await, Err(ClientError::TooLarge { limit: 29 })));
        // A chunk that promises more than is ever kept waiting, and a head without end.
        let chunk =
            [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n"[..], &[b'x'; 90_000]]
                .concat();
        assert!(matches!(read(&chunk, 1000).await, Err(ClientError::TooLarge { limit: 1000 })));
        let head = [&b"HTTP/1.1 200 OK\r\nX: "[..], &[b'x'; 90_000]].concat();
        assert!(matches!(read(&head, 1000).await, Err(ClientError::TooLarge { limit: 1000 })));
    }
}
