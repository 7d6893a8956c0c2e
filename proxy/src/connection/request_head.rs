//! Reads the head of a request from a connection.

use std::future::poll_fn;
use std::task::Poll;

use crate::exchange::Exchange;
use crate::message::request::error::RequestError;
use crate::message::request::reader::HeadReader;
use crate::message::request::scanner::HeadLimits;
use crate::response::ClientConnection;
use crate::wire::Stream;
use nginx_conf::model::Level;

/// The outcome of reading a head.
pub(super) enum HeadOutcome {
    /// The head is valid.
    Request,
    /// The head is invalid.
    Invalid(RequestError),
    /// The client closed the connection or timed out in the middle of the head. The status is for the log.
    Aborted(u16),
    /// There was nothing but line ends.
    Empty,
}

/// Reads a head whose first bytes have arrived.
pub(super) async fn read_head<S: Stream>(
    connection: &mut ClientConnection<S>,
    x: &mut Exchange<'_>,
) -> HeadOutcome {
    let server = x.server;
    let large = server.large_client_header_buffers * server.large_client_header_size;
    let limits = HeadLimits {
        line: server.large_client_header_size.max(server.client_header_buffer_size),
        head: server.client_header_buffer_size + large,
    };
    let ClientConnection { stream, input, reading, .. } = connection;
    let mut reader = HeadReader::new(limits);
    x.request.clear();
    x.request.rules = server.head_rules;
    reading.stop();
    loop {
        let head = reader.read(input, &mut x.request);
        x.request_length = reader.length();
        if let Some(head) = head {
            return match head {
                Ok(()) => HeadOutcome::Request,
                Err(error) => HeadOutcome::Invalid(error),
            };
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
        if !reader.has_line() {
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
        let part = if reader.has_line() { "headers" } else { "line" };
        x.log(Level::Info, format_args!("{what} while reading client request {part}"));
        return HeadOutcome::Aborted(status);
    }
}
