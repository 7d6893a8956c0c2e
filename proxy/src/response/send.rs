//! Sends a response made here: a page, a text, a file.

use std::future::poll_fn;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use tokio::io::Interest;

use super::client::{ClientConnection, with_deadline};
use super::head::{HeadersOut, write_field};
use super::pages::page;
use crate::exchange::Exchange;
use crate::message::status::client_status;
use crate::message::{Body, Piece, Response};
use crate::wire::Stream;
use crate::wire::buffer::BUFFER_SIZE;

/// The most that is read from a file at once, and sent at once where the kernel does the copying.
const SENDFILE_MAX_CHUNK: u64 = 2 * 1024 * 1024;

/// Up to here a file's bytes are read and go out with the head: less than another call and another segment.
const SENDFILE_MIN_SIZE: u64 = 32 * 1024;

/// The client is not there any more, or takes nothing.
#[derive(Debug)]
pub(crate) struct SendError(pub(crate) io::Error);

impl<S: Stream> ClientConnection<S> {
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
        let mut data = vec![0; (length as usize).min(BUFFER_SIZE)];
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
}

/// Whether a field is the one that says which ranges there are.
fn is_range_header((name, _): &(&[u8], &[u8])) -> bool {
    name.eq_ignore_ascii_case(b"Accept-Ranges") || name.eq_ignore_ascii_case(b"Content-Range")
}
