//! The part of a request's body that is read before an app server is asked.
//!
//! With `proxy_request_buffering on` (the default) nginx reads the whole body first. Here that holds for bodies that fit
//! a buffer: they can be sent again to another server, and one that came in chunks goes on with its length. A longer body
//! is streamed from there on as with `off`, and is sent to one server only once it has begun to flow.

use std::future::poll_fn;
use std::task::Poll;

use super::upload::UploadError;
use crate::exchange::Exchange;
use crate::message::request::BodyLength;
use crate::proxy::error::ProxyError;
use crate::response::ClientConnection;
use crate::wire::BodyError;
use crate::wire::Stream;
use nginx_conf::model::Level;

/// Tells the client to go on if it waits for that, and reads what is to be read beforehand.
pub(crate) async fn read_body<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
) -> Result<(), ProxyError> {
    x.request_length += std::mem::take(&mut x.preread_body);
    // As nginx: said even if the body has come along unasked.
    if x.request.expects_continue && x.request.body != BodyLength::None {
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        let timeout = x.settings.send_timeout;
        client.output.begin();
        client.output.head_mut().extend_from_slice(CONTINUE);
        if client.write(&[], timeout).await.is_err() {
            x.status = 499;
            return Err(ProxyError::Close);
        }
        x.sent += CONTINUE.len() as u64;
        x.sent_continue = true;
    }
    check(client, x)?;
    if client.body.is_complete() || !x.settings.proxy.request_buffering {
        return Ok(());
    }
    let (timeout, most) = (x.settings.client_body_timeout, x.settings.client_max_body_size);
    let ClientConnection { stream, input, body, reading, .. } = client;
    reading.stop();
    let received = &mut x.request_length;
    let outcome = poll_fn(|cx| {
        while !body.is_complete() && !input.is_full() {
            match body.poll_fill(input, stream, cx) {
                Poll::Ready(Ok(count)) => {
                    *received += count as u64;
                    reading.stop();
                }
                Poll::Ready(Err(broken)) => return Poll::Ready(Err(UploadError::Client(broken))),
                Poll::Pending => {
                    reading.start_once(timeout);
                    return reading.poll(cx).map(|()| Err(UploadError::ClientTimedOut));
                }
            }
            if most.is_some_and(|most| body.at_least() > most) {
                return Poll::Ready(Err(UploadError::TooLarge));
            }
        }
        Poll::Ready(Ok(()))
    })
    .await;
    outcome.map_err(|stopped| refuse(x, stopped))
}

fn check<C>(client: &ClientConnection<C>, x: &mut Exchange<'_>) -> Result<(), ProxyError> {
    match x.settings.client_max_body_size {
        Some(most) if client.body.at_least() > most => Err(refuse(x, UploadError::TooLarge)),
        _ => Ok(()),
    }
}

/// What becomes of a request whose body cannot be read.
pub(crate) fn refuse(x: &mut Exchange<'_>, stopped: UploadError) -> ProxyError {
    x.keep_alive = false;
    x.linger = true;
    match stopped {
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
