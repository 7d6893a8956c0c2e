//! HTTP/1 on a connection: reads and answers requests until it is closed. HTTP/2 has its own room.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::answer::{AfterRequest, answer};
use super::http2::begins_http2;
use super::request_head::{HeadOutcome, read_head};
use super::selection;
use super::server_names;
use crate::cycle::counts::CountedRequest;
use crate::cycle::{Aborting, Cycle, ShutdownStage};
use crate::exchange::{ClientInfo, Exchange, RequestMemory};
use crate::message::proxy_protocol::ProxyHeader;
use crate::message::status::HTTP_TO_HTTPS;
use crate::response::{ClientConnection, error_page};
use crate::tls::TlsInfo;
use crate::wire::Stream;
use nginx_conf::model::{Http, Level, Listen};

/// How long after a request what it needed is kept for the next one.
const BUSY_PERIOD: Duration = Duration::from_secs(1);

/// What becomes of an idle connection.
enum IdleEvent {
    /// A request begins.
    Request,
    /// The client has closed it.
    Closed,
    /// Nothing came in time.
    Silent,
    /// The worker wants it closed, to make room or to quit.
    Evicted,
}

/// An HTTP connection: what its requests share.
pub(super) struct HttpConnection<'a> {
    pub(super) cycle: &'a Cycle,
    pub(super) http: &'a Http,
    pub(super) listen: &'a Listen,
    pub(super) client: ClientInfo,
    /// The server in charge until a request names one.
    pub(super) server: usize,
    pub(super) tls: Option<&'a TlsInfo>,
    /// What another proxy has told of the client.
    pub(super) proxy_header: Option<&'a ProxyHeader>,
    /// Whether it is plain HTTP on a TLS address.
    plain_to_tls: bool,
    /// Whether the next request is there already.
    is_pipelined: bool,
    /// `keepalive_timeout` of the last request's location.
    keepalive_timeout: Duration,
}

