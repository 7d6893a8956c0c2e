//! A client's connection from its first byte to its end: one request after another.

pub(crate) mod accept;
mod server_names;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::Poll;
use std::time::Duration;

use crate::cycle::{Cycle, ShutdownStage};
use crate::exchange::{ClientInfo, Exchange};
use crate::log::describe;
use crate::message::request::error::RequestError;
use crate::message::request::reader::HeadReader;
use crate::message::request::scanner::HeadLimits;
use crate::message::request::{BodyLength, Request};
use crate::message::status::HTTP_TO_HTTPS;
use crate::message::{Headers, Response};
use crate::phases::{self, Answer};
use crate::proxy::{self, ProxyError};
use crate::response::client::{ClientConnection, SendError, close_after_error, error_page, page_response};
use crate::tls::TlsInfo;
use crate::wire::{BodyReader, Framing, Stream};
use nginx_conf::model::{Http, Level, Listen};

/// What the requests of a connection share.
pub(super) struct HttpConnection<'a> {
    cycle: &'a Cycle,
    http: &'a Http,
    listen: &'a Listen,
    client: ClientInfo,
    /// The server that answers until a request has named one.
    server: usize,
    tls: Option<&'a TlsInfo>,
    /// HTTP without TLS where the address wants TLS.
    plain_to_tls: bool,
    memory: RequestMemory,
    /// `keepalive_timeout` where the last request was answered.
    keepalive_timeout: Duration,
}

/// Memory that goes from one request of a connection to the next.
#[derive(Default)]
struct RequestMemory {
    request: Request,
    response_head: Vec<u8>,
    upstream_fields: Headers,
}

impl RequestMemory {
    /// Room for a usual head; what a long one has taken is given back.
    const HEAD: usize = 1024;

    fn lend(&mut self, x: &mut Exchange<'_>) {
        x.request = std::mem::take(&mut self.request);
        x.response_head = std::mem::take(&mut self.response_head).into();
        x.upstream_fields = std::mem::take(&mut self.upstream_fields);
        x.upstream_fields.clear();
    }

    fn take_back(&mut self, x: &mut Exchange<'_>) {
        self.request = std::mem::take(&mut x.request);
        (self.request.path, self.request.args) = (std::mem::take(&mut x.uri), std::mem::take(&mut x.args));
        self.response_head = x.response_head.take();
        self.upstream_fields = std::mem::take(&mut x.upstream_fields);
        self.response_head.clear();
        self.response_head.shrink_to(Self::HEAD);
        self.upstream_fields.clear();
        self.upstream_fields.shrink_to(Self::HEAD);
    }
}

/// What reading a head came to.
enum HeadOutcome {
    Request,
    /// The head is refused.
    Invalid(RequestError),
    /// The client has gone or been silent in the middle of a head; the status is for the log.
    Aborted(u16),
    /// There was nothing to read.
    Empty,
}

/// How a connection goes on after a request.
#[derive(Debug, PartialEq, Eq)]
enum AfterRequest {
    KeepAlive,
    Close,
    LingeringClose,
    /// An answer broke off, or nobody is there: no end is announced that could be taken for the answer's.
    Abort,
}

