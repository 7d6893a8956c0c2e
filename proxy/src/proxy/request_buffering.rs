//! The part of a request's body that is read before an app server is asked.
//!
//! With `proxy_request_buffering on` (the default) nginx reads the whole body first. Here that holds for bodies that fit
//! a buffer: they can be sent again to another server, and one that came in chunks goes on with its length. A longer body
//! is streamed from there on as with `off`, and is sent to one server only once it has begun to flow.

use std::future::poll_fn;
use std::task::Poll;

use super::error::Unanswered;
use super::upload::Stopped;
use crate::exchange::Exchange;
use crate::message::request::Length;
use crate::response::client::Connection;
use crate::wire::Broken;
use crate::wire::Stream;
use nginx_conf::model::Level;

/// Tells the client to go on if it waits for that, and reads what is to be read beforehand.
pub(super) async fn read<C: Stream>(
    client: &mut Connection<C>,
    x: &mut Exchange<'_>,
) -> Result<(), Unanswered> {
    x.request_length += std::mem::take(&mut x.body_at_hand);
    // As nginx: said even if the body has come along unasked.
    if x.request.expects_continue && x.request.body != Length::None {
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        let timeout = x.settings.send_timeout;
        client.output.begin();
        client.output.text().extend_from_slice(CONTINUE);
        if client.write(&[], timeout).await.is_err() {
            x.status = 499;
            return Err(Unanswered::Close);
        }
        x.sent += CONTINUE.len() as u64;
        x.continued = true;
    }
    check(client, x)?;
    if client.body.is_complete() || !x.settings.proxy.request_buffering {
        return Ok(());
    }
    let (timeout, most) = (x.settings.client_body_timeout, x.settings.client_max_body_size);
    let Connection { stream, input, body, reading, .. } = client;
    reading.stop();
    let received = &mut x.request_length;
    let outcome = poll_fn(|cx| {
        while !body.is_complete() && !input.is_full() {
            match body.poll_fill(input, stream, cx) {
                Poll::Ready(Ok(count)) => {
                    *received += count as u64;
                    reading.stop();
                }
                Poll::Ready(Err(broken)) => return Poll::Ready(Err(Stopped::Client(broken))),
                Poll::Pending => {
                    reading.start_once(timeout);
                    return reading.poll(cx).map(|()| Err(Stopped::ClientTimedOut));
                }
            }
            if most.is_some_and(|most| body.at_least() > most) {
                return Poll::Ready(Err(Stopped::TooLarge));
            }
        }
        Poll::Ready(Ok(()))
    })
    .await;
    outcome.map_err(|stopped| refuse(x, stopped))
}

fn check<C>(client: &Connection<C>, x: &mut Exchange<'_>) -> Result<(), Unanswered> {
    match x.settings.client_max_body_size {
        Some(most) if client.body.at_least() > most => Err(refuse(x, Stopped::TooLarge)),
        _ => Ok(()),
    }
}

/// What becomes of a request whose body cannot be read.
pub(super) fn refuse(x: &mut Exchange<'_>, stopped: Stopped) -> Unanswered {
    x.keep_alive = false;
    x.linger = true;
    match stopped {
        Stopped::TooLarge => {
            x.log(Level::Error, format_args!("client intended to send too large chunked body"));
            Unanswered::Status(413)
        }
        Stopped::Client(Broken::Malformed) => {
            x.log(Level::Error, format_args!("client sent invalid chunked body"));
            Unanswered::Status(400)
        }
        Stopped::Client(_) => {
            x.log(Level::Info, format_args!("client prematurely closed connection"));
            x.status = 400;
            Unanswered::Close
        }
        Stopped::ClientTimedOut => {
            x.log(Level::Info, format_args!("client timed out (110: Connection timed out)"));
            x.status = 408;
            Unanswered::Close
        }
        Stopped::Server(_) | Stopped::ServerTimedOut => Unanswered::Status(502),
    }
}
