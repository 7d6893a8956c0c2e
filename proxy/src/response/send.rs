//! Sends a response made here: a page, a text, a file.

use std::future::poll_fn;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use tokio::io::Interest;

use super::client::{ClientConnection, with_deadline};
use super::fields::write_field;
use super::filter::{BodyChanges, BodyFilters};
use super::head::HeadersOut;
use super::pages::page;
use crate::exchange::Exchange;
use crate::message::status::client_status;
use crate::message::{Body, Piece, Response};
use crate::wire::Stream;
use crate::wire::buffer::BUFFER_SIZE;

/// The most that one `sendfile` sends: nginx's default for `sendfile_max_chunk`.
const SENDFILE_MAX_CHUNK: u64 = 2 * 1024 * 1024;

/// Shorter files are read and sent along with the head, which saves a system call and a segment.
const SENDFILE_MIN_SIZE: u64 = 32 * 1024;

/// The response could not be sent: the client is gone or reads nothing.
#[derive(Debug)]
pub(crate) struct SendError(pub(crate) io::Error);

impl<S: Stream> ClientConnection<S> {
    /// Sends `response`, without its body if the request is a HEAD.
    pub(crate) async fn respond(
        &mut self,
        x: &mut Exchange<'_>,
        response: Response,
    ) -> Result<(), SendError> {
        let mut response = response;
        // A redirect that an error page makes is one; of a page that is none to the client, it may ask for parts.
        let is_own = |status: &u16| match response.status {
            301 | 302 | 303 | 307 | 308 => true,
            206 | 304 | 416 => *status == 200,
            _ => false,
        };
        let error_status = x.error_status.take();
        if let Some(status) = error_status.filter(|status| !is_own(status)) {
            response.status = status;
            // An error page is not to be cached or asked for in ranges.
            if !matches!(status, 200 | 206 | 304) {
                response.last_modified = None;
            }
        }
        if let Some(whole) = response.whole.take() {
            // What is compressed for the client, or in which texts are replaced, has no parts.
            let changes = write_head(x, &whole, &mut Vec::new());
            x.gzip_vary.set(x.gzip_vary.get() || changes.vary);
            if changes.any() {
                response = *whole;
            }
        }
        if matches!((response.status, &response.body), (301 | 416, Body::Empty)) {
            (response.content_type, response.body) = page(x, response.status);
        }
        x.status = match (error_status, response.status) {
            // The log has what the error page says.
            (Some(200), 206 | 304) => 200,
            (_, status) => client_status(status),
        };
        let has_no_body = matches!(response.status, 204 | 304);
        let mut head = x.response_head.take();
        head.clear();
        let sends_body = !has_no_body && !x.request.is_head();
        let is_generated = response.body.len().is_none();
        if is_generated && sends_body && x.ends_with_connection() {
            x.keep_alive = false;
        }
        let changes = write_head(x, &response, &mut head);
        let mut headers = std::mem::take(&mut response.headers);
        headers.clear();
        x.spare_headers.replace(headers);
        let has_length = !is_generated && !changes.any();
        if !has_length && sends_body && x.ends_with_connection() {
            x.keep_alive = false;
        }
        let chunked = sends_body && x.has_chunks() && (!has_length || changes.trailers);
        self.begin(x, &head, chunked, changes.trailers);
        x.response_head.replace(head);
        self.add_trailers(x);
        let timeout = x.settings.send_timeout;
        let body = if sends_body { response.body } else { Body::Empty };
        let before = x.sent;
        let sent = match body {
            // Boxed, so that what goes out unchanged has no room for filters.
            body if changes.any() && sends_body => {
                Box::pin(self.write_filtered(x, body, changes, timeout)).await
            }
            Body::Empty => self.write(&[], timeout).await,
            Body::Bytes(bytes) | Body::Generated(bytes) => self.write(&bytes, timeout).await,
            Body::File { file, pieces } if chunked => self.write_in_chunks(&file, &pieces, timeout).await,
            Body::File { file, pieces } => {
                self.write_pieces(&file, &pieces, x.settings.sendfile, timeout).await
            }
        };
        let sent = match sent {
            Ok(()) if sends_body => self.finish(timeout).await,
            sent => sent,
        };
        x.sent = before + self.output.written();
        x.is_complete = sent.is_ok();
        sent.map_err(SendError)
    }

