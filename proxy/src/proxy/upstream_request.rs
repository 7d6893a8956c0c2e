//! One exchange with an app server over one connection: the request out, the response back, both at once.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use super::failure::{Doing, Failure};
use super::response::{self, Head, Invalid};
use super::upload::{Stopped, Upload};
use crate::exchange::Exchange;
use crate::response::client::Connection;
use crate::upstream::keepalive::Link;
use crate::wire::Broken;
use crate::wire::{Buffer, Inflow, Stream};
use nginx_conf::model::Level;

/// A connection to an app server in use.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) link: Link,
    pub(crate) input: Buffer,
    pub(crate) upload: Upload,
}

/// Why there is no response's head.
#[derive(Debug)]
pub(crate) enum NoHead {
    /// The app server is to blame.
    Server(Failure),
    /// The client is to blame: the request cannot be read to its end.
    Client(Stopped),
    /// The client has gone away.
    ClientGone,
}

/// Why a response was not passed on to its end.
#[derive(Debug)]
pub(crate) enum Cut {
    /// The client is gone, or broke off its request.
    Client,
    /// One side broke off, or nothing moved for too long; the text says how. An app server's failure is an error.
    Broken(Level, String),
}

impl Leg {
    /// Sends the request and waits for the head of the response.
    pub(crate) async fn ask<C: Stream>(
        &mut self,
        client: &mut Connection<C>,
        x: &mut Exchange<'_>,
    ) -> Result<Head, NoHead> {
        let read_timeout = x.settings.proxy.read_timeout;
        client.writing.stop();
        client.reading.stop();
        let mut unsent = None;
        poll_fn(|cx| {
            if !self.upload.is_done() {
                match self.upload.poll(client, &mut self.link.stream, &mut x.request_length, cx) {
                    Poll::Ready(Ok(())) => client.reading.start(read_timeout),
                    // An app server that takes no more may still have answered: its answer is waited for, or the end of
                    // the connection, which such an error announces.
                    Poll::Ready(Err(Stopped::Server(error))) => {
                        self.upload.abandon();
                        client.reading.start(read_timeout);
                        unsent = Some(Failure::Send(error));
                    }
                    Poll::Ready(Err(Stopped::ServerTimedOut)) => {
                        return Poll::Ready(Err(NoHead::Server(Failure::TimedOut(Doing::Sending))));
                    }
                    Poll::Ready(Err(stopped)) => return Poll::Ready(Err(NoHead::Client(stopped))),
                    Poll::Pending => {}
                }
            }
            if let Poll::Ready(outcome) = self.poll_head(x, cx) {
                return Poll::Ready(
                    outcome.map_err(|failure| NoHead::Server(unsent.take().unwrap_or(failure))),
                );
            }
            if client.poll_gone(cx) {
                return Poll::Ready(Err(NoHead::ClientGone));
            }
            client.reading.poll(cx).map(|()| Err(NoHead::Server(Failure::TimedOut(Doing::ReadingHead))))
        })
        .await
    }

