//! Sends a response made here: a page, a text, a file.

use std::future::{Future, poll_fn};
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::Interest;

use super::head::{HeadersOut, write_field};
use super::pages;
use crate::exchange::Exchange;
use crate::message::status::{HTTP_TO_HTTPS, REQUEST_HEADER_TOO_LARGE, client_status};
use crate::message::{Body, Piece, Response};
use crate::wire::{BodyReader, Buffer, Deadline, MessageWriter, Stream};

/// The most that is read from a file at once, and sent at once where the kernel does the copying.
const SENDFILE_MAX_CHUNK: u64 = 2 * 1024 * 1024;

/// Up to here a file's bytes are read and go out with the head: less than another call and another segment.
const SENDFILE_MIN_SIZE: u64 = 32 * 1024;

/// How long a client may take to finish sending what nobody will read (nginx's `lingering_time`).
const LINGERING_TIME: Duration = Duration::from_secs(30);

/// How long it may be silent meanwhile (`lingering_timeout`).
const LINGERING_TIMEOUT: Duration = Duration::from_secs(5);

/// A client's connection: the socket and what belongs to it whichever request is being served.
#[derive(Debug)]
pub(crate) struct ClientConnection<S> {
    pub(crate) stream: S,
    pub(crate) input: Buffer,
    pub(crate) output: MessageWriter,
    /// The body of the request being served.
    pub(crate) body: BodyReader,
    pub(crate) reading: Deadline,
    pub(crate) writing: Deadline,
}

/// The client is not there any more, or takes nothing.
#[derive(Debug)]
pub(crate) struct SendError(pub(crate) io::Error);

/// Whether a field is the one that says which ranges there are.
fn is_range_header((name, _): &(&[u8], &[u8])) -> bool {
    name.eq_ignore_ascii_case(b"Accept-Ranges") || name.eq_ignore_ascii_case(b"Content-Range")
}

impl<S: Stream> ClientConnection<S> {
    /// A new connection.
    pub(crate) fn new(stream: S) -> ClientConnection<S> {
        ClientConnection {
            stream,
            input: Buffer::default(),
            output: MessageWriter::default(),
            body: BodyReader::empty(),
            reading: Deadline::default(),
            writing: Deadline::default(),
        }
    }

    /// Sends `response`, or as much of it as its request wants to see.
    pub(crate) async fn respond(
        &mut self,
        x: &mut Exchange<'_>,
        response: Response,
    ) -> Result<(), SendError> {
        let mut response = response;
        if let Some(status) = x.error_status.take() {
            response.status = status;
            // Of an error's page nobody keeps a copy or asks for a part.
            if !matches!(status, 200 | 206 | 304) {
                response.last_modified = None;
            }
        }
        if matches!((response.status, &response.body), (301 | 416, Body::Empty)) {
            (response.content_type, response.body) = page(x, response.status);
        }
        x.status = client_status(response.status);
        let bare = matches!(response.status, 204 | 304);
        let lead = HeadersOut {
            status: response.status,
            content_type: response
                .content_type
                .as_deref()
                .map(str::as_bytes)
                .filter(|_| response.status != 204),
            length: if bare { None } else { Some(response.body.len()) },
            last_modified: response.last_modified,
            location: response.location.as_deref(),
            range: response
                .headers
                .iter()
                .find(is_range_header)
                .filter(|_| matches!(response.status, 200 | 206 | 416)),
            ..HeadersOut::default()
        };
        let mut head = x.response_head.take();
        head.clear();
        x.write_head(&mut head, &lead, |out| {
            for (name, value) in response.headers.iter().filter(|field| !is_range_header(field)) {
                write_field(out, name, value);
            }
        });
        self.output.begin();
        self.output.head_mut().extend_from_slice(&head);
        x.response_head.replace(head);
        let timeout = x.settings.send_timeout;
        let body = if bare || x.request.is_head() { Body::Empty } else { response.body };
        let before = x.sent;
        let sent = match body {
            Body::Empty => self.write(&[], timeout).await,
            Body::Bytes(bytes) => self.write(&bytes, timeout).await,
            Body::File { file, pieces } => {
                self.write_pieces(&file, &pieces, x.settings.sendfile, timeout).await
            }
        };
        x.sent = before + self.output.written();
        sent.map_err(SendError)
    }

