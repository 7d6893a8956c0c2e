//! One request on its stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use tokio::io::AsyncWrite;

use super::session::Accepted;
use super::stream::Http2Stream;
use super::traffic::Traffic;
use crate::connection::answer::{AfterRequest, answer};
use crate::connection::http_connection::HttpConnection;
use crate::cycle::counts::CountedRequest;
use crate::exchange::{ClientInfo, Exchange, RequestMemory};
use crate::message::request::BodyLength;
use crate::response::{ClientConnection, error_page};
use nginx_conf::model::Level;

impl HttpConnection<'_> {
    /// Answers the request that is the connection's `number`th.
    pub(super) async fn serve_stream(&self, (request, respond): Accepted, number: u64, traffic: Rc<Traffic>) {
        let (http, cycle) = (self.http, self.cycle);
        let Some(server) = http.servers.get(self.server) else { return };
        let client = ClientInfo { requests: number, ..self.client };
        let mut memory = RequestMemory::spare();
        let Some(mut x) = Exchange::new(cycle, http, server, client, &mut memory) else { return };
        x.tls = self.tls;
        x.proxy_header = self.proxy_header;
        let mut counted = CountedRequest::new(cycle.connections.counts());
        let (head, body) = request.into_parts();
        let max_size = server.large_client_header_buffers.saturating_mul(server.large_client_header_size);
        x.request.rules = server.head_rules;
        let read = x.request.read_http2(&head, body.is_end_stream(), max_size);
        let head_length = x.request.line().len() + fields_length(&head);
        x.request_length = head_length as u64;
        traffic.add_payload(head_length);
        let tells_end = x.request.body == BodyLength::Chunked;
        let stream = Http2Stream::new(body, respond, head.method == http::Method::HEAD, tells_end, traffic);
        drop(head);
        let mut connection = ClientConnection::new(stream);
        let is_complete = match read {
            Err(error) => {
                x.log(Level::Info, format_args!("{}", error.reason));
                let page = error_page(&mut x, error.status);
                connection.respond(&mut x, page).await.is_ok()
            }
            Ok(()) => {
                counted.is_read();
                self.select_server(&mut x);
                let answered = tokio::select! {
                    biased;
                    after = answer(&mut connection, &mut x) => after != AfterRequest::Abort,
                    () = cycle.aborting() => false,
                };
                if !answered && x.sent == 0 && x.status != 0 {
                    x.sent = connection.output.written();
                }
                answered
            }
        };
        if !is_complete {
            // h2 would not send the rest of what has come before it is known that there is no more.
            let sent = poll_fn(|cx| Pin::new(&mut connection.stream).poll_flush(cx));
            let _ = tokio::time::timeout(x.settings.send_timeout, sent).await;
        }
        connection.stream.finish(is_complete);
        for log in &x.settings.access_log {
            cycle.logs.access(log, http, &x);
        }
        x.give_back(&mut memory);
        memory.recycle();
    }
}

/// The fields of a head, without what HTTP/1 would put around them.
fn fields_length(head: &http::request::Parts) -> usize {
    head.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
