//! Answers a request: runs the phases and the content handler that they choose.

use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use super::client_certificate;
use super::subrequest::{Subrequests, authorize, mirror};
use crate::exchange::Exchange;
use crate::log::describe;
use crate::message::Response;
use crate::message::request::BodyLength;
use crate::phases::{self, Answer};
use crate::proxy::{self, ProxyError};
use crate::response::{ClientConnection, SendError, close_after_error, error_page, page_response};
use crate::trace::Step;
use crate::wire::{BodyReader, Framing, Stream};
use nginx_conf::model::Level;

/// What happens to the connection after a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AfterRequest {
    /// The next request is read.
    KeepAlive,
    /// The connection is closed.
    Close,
    /// The connection is closed after the client has stopped sending: `lingering_close`.
    LingeringClose,
    /// The response is incomplete: the connection is closed without an end that could be taken for that of the
    /// response.
    Abort,
}

/// Answers a request whose head has been read, and runs those within it.
pub(super) async fn answer<'a, S: Stream>(
    connection: &mut ClientConnection<S>,
    x: &mut Exchange<'a>,
) -> AfterRequest {
    let subrequests = Subrequests::default();
    let goes_on = |after: &AfterRequest| *after != AfterRequest::Abort;
    // Pinned here, and not handed on: a future that is moved takes its room twice.
    let main = pin!(answer_main(connection, x, &subrequests));
    subrequests.beside(main, goes_on).await
}

async fn answer_main<'a, S: Stream>(
    connection: &mut ClientConnection<S>,
    x: &mut Exchange<'a>,
    subrequests: &Subrequests<'a>,
) -> AfterRequest {
    x.uri = std::mem::take(&mut x.request.path);
    x.args = std::mem::take(&mut x.request.args);
    x.has_args = x.request.has_empty_query();
    x.quoted_uri = x.request.quoted_uri;
    x.valid_unparsed_uri = x.request.has_path;
    let framing = match x.request.body {
        BodyLength::None => Framing::Length(0),
        BodyLength::Known(length) => Framing::Length(length),
        BodyLength::Chunked if x.request.is_http2() => Framing::UntilClose,
        BodyLength::Chunked => Framing::Chunked,
    };
    let buffered = connection.input.len();
    connection.body = match BodyReader::new(framing, &mut connection.input) {
        Ok(body) => body,
        Err(_) => {
            connection.body = BodyReader::empty();
            x.log(Level::Error, format_args!("client sent invalid chunked body"));
            x.linger = true;
            let page = error_page(x, 400);
            let _ = connection.respond(x, page).await;
            return AfterRequest::LingeringClose;
        }
    };
    let following = connection.input.len() - connection.body.data(&connection.input).len();
    x.preread_body = buffered.saturating_sub(following) as u64;
    let mut answer = match client_certificate::refusal(x) {
        None => phases::run(x),
        Some(status) => {
            x.keep_alive = false;
            x.linger = true;
            Answer::Error(status)
        }
    };
    let outcome = loop {
        let status = match answer {
            Answer::Proxy => match proxy::handle(connection, x).await {
                Ok(()) => break Ok(()),
                Err(ProxyError::Status(status)) => status,
                Err(ProxyError::Redirect { uri, args }) => {
                    answer = phases::accel_redirect(x, uri, args);
                    continue;
                }
                Err(ProxyError::Close) if x.status == 101 => return AfterRequest::Close,
                Err(ProxyError::Close) => return AfterRequest::Abort,
            },
            Answer::Delayed(wait) => {
                answer = match wait_for(connection, x, wait).await {
                    true => phases::resume(x),
                    false => Answer::Close(499),
                };
                continue;
            }
            Answer::DelayedError(status, wait) => match wait_for(connection, x, wait).await {
                true => status,
                false => {
                    answer = Answer::Close(499);
                    continue;
                }
            },
            Answer::Authorize => {
                // Boxed, as whatever few requests need, so that the others have no room for it.
                let (status, challenge) = Box::pin(authorize(x)).await;
                answer = phases::authorized(x, status, challenge);
                continue;
            }
            Answer::Mirror => match Box::pin(mirror(connection, x, subrequests)).await {
                Ok(()) => {
                    answer = phases::after_mirror(x);
                    continue;
                }
                Err(ProxyError::Status(status)) => status,
                // Copying a request leads nowhere else.
                Err(ProxyError::Redirect { .. }) => 500,
                Err(ProxyError::Close) => return AfterRequest::Abort,
            },
            Answer::Response(response) => break send(connection, x, response).await,
            Answer::Error(status) => status,
            Answer::Close(status) => {
                x.trace(|_| Step::Closed { status });
                x.status = x.error_status.unwrap_or(status);
                return AfterRequest::Close;
            }
        };
        close_after_error(x, status);
        answer = match phases::error_page(x, status) {
            Some(answer) => answer,
            None => {
                let page = page_response(x, status);
                break send(connection, x, page).await;
            }
        };
    };
    x.is_complete = outcome.is_ok();
    match outcome {
        Err(()) => AfterRequest::Abort,
        Ok(()) if x.status == 101 => AfterRequest::Close,
        Ok(()) if x.keep_alive => {
            if connection.discard_body().await {
                AfterRequest::KeepAlive
            } else {
                AfterRequest::Close
            }
        }
        Ok(()) => {
            // Bytes of the body that have arrived already need no lingering.
            connection.body.skip(&mut connection.input);
            if x.linger || !connection.body.is_complete() || !connection.input.is_empty() {
                AfterRequest::LingeringClose
            } else {
                AfterRequest::Close
            }
        }
    }
}

/// Lets a request wait; false if its client leaves.
async fn wait_for<S: Stream>(connection: &mut ClientConnection<S>, x: &Exchange<'_>, time: Duration) -> bool {
    let is_there = connection.unless_closed(pin!(tokio::time::sleep(time))).await.is_some();
    if !is_there {
        x.log(Level::Info, format_args!("client prematurely closed connection"));
    }
    is_there
}

/// Sends a response of the proxy's own. A client that waited for a 100 may send its body nevertheless, and that could
/// not be told from its next request, so the connection is closed.
async fn send<S: Stream>(
    connection: &mut ClientConnection<S>,
    x: &mut Exchange<'_>,
    response: Response,
) -> Result<(), ()> {
    if x.request.expects_continue && !x.sent_continue && !connection.body.is_complete() {
        x.keep_alive = false;
    }
    connection.respond(x, response).await.map_err(|SendError(error)| {
        let action = "while sending response to client";
        match error.kind() {
            ErrorKind::TimedOut => {
                x.log(Level::Info, format_args!("client timed out (110: Connection timed out) {action}"));
            }
            ErrorKind::InvalidData => x.log(Level::Error, format_args!("{error} {action}")),
            _ => x.log(Level::Info, format_args!("writev() failed ({}) {action}", describe(&error))),
        }
    })
}
