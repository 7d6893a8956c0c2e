//! The body of an app server's response, on its way to the client.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::exchange::Exchange;
use crate::proxy::request::UploadError;
use crate::proxy::upstream_error::{Action, UpstreamError};
use crate::proxy::upstream_request::UpstreamRequest;
use crate::response::{BodyFilters, ClientConnection};
use crate::upstream::Http2Failure;
use crate::wire::{BodyError, BodyReader, Deadline, Stream};
use nginx_conf::model::Level;

/// Why a response was not relayed to its end.
#[derive(Debug)]
pub(crate) enum RelayError {
    /// The client closed its connection, or sent a bad body.
    ClientClosed,
    /// One side failed or timed out; the message and its level say how.
    Broken(Level, String),
}

impl UpstreamRequest {
    /// Relays the body as it arrives. The head is already in the client's output.
    pub(crate) async fn relay<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        x: &mut Exchange<'_>,
        body: &mut BodyReader,
        mut filters: Option<&mut BodyFilters>,
    ) -> Result<(), RelayError> {
        let (read_timeout, send_timeout) = (x.settings.proxy.read_timeout, x.settings.send_timeout);
        let flush = !x.settings.proxy.buffering;
        let mut body_error = None;
        client.reading.stop();
        if self.upload.is_done() {
            client.writing.stop();
        }
        poll_fn(|cx| {
            self.poll_late_upload(client, &mut x.request_length, cx)?;
            loop {
                if body.is_complete() {
                    if let Some(attempt) = x.attempts.last_mut() {
                        attempt.length = body.total();
                    }
                    client.add_trailers(x);
                }
                let moved = match &mut filters {
                    Some(filters) => self.poll_filter(client, body, filters, flush, &mut body_error, cx),
                    None => self.poll_move(client, body, &mut body_error, cx),
                };
                match moved {
                    Poll::Ready(Ok(Progress::Bytes)) => client.reading.stop(),
                    Poll::Ready(Ok(Progress::Complete)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => break,
                }
            }
            // Either the client or the app server is being waited for.
            let filtered = filters.as_ref().is_some_and(|filters| !filters.output().is_empty());
            let waits_for_client =
                !client.output.is_flushed() || !body.data(&self.input).is_empty() || filtered;
            if client.poll_closed(cx) {
                return Poll::Ready(Err(RelayError::ClientClosed));
            }
            if client.is_paused() {
                client.reading.stop();
            }
            client.reading.start_once(if waits_for_client { send_timeout } else { read_timeout });
            client.reading.poll(cx).map(|()| Err(timed_out(waits_for_client)))
        })
        .await
    }

    /// Reads the rest of the body, to be kept: whoever asked for it is gone, or needs only a part of it. False if it does
    /// not come to its end.
    pub(crate) async fn collect(&mut self, read_timeout: Duration, body: &mut BodyReader) -> bool {
        let mut deadline = Deadline::default();
        poll_fn(|cx| {
            loop {
                if let Some(tee) = &mut self.tee {
                    tee.push(body.data(&self.input));
                }
                body.skip(&mut self.input);
                if body.is_done() {
                    return Poll::Ready(true);
                }
                match body.poll_fill(&mut self.input, &mut self.connection.stream, cx) {
                    Poll::Ready(Ok(_)) => deadline.stop(),
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                    Poll::Pending => {
                        deadline.start_once(read_timeout);
                        return deadline.poll(cx).map(|()| false);
                    }
                }
            }
        })
        .await
    }

    /// Goes on sending a request that was answered before its end.
    fn poll_late_upload<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        received: &mut u64,
        cx: &mut Context<'_>,
    ) -> Result<(), RelayError> {
        if self.upload.is_done() {
            return Ok(());
        }
        match self.upload.poll(client, &mut self.connection, received, cx) {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            // An app server need not read the rest of a request that it has answered.
            Poll::Ready(Err(UploadError::Server(_) | UploadError::ServerTimedOut)) => {
                self.upload.abandon();
                Ok(())
            }
            Poll::Ready(Err(_)) => Err(RelayError::ClientClosed),
        }
    }

    /// One read or write of the response.
    fn poll_move<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        body: &mut BodyReader,
        body_error: &mut Option<BodyError>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Progress, RelayError>> {
        let (data, last) = (body.data(&self.input), body.is_complete());
        if !client.output.is_flushed() || !data.is_empty() || last {
            match client.poll_write(data, last, cx) {
                Poll::Ready(Ok(count)) => {
                    if let Some(tee) = &mut self.tee {
                        tee.push(data.get(..count).unwrap_or_default());
                    }
                    body.consume(&mut self.input, count);
                    let all = client.output.is_finished() && body.is_done();
                    return Poll::Ready(Ok(if all { Progress::Complete } else { Progress::Bytes }));
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Err(RelayError::ClientClosed)),
                Poll::Pending if last || body_error.is_some() || self.input.is_full() => {
                    return Poll::Pending;
                }
                Poll::Pending => {}
            }
        } else if let Some(error) = body_error.take() {
            return Poll::Ready(Err(RelayError::Broken(
                Level::Error,
                describe(self.connection.stream.read_call(), &error),
            )));
        }
        self.poll_read(body, body_error, cx)
    }

    /// The same through the filters.
    fn poll_filter<C: Stream>(
        &mut self,
        client: &mut ClientConnection<C>,
        body: &mut BodyReader,
        filters: &mut BodyFilters,
        flush: bool,
        body_error: &mut Option<BodyError>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Progress, RelayError>> {
        if filters.output().is_empty() && !filters.is_finished() {
            let data = body.data(&self.input);
            let has_data = !data.is_empty();
            let pushed = filters.push(data, flush);
            if let (Ok(taken), Some(tee)) = (&pushed, &mut self.tee) {
                tee.push(data.get(..*taken).unwrap_or_default());
            }
            let outcome = pushed.and_then(|taken| {
                body.consume(&mut self.input, taken);
                if body.is_done() { filters.finish() } else { Ok(()) }
            });
            if let Err(error) = outcome {
                return Poll::Ready(Err(RelayError::Broken(
                    Level::Error,
                    format!("{error} while {}", Action::ReadingBody),
                )));
            }
            if filters.output().is_empty() && !filters.is_finished() && (has_data || body.is_done()) {
                return Poll::Ready(Ok(Progress::Bytes));
            }
        }
        let last = filters.is_finished();
        if !client.output.is_flushed() || !filters.output().is_empty() || last {
            let count = ready!(client.poll_write(filters.output(), last, cx));
            let Ok(count) = count else { return Poll::Ready(Err(RelayError::ClientClosed)) };
            filters.consume(count);
            let all = last && client.output.is_finished() && filters.output().is_empty();
            return Poll::Ready(Ok(if all { Progress::Complete } else { Progress::Bytes }));
        }
        if let Some(error) = body_error.take() {
            return Poll::Ready(Err(RelayError::Broken(
                Level::Error,
                describe(self.connection.stream.read_call(), &error),
            )));
        }
        self.poll_read(body, body_error, cx)
    }

    /// Reads more of the body.
    fn poll_read(
        &mut self,
        body: &mut BodyReader,
        body_error: &mut Option<BodyError>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Progress, RelayError>> {
        match body.poll_fill(&mut self.input, &mut self.connection.stream, cx) {
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(Progress::Bytes)),
            // The client still gets what arrived before the error.
            Poll::Ready(Err(error)) => {
                *body_error = Some(error);
                Poll::Ready(Ok(Progress::Bytes))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// What [`UpstreamRequest::poll_move`] did.
enum Progress {
    /// Some bytes moved.
    Bytes,
    /// The response is complete.
    Complete,
}

fn timed_out(waits_for_client: bool) -> RelayError {
    if waits_for_client {
        let how = "client timed out (110: Connection timed out) while sending to client";
        return RelayError::Broken(Level::Info, how.to_owned());
    }
    RelayError::Broken(Level::Error, UpstreamError::TimedOut(Action::ReadingBody).to_string())
}

fn describe(call: &str, error: &BodyError) -> String {
    let action = Action::ReadingBody;
    match error {
        BodyError::Io(error) => match Http2Failure::in_error(error) {
            Some(failure) => format!("{failure} while {action}"),
            None => format!("{call} failed ({}) while {action}", crate::log::describe(error)),
        },
        BodyError::Truncated => format!("upstream prematurely closed connection while {action}"),
        BodyError::Malformed => format!("upstream sent invalid chunked response while {action}"),
    }
}