    /// Sends a body through the filters.
    async fn write_filtered(
        &mut self,
        x: &mut Exchange<'_>,
        body: Body,
        changes: BodyChanges,
        timeout: Duration,
    ) -> io::Result<()> {
        let mut filters = BodyFilters::new(x, changes);
        match body {
            Body::Empty => {}
            Body::Bytes(bytes) | Body::Generated(bytes) => self.filter(&mut filters, &bytes, timeout).await?,
            Body::File { file, pieces } => {
                let mut data = vec![0; BUFFER_SIZE];
                for piece in pieces.iter() {
                    let Piece::File { offset, length } = piece else { continue };
                    let (mut offset, end) = (*offset, offset + length);
                    while offset < end {
                        let step = data.len().min((end - offset) as usize);
                        let read = file.read_at(data.get_mut(..step).unwrap_or_default(), offset)?;
                        if read == 0 {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                        self.filter(&mut filters, data.get(..read).unwrap_or_default(), timeout).await?;
                        offset += read as u64;
                        tokio::task::coop::consume_budget().await;
                    }
                }
            }
        }
        let sent = self.finish_filters(&mut filters, timeout).await;
        x.compressed = filters.totals();
        sent
    }

    /// Sends what the filters make of a part of a body, once there is enough of it.
    pub(crate) async fn filter(
        &mut self,
        filters: &mut BodyFilters,
        data: &[u8],
        timeout: Duration,
    ) -> io::Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = filters.push(rest, false)?;
            rest = rest.get(taken..).unwrap_or_default();
            let count = filters.output().len();
            if count >= BUFFER_SIZE {
                self.write(filters.output(), timeout).await?;
                filters.consume(count);
            }
        }
        Ok(())
    }

    /// Sends what is left in the filters, and the end of the message.
    pub(crate) async fn finish_filters(
        &mut self,
        filters: &mut BodyFilters,
        timeout: Duration,
    ) -> io::Result<()> {
        while !filters.is_finished() {
            filters.finish()?;
            let count = filters.output().len();
            self.write(filters.output(), timeout).await?;
            filters.consume(count);
        }
        self.finish(timeout).await
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

    /// Sends pieces in chunks of a buffer's length, as far as there is so much.
    async fn write_in_chunks(
        &mut self,
        file: &std::fs::File,
        pieces: &[Piece],
        timeout: Duration,
    ) -> io::Result<()> {
        let mut data = Vec::new();
        for piece in pieces {
            let (mut offset, end) = match piece {
                Piece::Text(text) => {
                    data.extend_from_slice(text);
                    continue;
                }
                Piece::File { offset, length } => (*offset, offset + length),
            };
            while offset < end {
                let (start, step) = (data.len(), (end - offset).min(BUFFER_SIZE as u64) as usize);
                data.resize(start + step, 0);
                let read = file.read_at(data.get_mut(start..).unwrap_or_default(), offset)?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                data.truncate(start + read);
                offset += read as u64;
                if data.len() >= BUFFER_SIZE {
                    self.write(&data, timeout).await?;
                    data.clear();
                    tokio::task::coop::consume_budget().await;
                }
            }
        }
        self.write(&data, timeout).await
    }

    /// Sends a file with `sendfile(2)`.
    async fn send_file(
        &mut self,
        file: &std::fs::File,
        mut offset: u64,
        length: u64,
        timeout: Duration,
    ) -> io::Result<()> {
        self.write(&[], timeout).await?;
        let end = offset + length;
        self.writing.stop();
        while offset < end {
            let room = poll_fn(|cx| self.poll_room(cx)).await;
            let ClientConnection { stream, writing, .. } = self;
            let Some(socket) = stream.socket() else { return Ok(()) };
            let step = ((end - offset).min(SENDFILE_MAX_CHUNK) as usize).min(room);
            let send = || Ok(rustix::fs::sendfile(socket, file, Some(&mut offset), step)?);
            match socket.try_io(Interest::WRITABLE, send) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    writing.stop();
                    self.count(count as u64);
                    // A fast client must not keep the worker busy for a whole file.
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

/// Appends the head of a response.
fn write_head(x: &Exchange<'_>, response: &Response, head: &mut Vec<u8>) -> BodyChanges {
    let has_no_body = matches!(response.status, 204 | 304);
    let headers = HeadersOut {
        status: response.status,
        content_type: response.content_type.as_deref().map(str::as_bytes).filter(|_| response.status != 204),
        length: response.body.len().filter(|_| !has_no_body),
        chunked: response.body.len().is_none() && !x.request.is_head() && x.has_chunks(),
        last_modified: response.last_modified,
        location: response.location.as_deref(),
        range: response
            .headers
            .iter()
            .find(is_range_header)
            .filter(|_| matches!(response.status, 200 | 206 | 416)),
        ..HeadersOut::default()
    };
    x.write_head(head, &headers, |out| {
        for (name, value) in response.headers.iter().filter(|field| !is_range_header(field)) {
            write_field(out, name, value);
        }
    })
}

/// Whether a field is `Accept-Ranges` or `Content-Range`, as the proxy spells them.
fn is_range_header((name, _): &(&[u8], &[u8])) -> bool {
    matches!(*name, b"Accept-Ranges" | b"Content-Range")
}