    /// Writes what waits and then `data`, as the end of a message or a part of it.
    pub(crate) async fn write(&mut self, mut data: &[u8], timeout: Duration) -> io::Result<()> {
        let ClientConnection { stream, output, writing, .. } = self;
        writing.stop();
        poll_fn(|cx| {
            while !data.is_empty() || !output.is_flushed() {
                let count =
                    ready!(with_deadline(output.poll_write(stream, cx, data, false), writing, timeout, cx))?;
                data = data.get(count..).unwrap_or_default();
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    async fn write_pieces(
        &mut self,
        file: &std::fs::File,
        pieces: &[Piece],
        sendfile: bool,
        timeout: Duration,
    ) -> io::Result<()> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.write(text, timeout).await?,
                Piece::File { offset, length }
                    if sendfile && *length > SENDFILE_MIN_SIZE && self.stream.socket().is_some() =>
                {
                    self.send_file(file, *offset, *length, timeout).await?;
                }
                Piece::File { offset, length } => self.copy_file(file, *offset, *length, timeout).await?,
            }
        }
        self.write(&[], timeout).await
    }

    /// From the page cache to the socket inside the kernel.
    async fn send_file(
        &mut self,
        file: &std::fs::File,
        mut offset: u64,
        length: u64,
        timeout: Duration,
    ) -> io::Result<()> {
        self.write(&[], timeout).await?;
        let ClientConnection { stream, output, writing, .. } = self;
        let Some(socket) = stream.socket() else { return Ok(()) };
        let end = offset + length;
        writing.stop();
        while offset < end {
            let step = (end - offset).min(SENDFILE_MAX_CHUNK) as usize;
            let send = || Ok(rustix::fs::sendfile(socket, file, Some(&mut offset), step)?);
            match socket.try_io(Interest::WRITABLE, send) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    output.count(count as u64);
                    writing.stop();
                    // A client as fast as the page cache must not keep the worker for the length of a file.
                    tokio::task::coop::consume_budget().await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll_fn(|cx| with_deadline(socket.poll_write_ready(cx), writing, timeout, cx)).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn copy_file(
        &mut self,
        file: &std::fs::File,
        mut offset: u64,
        length: u64,
        timeout: Duration,
    ) -> io::Result<()> {
        let end = offset + length;
        let mut data = vec![0; (length as usize).min(crate::wire::buffer::BUFFER_SIZE)];
        while offset < end {
            let step = data.len().min((end - offset) as usize);
            let read = file.read_at(data.get_mut(..step).unwrap_or_default(), offset)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.write(data.get(..read).unwrap_or_default(), timeout).await?;
            offset += read as u64;
        }
        Ok(())
    }

    /// Waits for something else unless the client closes its connection first.
    pub(crate) async fn unless_gone<T>(&mut self, other: impl Future<Output = T>) -> Option<T> {
        let mut other = pin!(other);
        poll_fn(|cx| match other.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if self.poll_gone(cx) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Whether the client has closed its connection. What it sends ahead is kept for later. The connection is looked at
    /// only when the request has been read to its end.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> bool {
        while self.body.is_complete() && !self.input.is_full() {
            match self.input.poll_fill(&mut self.stream, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return true,
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return false,
            }
        }
        false
    }

    /// Reads and forgets what is left of the request's body, so that the next request can be read; false when that
    /// takes too long or cannot be done.
    pub(crate) async fn discard_body(&mut self) -> bool {
        let ClientConnection { stream, input, body, reading, writing, .. } = self;
        body.skip(input);
        if body.is_complete() {
            return true;
        }
        writing.start(LINGERING_TIME);
        reading.start(LINGERING_TIMEOUT);
        let read = poll_fn(|cx| {
            loop {
                match body.poll_fill(input, stream, cx) {
                    Poll::Ready(Ok(_)) => {
                        body.skip(input);
                        if body.is_complete() {
                            return Poll::Ready(true);
                        }
                        reading.start(LINGERING_TIMEOUT);
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                    Poll::Pending if writing.poll(cx).is_ready() => return Poll::Ready(false),
                    Poll::Pending => return reading.poll(cx).map(|()| false),
                }
            }
        })
        .await;
        writing.stop();
        reading.stop();
        read
    }

    /// Ends our half and waits until the client has read what it was sent: closing at once while bytes of the request
    /// are still on their way would reset the connection and could take the answer with it.
    pub(crate) async fn linger(&mut self) {
        let ClientConnection { stream, input, reading, writing, .. } = self;
        if poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await.is_err() {
            return;
        }
        writing.start(LINGERING_TIME);
        reading.start(LINGERING_TIMEOUT);
        poll_fn(|cx| {
            loop {
                input.consume(input.len());
                match input.poll_fill(stream, cx) {
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                    Poll::Ready(Ok(_)) => reading.start(LINGERING_TIMEOUT),
                    Poll::Pending if writing.poll(cx).is_ready() => return Poll::Ready(()),
                    Poll::Pending => return reading.poll(cx),
                }
                if writing.poll(cx).is_ready() {
                    return Poll::Ready(());
                }
            }
        })
        .await;
    }
}

/// Waits for `outcome` no longer than `timeout` since the last time it was ready.
fn with_deadline<T>(
    outcome: Poll<io::Result<T>>,
    deadline: &mut Deadline,
    timeout: Duration,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    match outcome {
        Poll::Ready(outcome) => {
            deadline.stop();
            Poll::Ready(outcome)
        }
        Poll::Pending => {
            deadline.start_once(timeout);
            deadline.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
        }
    }
}

/// nginx's page for a status, and what else an error does.
pub(crate) fn error_page(x: &mut Exchange<'_>, status: u16) -> Response {
    close_after_error(x, status);
    page_response(x, status)
}

/// After some errors the connection is not trusted any further.
pub(crate) fn close_after_error(x: &mut Exchange<'_>, status: u16) {
    if matches!(status, 400 | 413 | 414 | REQUEST_HEADER_TOO_LARGE | HTTP_TO_HTTPS | 500 | 501) {
        x.keep_alive = false;
    }
}

/// A response with nginx's page for its status, if it has one.
pub(crate) fn page_response(x: &Exchange<'_>, status: u16) -> Response {
    let mut response = Response::new(status);
    (response.content_type, response.body) = page(x, status);
    response
}

fn page(x: &Exchange<'_>, status: u16) -> (Option<String>, Body) {
    match pages::page(status, x.settings.server_tokens, &x.request.headers) {
        Some(page) => (Some("text/html".to_owned()), Body::Bytes(Bytes::from(page))),
        None => (None, Body::Empty),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::wire::Framing;

    /// A connection on which a long body is expected, and its client.
    fn waiting() -> (ClientConnection<DuplexStream>, DuplexStream) {
        let (client, stream) = duplex(64);
        let mut connection = ClientConnection::new(stream);
        if let Ok(body) = BodyReader::new(Framing::Length(1000), &mut connection.input) {
            connection.body = body;
        }
        (connection, client)
    }

    /// Seconds until this is done, while the client says a byte every four seconds.
    async fn trickling(mut client: DuplexStream, done: impl Future) -> u64 {
        let begin = Instant::now();
        let trickle = async {
            while client.write_all(b"x").await.is_ok() {
                sleep(Duration::from_secs(4)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { _ = done => {}, () = trickle => {} }
        begin.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_what_nobody_reads() {
        let ((mut connection, _client), begin) = (waiting(), Instant::now());
        assert!(!connection.discard_body().await);
        assert_eq!(begin.elapsed(), LINGERING_TIMEOUT);
        connection.linger().await;
        assert_eq!(begin.elapsed(), 2 * LINGERING_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_a_client_that_is_slow() {
        let (mut connection, client) = waiting();
        assert_eq!(trickling(client, connection.discard_body()).await, LINGERING_TIME.as_secs());
        let (mut connection, client) = waiting();
        assert_eq!(trickling(client, connection.linger()).await, LINGERING_TIME.as_secs());
    }
}
