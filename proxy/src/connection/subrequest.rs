//! Requests within a request: the copies of `mirror`.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::exchange::Exchange;
use crate::message::request::BodyLength;
use crate::phases::{self, Answer};
use crate::proxy::{self, ProxyError};
use crate::response::ClientConnection;
use crate::wire::{BodyReader, Framing, SilentStream, Stream};
use nginx_conf::model::Level;

/// Requests that go on beside the one that they are part of.
#[derive(Default)]
pub(super) struct Subrequests<'a>(RefCell<Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>>);

impl<'a> Subrequests<'a> {
    /// Runs `main`, with those that it begins beside it, and waits for these, too, unless there is no reason to go on.
    pub(super) async fn beside<T>(&self, main: impl Future<Output = T>, goes_on: impl Fn(&T) -> bool) -> T {
        let mut main = pin!(main);
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
        copies.0.borrow_mut().push(Box::pin(run(client, copy)));
    }
    Ok(())
}

/// Answers a subrequest, whose answer goes nowhere.
async fn run(mut client: ClientConnection<SilentStream>, mut x: Exchange<'_>) {
    let mut answer = phases::run(&mut x);
    loop {
        let status = match answer {
            Answer::Proxy => match proxy::handle(&mut client, &mut x).await {
                Err(ProxyError::Status(status)) => status,
                Ok(()) | Err(ProxyError::Close) => return,
            },
            Answer::Delayed(wait) => {
                tokio::time::sleep(wait).await;
                answer = phases::resume(&mut x);
                continue;
            }
            Answer::Error(status) => status,
            Answer::Response(_) | Answer::Close(_) | Answer::Mirror => return,
        };
        match phases::error_page(&mut x, status) {
            Some(page) => answer = page,
            None => return,
        }
    }
}