impl<'a> HttpConnection<'a> {
    /// A connection on which nothing has been asked yet.
    pub(super) fn new(
        cycle: &'a Cycle,
        http: &'a Http,
        listen: &'a Listen,
        client: ClientInfo,
    ) -> HttpConnection<'a> {
        HttpConnection {
            cycle,
            http,
            listen,
            client,
            server: listen.default_server,
            tls: None,
            plain_to_tls: false,
            memory: RequestMemory::default(),
            keepalive_timeout: Duration::ZERO,
        }
    }

    /// AfterRequest a handshake in which the client named this server.
    pub(super) fn over_tls(self, server: usize, info: &'a TlsInfo) -> HttpConnection<'a> {
        HttpConnection { server, tls: Some(info), ..self }
    }

    /// Without a handshake where there should have been one.
    pub(super) fn plain_to_tls(self) -> HttpConnection<'a> {
        HttpConnection { plain_to_tls: true, ..self }
    }

    /// Serves requests until the connection ends.
    pub(super) async fn run<S: Stream>(mut self, mut connection: ClientConnection<S>) {
        while self.wait(&mut connection).await {
            match self.serve_one(&mut connection).await {
                AfterRequest::KeepAlive => {}
                AfterRequest::Close => break,
                AfterRequest::LingeringClose => return connection.linger().await,
                AfterRequest::Abort => return,
            }
        }
        connection.stream.close();
    }

    /// Waits for the first byte of a request; false when the connection is to be closed.
    async fn wait<S: Stream>(&mut self, connection: &mut ClientConnection<S>) -> bool {
        if !connection.input.is_empty() {
            return true;
        }
        let Some(server) = self.http.servers.get(self.server) else { return false };
        let first = self.client.requests == 0;
        let timeout = match first {
            true => server.client_header_timeout,
            false => self.keepalive_timeout,
        };
        let ClientConnection { stream, input, reading, writing, .. } = connection;
        reading.stop();
        writing.stop();
        let mut idle = None;
        let begun = poll_fn(|cx| match input.poll_fill(stream, cx) {
            Poll::Ready(read) => Poll::Ready(Some(read.is_ok_and(|count| count > 0))),
            Poll::Pending => {
                // A client that asks again at once is not idle, and spares itself being listed.
                let idle = idle.get_or_insert_with(|| self.cycle.connections.idle(first));
                reading.start_once(timeout);
                if reading.poll(cx).is_ready() { Poll::Ready(()) } else { idle.poll_closing(cx) }
                    .map(|()| None)
            }
        })
        .await;
        if let Some(begun) = begun {
            return begun;
        }
        // A request that has come by now would be lost: no client may send a POST again of which it does not know whether
        // it was run. A busy client asks again within a turn of the event loop.
        tokio::task::yield_now().await;
        if !stream.has_unread_bytes() {
            stream.close_idle();
            return false;
        }
        reading.start(server.client_header_timeout);
        poll_fn(|cx| match input.poll_fill(stream, cx) {
            Poll::Ready(read) => Poll::Ready(read.is_ok_and(|count| count > 0)),
            Poll::Pending => reading.poll(cx).map(|()| false),
        })
        .await
    }

    async fn serve_one<S: Stream>(&mut self, connection: &mut ClientConnection<S>) -> AfterRequest {
        let (http, cycle) = (self.http, self.cycle);
        let Some(server) = http.servers.get(self.server) else { return AfterRequest::Close };
        self.client.requests += 1;
        let Some(mut x) = Exchange::new(cycle, http, server, self.client) else { return AfterRequest::Close };
        x.tls = self.tls;
        self.memory.lend(&mut x);
        let after = match read_head(connection, &mut x).await {
            HeadOutcome::Empty => return AfterRequest::Close,
            HeadOutcome::Aborted(status) => {
                x.status = status;
                AfterRequest::Close
            }
            HeadOutcome::Invalid(refusal) => {
                x.uri = std::mem::take(&mut x.request.path);
                x.args = std::mem::take(&mut x.request.args);
                x.log(Level::Info, format_args!("{}", refusal.reason));
                x.linger = true;
                let page = error_page(&mut x, refusal.status);
                // The client may be gone; the answer was for it alone.
                let _ = connection.respond(&mut x, page).await;
                AfterRequest::LingeringClose
            }
            HeadOutcome::Request if self.plain_to_tls => {
                self.choose_server(&mut x);
                let sent = "client sent plain HTTP request to HTTPS port";
                x.log(Level::Info, format_args!("{sent} while reading client request headers"));
                x.linger = true;
                let page = error_page(&mut x, HTTP_TO_HTTPS);
                let _ = connection.respond(&mut x, page).await;
                AfterRequest::LingeringClose
            }
            HeadOutcome::Request => {
                self.choose_server(&mut x);
                x.keep_alive = x.request.keep_alive && *cycle.shutdown.borrow() == ShutdownStage::Serving;
                answer(connection, &mut x).await
            }
        };
        for log in &x.settings.access_log {
            cycle.logs.access(log, http, &x);
        }
        self.keepalive_timeout = x.settings.keepalive_timeout;
        self.memory.take_back(&mut x);
        after
    }

    /// The virtual server by the host that was asked for; a request that names none asks for the name `""`.
    fn choose_server(&self, x: &mut Exchange<'a>) {
        let host = std::str::from_utf8(x.request.host().unwrap_or_default()).ok();
        let named = host.and_then(|host| {
            server_names::find(&self.listen.names, host, |pattern| x.matches(pattern, host.as_bytes()))
        });
        if let Some(server) = self.http.servers.get(named.unwrap_or(self.listen.default_server)) {
            x.server = server;
            x.enter(server.root);
        }
    }
}

