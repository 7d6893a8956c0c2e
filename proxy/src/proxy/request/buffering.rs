//! `proxy_request_buffering`: the part of a request's body that is read before an app server is asked.
//!
//! With `on` (the default) nginx reads the whole body first. Here that holds for bodies that fit a buffer: they can be
//! sent again to another server, and a chunked one gets a `Content-Length`. The rest of a longer body is streamed as
//! with `off`, and such a body is sent to one server only.

use std::future::poll_fn;
use std::task::Poll;

use super::upload::UploadError;
use crate::exchange::Exchange;
use crate::message::request::BodyLength;
use crate::proxy::error::ProxyError;
use crate::response::ClientConnection;
use crate::wire::buffer::BUFFER_SIZE;
use crate::wire::{BodyError, Stream};
use nginx_conf::model::{Level, ProxyHttpVersion};

/// The longest body that is kept whole: for `mirror`, for `$request_body`, and for HTTP/1.0 if it comes in chunks.
const MAX_WHOLE_BODY: usize = 8 * 1024 * 1024;

/// Sends a 100 if the client waits for one, and reads as much of the body as is to be buffered.
pub(crate) async fn read_body<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
) -> Result<(), ProxyError> {
    // HTTP/1.0 has no chunks, and so the length has to be known (RFC 9112 §6.1).
    let needs_length = x.request.body == BodyLength::Chunked
        && x.settings.proxy.http_version == Some(ProxyHttpVersion::Http10);
    let max_size = match (x.settings.proxy.request_buffering, x.http.keeps_request_body) {
        _ if needs_length && x.settings.proxy.passes_body() => MAX_WHOLE_BODY,
        (false, _) => 0,
        (true, false) => BUFFER_SIZE,
        (true, true) => x.settings.client_body_buffer_size.clamp(BUFFER_SIZE, MAX_WHOLE_BODY),
    };
    read_up_to(client, x, max_size).await
}

/// Keeps a body that nginx would have in memory, where `$request_body` wants to know: it may be a quarter longer than
/// `client_body_buffer_size`, and what fits the buffer of the head does not count.
fn keep_body<C>(client: &ClientConnection<C>, x: &mut Exchange<'_>, preread: u64) {
    let data = client.body.data(&client.input);
    let size = x.settings.client_body_buffer_size;
    let beside_head = x.server.client_header_buffer_size.min(usize::try_from(preread).unwrap_or(usize::MAX));
    if client.body.is_complete() && data.len() <= size + size / 4 + beside_head {
        x.request_body = Some(data.to_vec());
    }
}

/// Reads all of the body into memory; false if it is too long for that.
pub(crate) async fn read_whole_body<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
) -> Result<bool, ProxyError> {
    read_up_to(client, x, MAX_WHOLE_BODY).await?;
    Ok(client.body.is_complete())
}

/// Reads the body until so many bytes are buffered, or as many as the buffer has room for.
async fn read_up_to<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    buffered: usize,
) -> Result<(), ProxyError> {
    let preread = std::mem::take(&mut x.preread_body);
    x.request_length += preread;
    // nginx sends it even if the body is already there.
    if x.request.expects_continue && !x.sent_continue && x.request.body != BodyLength::None {
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        if client.send_interim(x, CONTINUE).await.is_err() {
            x.status = 499;
            return Err(ProxyError::Close);
        }
        x.sent_continue = true;
    }
    check_size(client, x)?;
    if !client.body.is_complete() && buffered > 0 {
        fill(client, x, buffered).await?;
    }
    if client.body.is_complete() && x.request.body == BodyLength::Chunked {
        x.request.body = BodyLength::Known(client.body.total());
    }
    if x.http.keeps_request_body && x.request_body.is_none() && x.request.body != BodyLength::None {
        keep_body(client, x, preread);
    }
    Ok(())
}

/// Reads more of the body, until so many bytes are buffered.
async fn fill<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    buffered: usize,
) -> Result<(), ProxyError> {
    let (timeout, max_size) = (x.settings.client_body_timeout, max_body_size(x));
    let ClientConnection { stream, input, body, reading, .. } = client;
    reading.stop();
    let received = &mut x.request_length;
    let outcome = poll_fn(|cx| {
        while !body.is_complete() {
            if input.is_full() {
                if input.len() >= buffered {
                    break;
                }
                input.grow((2 * input.len()).min(buffered));
            }
            match body.poll_fill(input, stream, cx) {
                Poll::Ready(Ok(count)) => {
                    *received += count as u64;
                    reading.stop();
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(UploadError::Client(error))),
                Poll::Pending => {
                    reading.start_once(timeout);
                    return reading.poll(cx).map(|()| Err(UploadError::ClientTimedOut));
                }
            }
            if max_size.is_some_and(|max_size| body.min_length() > max_size) {
                return Poll::Ready(Err(UploadError::TooLarge));
            }
        }
        Poll::Ready(Ok(()))
    })
    .await;
    outcome.map_err(|error| refuse(x, error))
}

fn check_size<C>(client: &ClientConnection<C>, x: &mut Exchange<'_>) -> Result<(), ProxyError> {
    match max_body_size(x) {
        Some(max_size) if client.body.min_length() > max_size => Err(refuse(x, UploadError::TooLarge)),
        _ => Ok(()),
    }
}

/// How long a body may become that does not tell its length. One that does was looked at when its location was found, and
/// an `error_page` with other limits takes it as it is.
pub(crate) fn max_body_size(x: &Exchange<'_>) -> Option<u64> {
    x.settings.client_max_body_size.filter(|_| x.request.body == BodyLength::Chunked)
}

/// Refuses a request whose body cannot be read.
pub(crate) fn refuse(x: &mut Exchange<'_>, error: UploadError) -> ProxyError {
    x.keep_alive = false;
    x.linger = true;
    match error {
        UploadError::TooLarge => {
            x.log(Level::Error, format_args!("client intended to send too large chunked body"));
            ProxyError::Status(413)
        }
        UploadError::Client(BodyError::Malformed) => {
            x.log(Level::Error, format_args!("client sent invalid chunked body"));
            ProxyError::Status(400)
        }
        UploadError::Client(_) => {
            x.log(Level::Info, format_args!("client prematurely closed connection"));
            x.status = 400;
            ProxyError::Close
        }
        UploadError::ClientTimedOut => {
            x.log(Level::Info, format_args!("client timed out (110: Connection timed out)"));
            x.status = 408;
            ProxyError::Close
        }
        UploadError::Server(_) | UploadError::ServerTimedOut => ProxyError::Status(502),
    }
}
