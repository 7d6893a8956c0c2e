//! Requests within a request: the copies of `mirror`, and those that `auth_request` asks.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::exchange::Exchange;
use crate::message::request::BodyLength;
use crate::phases::{self, Answer};
use crate::proxy::{self, ProxyError};
use crate::response::ClientConnection;
use crate::trace::{Directive, Step};
use crate::variables::Variables;
use crate::wire::{BodyReader, Framing, SilentStream, Stream};
use nginx_conf::model::Level;

/// Requests that go on beside the one that they are part of.
#[derive(Default)]
pub(super) struct Subrequests<'a>(RefCell<Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>>);

impl<'a> Subrequests<'a> {
    /// Runs `main`, with those that it begins beside it, and waits for these, too, unless there is no reason to go on.
    pub(super) async fn beside<T>(
        &self,
        mut main: Pin<&mut impl Future<Output = T>>,
        goes_on: impl Fn(&T) -> bool,
    ) -> T {
        let ended = poll_fn(|cx| {
            let ended = main.as_mut().poll(cx);
            self.poll(cx);
            ended
        })
        .await;
        if goes_on(&ended) {
            poll_fn(|cx| if self.poll(cx) { Poll::Ready(()) } else { Poll::Pending }).await;
        }
        ended
    }

    /// Goes on with all of them; true if none is left.
    fn poll(&self, cx: &mut Context<'_>) -> bool {
        let mut all = self.0.borrow_mut();
        all.retain_mut(|one| one.as_mut().poll(cx).is_pending());
        all.is_empty()
    }
}

/// Begins the copies of `mirror`, once the body that they take along has been read.
pub(super) async fn mirror<'a, S: Stream>(
    connection: &mut ClientConnection<S>,
    x: &mut Exchange<'a>,
    copies: &Subrequests<'a>,
) -> Result<(), ProxyError> {
    let settings = x.settings;
    let takes_body = settings.mirror_request_body && x.request.body != BodyLength::None;
    if takes_body && !proxy::read_whole_body(connection, x).await? {
        x.log(Level::Error, format_args!("a request with so long a body is not mirrored here"));
        return Ok(());
    }
    for uri in &settings.mirror {
        let Some(mut copy) = x.subrequest(uri.as_bytes()) else { continue };
        x.trace(|here| {
            let its = |directive: &Directive| directive.text.ends_with(uri);
            Step::Mirror { directive: here.in_force(&["mirror"]).into_iter().find(its), uri: uri.clone() }
        });
        let mut client = ClientConnection::new(SilentStream);
        if takes_body {
            let body = connection.body.data(&connection.input);
            let length = body.len() as u64;
            client.input.extend(body);
            copy.request.body = BodyLength::Known(length);
            // All of it is there, so that there is nothing to be found wrong.
            client.body = BodyReader::new(Framing::Length(length), &mut client.input)
                .unwrap_or_else(|_| BodyReader::empty());
        }
        copies.0.borrow_mut().push(Box::pin(async move {
            run(client, &mut copy).await;
        }));
    }
    Ok(())
}

/// Asks whether the client is let in: the status of the answer, and what it challenges the client with.
pub(super) async fn authorize(x: &mut Exchange<'_>) -> (u16, Option<Vec<u8>>) {
    let settings = x.settings;
    let uri = settings.auth_request.as_deref().unwrap_or_default();
    let Some(mut asked) = x.subrequest(uri.as_bytes()) else { return (500, None) };
    asked.is_get = true;
    asked.args.clear();
    let status = run(ClientConnection::new(SilentStream), &mut asked).await;
    x.is_sending |= !asked.attempts.is_empty();
    // Both have the same variables.
    x.variables.slots.swap(&asked.variables.slots);
    for (slot, value) in &settings.auth_request_set {
        asked.variables.slots.clone_from(&x.variables.slots);
        x.set_slot(*slot, asked.evaluate(value));
    }
    let challenge = asked.upstream_fields.get("WWW-Authenticate").map(<[u8]>::to_vec);
    (status, asked.challenges.pop().or(challenge))
}

/// Answers a subrequest; its answer goes nowhere, but for the status.
async fn run(mut client: ClientConnection<SilentStream>, x: &mut Exchange<'_>) -> u16 {
    let mut answer = phases::run(x);
    loop {
        let status = match answer {
            Answer::Proxy => match proxy::handle(&mut client, x).await {
                Err(ProxyError::Status(status)) => status,
                // Only the client's own request is sent elsewhere.
                Err(ProxyError::Redirect { .. }) => 500,
                Ok(()) | Err(ProxyError::Close) => return x.status,
            },
            Answer::DelayedError(status, wait) => {
                tokio::time::sleep(wait).await;
                status
            }
            Answer::Delayed(wait) => {
                tokio::time::sleep(wait).await;
                answer = phases::resume(x);
                continue;
            }
            Answer::Error(status) => status,
            Answer::Response(response) => return x.error_status.unwrap_or(response.status),
            Answer::Close(status) => return status,
            // A subrequest has no mirror and no authorization of its own.
            Answer::Mirror | Answer::Authorize => return 500,
        };
        match phases::error_page(x, status) {
            Some(page) => answer = page,
            None => return status,
        }
    }
}