    fn poll_head(&mut self, x: &mut Exchange<'_>, cx: &mut Context<'_>) -> Poll<Result<Head, Failure>> {
        let most = x.settings.proxy.buffer_size;
        loop {
            if self.input.is_full() {
                self.input.grow(most);
            }
            match self.input.poll_fill(&mut self.link.stream, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(Failure::Closed)),
                Poll::Ready(Ok(_)) => match response::read(&mut self.input, &mut x.upstream_fields, most) {
                    Ok(Some(head)) => return Poll::Ready(Ok(head)),
                    Ok(None) => {}
                    Err(Invalid(reason)) => return Poll::Ready(Err(Failure::InvalidHeader(reason))),
                },
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::Receive(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Passes the response's body on as it comes; the head waits in the client's output already.
    pub(crate) async fn relay<C: Stream>(
        &mut self,
        client: &mut Connection<C>,
        x: &mut Exchange<'_>,
        body: &mut Inflow,
    ) -> Result<(), Cut> {
        let (read_timeout, send_timeout) = (x.settings.proxy.read_timeout, x.settings.send_timeout);
        let mut broken = None;
        client.reading.stop();
        if self.upload.is_done() {
            client.writing.stop();
        }
        let received = &mut x.request_length;
        poll_fn(|cx| {
            self.poll_late_upload(client, received, cx)?;
            loop {
                match self.poll_move(client, body, &mut broken, cx) {
                    Poll::Ready(Ok(Moved::Bytes)) => client.reading.stop(),
                    Poll::Ready(Ok(Moved::All)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Err(cut)) => return Poll::Ready(Err(cut)),
                    Poll::Pending => break,
                }
            }
            // Either the client takes nothing or the app server has nothing: one of the two is waited for.
            let waits_for_client = !client.output.is_flushed() || !body.data(&self.input).is_empty();
            if client.poll_gone(cx) {
                return Poll::Ready(Err(Cut::Client));
            }
            client.reading.start_once(if waits_for_client { send_timeout } else { read_timeout });
            client.reading.poll(cx).map(|()| Err(timed_out(waits_for_client)))
        })
        .await
    }

    /// The rest of a request whose answer began before its end.
    fn poll_late_upload<C: Stream>(
        &mut self,
        client: &mut Connection<C>,
        received: &mut u64,
        cx: &mut Context<'_>,
    ) -> Result<(), Cut> {
        if self.upload.is_done() {
            return Ok(());
        }
        match self.upload.poll(client, &mut self.link.stream, received, cx) {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            // It has answered and wants to hear no more: that is its right.
            Poll::Ready(Err(Stopped::Server(_) | Stopped::ServerTimedOut)) => {
                self.upload.abandon();
                Ok(())
            }
            Poll::Ready(Err(_)) => Err(Cut::Client),
        }
    }

    /// One read or write of the response.
    fn poll_move<C: Stream>(
        &mut self,
        client: &mut Connection<C>,
        body: &mut Inflow,
        broken: &mut Option<Broken>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Moved, Cut>> {
        let (data, last) = (body.data(&self.input), body.is_complete());
        if !client.output.is_flushed() || !data.is_empty() || last {
            match client.output.poll_write(&mut client.stream, cx, data, last) {
                Poll::Ready(Ok(count)) => {
                    body.consume(&mut self.input, count);
                    let all = client.output.is_finished() && body.is_done();
                    return Poll::Ready(Ok(if all { Moved::All } else { Moved::Bytes }));
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Cut::Client)),
                Poll::Pending if last || broken.is_some() || self.input.is_full() => return Poll::Pending,
                Poll::Pending => {}
            }
        } else if let Some(broken) = broken.take() {
            return Poll::Ready(Err(Cut::Broken(Level::Error, describe(&broken))));
        }
        match body.poll_fill(&mut self.input, &mut self.link.stream, cx) {
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(Moved::Bytes)),
            // What came before the break still belongs to the client.
            Poll::Ready(Err(error)) => {
                *broken = Some(error);
                Poll::Ready(Ok(Moved::Bytes))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// What [`Leg::poll_move`] did.
enum Moved {
    Bytes,
    All,
}

fn timed_out(waits_for_client: bool) -> Cut {
    if waits_for_client {
        let how = "client timed out (110: Connection timed out) while sending to client";
        return Cut::Broken(Level::Info, how.to_owned());
    }
    Cut::Broken(Level::Error, Failure::TimedOut(Doing::Relaying).to_string())
}

fn describe(broken: &Broken) -> String {
    let doing = Doing::Relaying;
    match broken {
        Broken::Io(error) => format!("recv() failed ({}) while {doing}", crate::log::describe(error)),
        Broken::Truncated => format!("upstream prematurely closed connection while {doing}"),
        Broken::Malformed => format!("upstream sent invalid chunked response while {doing}"),
    }
}

/// Connects within `timeout`.
pub(crate) async fn connect(
    address: std::net::SocketAddr,
    timeout: Duration,
) -> Result<tokio::net::TcpStream, Failure> {
    match tokio::time::timeout(timeout, tokio::net::TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // A socket that cannot be told so works all the same.
            let _: io::Result<()> = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) => Err(Failure::Connect(error)),
        Err(_) => Err(Failure::TimedOut(Doing::Connecting)),
    }
}