impl<'a> HttpConnection<'a> {
    /// A new connection.
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
            proxy_header: None,
            plain_to_tls: false,
            is_pipelined: false,
            keepalive_timeout: Duration::ZERO,
        }
    }

    /// The same for a client of which another proxy has told this.
    pub(super) fn behind(self, proxy_header: Option<&'a ProxyHeader>) -> HttpConnection<'a> {
        HttpConnection { proxy_header, ..self }
    }

    /// The same over TLS, after a handshake for this server.
    pub(super) fn over_tls(self, server: usize, info: &'a TlsInfo) -> HttpConnection<'a> {
        HttpConnection { server, tls: Some(info), ..self }
    }

    /// The same with plain HTTP on a TLS address: every request is refused.
    pub(super) fn plain_to_tls(self) -> HttpConnection<'a> {
        HttpConnection { plain_to_tls: true, ..self }
    }

    /// Serves requests in the protocol that the connection begins with.
    pub(super) async fn run_as_begun<S: Stream>(mut self, mut connection: ClientConnection<S>) {
        let Some(server) = self.http.servers.get(self.server) else { return };
        let begun = async {
            self.wait(&mut connection).await.then_some(())?;
            Some(begins_http2(&mut connection, server.client_header_timeout).await)
        };
        let is_http2 = tokio::select! {
            begun = begun => begun,
            () = self.cycle.aborting() => return,
        };
        // Boxed, as either is there only once something has been said.
        match is_http2 {
            Some(true) => Box::pin(self.run_http2(connection)).await,
            Some(false) => Box::pin(self.run(&mut connection)).await,
            None => connection.stream.close(),
        }
    }

    /// Serves requests over HTTP/1 until the connection ends.
    pub(super) async fn run<S: Stream>(&mut self, connection: &mut ClientConnection<S>) {
        let mut aborting = self.cycle.aborting();
        loop {
            let there = tokio::select! {
                biased;
                there = self.wait(connection) => there,
                () = &mut aborting => return,
            };
            if !there {
                break;
            }
            // Boxed: what a request needs is there only while there are any, and most connections are silent.
            match Box::pin(self.serve_requests(connection, &mut aborting)).await {
                AfterRequest::KeepAlive => {}
                AfterRequest::Close => break,
                AfterRequest::LingeringClose => {
                    tokio::select! { () = connection.linger() => {}, () = aborting => {} }
                    return;
                }
                AfterRequest::Abort => return,
            }
        }
        connection.stream.close();
    }

    /// Waits for the first byte of a request; false if the connection is to be closed.
    pub(super) async fn wait<S: Stream>(&self, connection: &mut ClientConnection<S>) -> bool {
        let Some(server) = self.http.servers.get(self.server) else { return false };
        let timeout = match self.client.requests {
            0 => server.client_header_timeout,
            _ => self.keepalive_timeout.saturating_sub(BUSY_PERIOD),
        };
        match self.next_event(connection, timeout).await {
            IdleEvent::Request => true,
            IdleEvent::Closed => false,
            IdleEvent::Silent | IdleEvent::Evicted => self.last_chance(connection).await,
        }
    }

    /// What becomes of an idle connection within `timeout`.
    async fn next_event<S: Stream>(
        &self,
        connection: &mut ClientConnection<S>,
        timeout: Duration,
    ) -> IdleEvent {
        if !connection.input.is_empty() {
            return IdleEvent::Request;
        }
        let ClientConnection { stream, input, reading, writing, .. } = connection;
        reading.stop();
        writing.stop();
        let mut idle = None;
        poll_fn(|cx| match input.poll_fill(stream, cx) {
            Poll::Ready(Ok(1..)) => Poll::Ready(IdleEvent::Request),
            Poll::Ready(_) => Poll::Ready(IdleEvent::Closed),
            Poll::Pending => {
                // A connection is only listed as idle if the next request has not arrived yet.
                let first = self.client.requests == 0;
                let idle = idle.get_or_insert_with(|| self.cycle.connections.idle(first));
                reading.start_once(timeout);
                if reading.poll(cx).is_ready() {
                    return Poll::Ready(IdleEvent::Silent);
                }
                idle.poll_closing(cx).map(|()| IdleEvent::Evicted)
            }
        })
        .await
    }

    /// Closes an idle connection, unless a request is just arriving; true if one is. To close then would lose it, and a client
    /// cannot repeat a POST that may have been run, so give it one more turn of the event loop.
    async fn last_chance<S: Stream>(&self, connection: &mut ClientConnection<S>) -> bool {
        tokio::task::yield_now().await;
        let ClientConnection { stream, input, reading, .. } = connection;
        if !stream.has_unread_bytes() {
            stream.close_idle();
            return false;
        }
        let Some(server) = self.http.servers.get(self.server) else { return false };
        reading.start(server.client_header_timeout);
        poll_fn(|cx| match input.poll_fill(stream, cx) {
            Poll::Ready(read) => Poll::Ready(read.is_ok_and(|count| count > 0)),
            Poll::Pending => reading.poll(cx).map(|()| false),
        })
        .await
    }

    /// Serves requests until none has come for [`BUSY_PERIOD`].
    async fn serve_requests<S: Stream>(
        &mut self,
        connection: &mut ClientConnection<S>,
        aborting: &mut Aborting,
    ) -> AfterRequest {
        let mut memory = RequestMemory::spare();
        let after = self.serve_with(connection, aborting, &mut memory).await;
        memory.recycle();
        after
    }

    async fn serve_with<S: Stream>(
        &mut self,
        connection: &mut ClientConnection<S>,
        aborting: &mut Aborting,
        memory: &mut RequestMemory,
    ) -> AfterRequest {
        loop {
            let after = self.serve_request(connection, aborting, memory).await;
            if after != AfterRequest::KeepAlive {
                return after;
            }
            self.is_pipelined = !connection.input.is_empty();
            let is_busy = self.keepalive_timeout > BUSY_PERIOD;
            let event = tokio::select! {
                biased;
                event = self.next_event(connection, self.keepalive_timeout.min(BUSY_PERIOD)) => event,
                () = &mut *aborting => return AfterRequest::Abort,
            };
            let goes_on = match event {
                IdleEvent::Request => true,
                IdleEvent::Silent if is_busy => return AfterRequest::KeepAlive,
                IdleEvent::Closed => false,
                IdleEvent::Silent | IdleEvent::Evicted => self.last_chance(connection).await,
            };
            if !goes_on {
                return AfterRequest::Close;
            }
        }
    }

    /// Reads and answers one request, unless the worker has to go first.
    async fn serve_request<S: Stream>(
        &mut self,
        connection: &mut ClientConnection<S>,
        aborting: &mut Aborting,
        memory: &mut RequestMemory,
    ) -> AfterRequest {
        let (http, cycle) = (self.http, self.cycle);
        let Some(server) = http.servers.get(self.server) else { return AfterRequest::Close };
        self.client.requests += 1;
        // Not moved out of where it is made, as it is large.
        let mut exchange = Exchange::new(cycle, http, server, self.client, memory);
        let Some(x) = &mut exchange else { return AfterRequest::Close };
        x.tls = self.tls;
        x.is_pipelined = self.is_pipelined;
        x.proxy_header = self.proxy_header;
        let mut counted = CountedRequest::new(cycle.connections.counts());
        let head = tokio::select! {
            biased;
            head = read_head(connection, x) => head,
            () = &mut *aborting => return AfterRequest::Abort,
        };
        let after = match head {
            HeadOutcome::Empty => return AfterRequest::Close,
            HeadOutcome::Aborted(status) => {
                x.status = status;
                AfterRequest::Close
            }
            HeadOutcome::Invalid(error) => {
                x.uri = std::mem::take(&mut x.request.path);
                x.args = std::mem::take(&mut x.request.args);
                x.log(Level::Info, format_args!("{}", error.reason));
                x.linger = true;
                let page = error_page(x, error.status);
                // Nothing is left to be done if the client is gone.
                let _ = connection.respond(x, page).await;
                AfterRequest::LingeringClose
            }
            HeadOutcome::Request if self.plain_to_tls => {
                self.select_server(x);
                let sent = "client sent plain HTTP request to HTTPS port";
                x.log(Level::Info, format_args!("{sent} while reading client request headers"));
                x.linger = true;
                let page = error_page(x, HTTP_TO_HTTPS);
                let _ = connection.respond(x, page).await;
                AfterRequest::LingeringClose
            }
            HeadOutcome::Request => {
                counted.is_read();
                self.select_server(x);
                x.keep_alive = x.request.keep_alive && *cycle.shutdown.borrow() == ShutdownStage::Serving;
                let answered = {
                    // Pinned here: a future that is moved takes its room twice.
                    let mut answering = pin!(answer(connection, x));
                    tokio::select! {
                        biased;
                        after = &mut answering => Some(after),
                        () = &mut *aborting => None,
                    }
                };
                answered.unwrap_or_else(|| {
                    if x.status != 0 {
                        x.sent += connection.output.written();
                    }
                    AfterRequest::Abort
                })
            }
        };
        for log in &x.settings.access_log {
            cycle.logs.access(log, http, x);
        }
        self.keepalive_timeout = x.settings.keepalive_timeout;
        x.give_back(memory);
        after
    }

    /// Selects the virtual server by host; a request without one asks for the name `""`.
    pub(super) fn select_server(&self, x: &mut Exchange<'a>) {
        let host = std::str::from_utf8(x.request.host().unwrap_or_default()).ok();
        let named = host.and_then(|host| {
            server_names::find(&self.listen.names, host, |pattern| x.matches(pattern, host.as_bytes()))
        });
        let index = named.map_or(self.listen.default_server, |(server, _)| server);
        if let Some(server) = self.http.servers.get(index) {
            x.server = server;
            x.enter(server.root);
            let name = named.map(|(_, name)| name);
            x.trace(|here| selection::step(x, self.listen, here, name));
        }
    }
}