/// Reads a request's head, the first bytes of which have come already.
async fn read_head<S: Stream>(connection: &mut ClientConnection<S>, x: &mut Exchange<'_>) -> HeadOutcome {
    let server = x.server;
    let large = server.large_client_header_buffers * server.large_client_header_size;
    let limits = HeadLimits {
        line: server.large_client_header_size.max(server.client_header_buffer_size),
        head: server.client_header_buffer_size + large,
    };
    let ClientConnection { stream, input, reading, .. } = connection;
    let mut arriving = HeadReader::new(limits);
    x.request.clear();
    reading.stop();
    loop {
        let head = arriving.read(input, &mut x.request);
        x.request_length = arriving.length();
        if let Some(head) = head {
            return head.map_or_else(HeadOutcome::Invalid, |()| HeadOutcome::Request);
        }
        if input.is_full() {
            input.grow(limits.head + 1);
        }
        let read = poll_fn(|cx| match input.poll_fill(stream, cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome.unwrap_or(0))),
            Poll::Pending => {
                reading.start_once(server.client_header_timeout);
                reading.poll(cx).map(|()| None)
            }
        })
        .await;
        let status = match read {
            Some(1..) => continue,
            Some(_) => 400,
            None => 408,
        };
        if !arriving.has_line() {
            if input.bytes().iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                return HeadOutcome::Empty;
            }
            x.request.keep_partial_line(input.bytes());
        }
        let what = if status == 408 {
            "client timed out (110: Connection timed out)"
        } else {
            "client prematurely closed connection"
        };
        let part = if arriving.has_line() { "headers" } else { "line" };
        x.log(Level::Info, format_args!("{what} while reading client request {part}"));
        return HeadOutcome::Aborted(status);
    }
}

/// Answers a request whose head has been read.
async fn answer<S: Stream>(connection: &mut ClientConnection<S>, x: &mut Exchange<'_>) -> AfterRequest {
    x.uri = std::mem::take(&mut x.request.path);
    x.args = std::mem::take(&mut x.request.args);
    x.has_args = x.request.has_empty_query();
    x.quoted_uri = x.request.quoted_uri;
    x.valid_unparsed_uri = x.request.has_path;
    let framing = match x.request.body {
        BodyLength::None => Framing::Length(0),
        BodyLength::Known(length) => Framing::Length(length),
        BodyLength::Chunked => Framing::Chunked,
    };
    let at_hand = connection.input.len();
    let begun = BodyReader::new(framing, &mut connection.input);
    connection.body = match begun {
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
    let behind = connection.input.len() - connection.body.data(&connection.input).len();
    x.preread_body = at_hand.saturating_sub(behind) as u64;
    let mut content = phases::run(x);
    let outcome = loop {
        let status = match content {
            Answer::Proxy => match proxy::handle(connection, x).await {
                Ok(()) => break Ok(()),
                Err(ProxyError::Status(status)) => status,
                Err(ProxyError::Close) if x.status == 101 => return AfterRequest::Close,
                Err(ProxyError::Close) => return AfterRequest::Abort,
            },
            Answer::Response(response) => break own(connection, x, response).await,
            Answer::Error(status) => status,
            Answer::Close(status) => {
                x.status = status;
                return AfterRequest::Close;
            }
        };
        close_after_error(x, status);
        content = match phases::error_page(x, status) {
            Some(instead) => instead,
            None => {
                let page = page_response(x, status);
                break own(connection, x, page).await;
            }
        };
    };
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
            // What has come of a body that nobody wants is nothing to wait for.
            connection.body.skip(&mut connection.input);
            if x.linger || !connection.body.is_complete() || !connection.input.is_empty() {
                AfterRequest::LingeringClose
            } else {
                AfterRequest::Close
            }
        }
    }
}

/// Sends a response made here. A client that waits for a 100 and is sent this instead may go on with its body or not:
/// nobody could tell its next request from that body, so the connection ends.
async fn own<S: Stream>(
    connection: &mut ClientConnection<S>,
    x: &mut Exchange<'_>,
    response: Response,
) -> Result<(), ()> {
    if x.request.expects_continue && !x.sent_continue && !connection.body.is_complete() {
        x.keep_alive = false;
    }
    connection.respond(x, response).await.map_err(|SendError(error)| {
        let doing = "while sending response to client";
        match error.kind() {
            ErrorKind::TimedOut => {
                x.log(Level::Info, format_args!("client timed out (110: Connection timed out) {doing}"));
            }
            _ => x.log(Level::Info, format_args!("writev() failed ({}) {doing}", describe(&error))),
        }
    })
}
