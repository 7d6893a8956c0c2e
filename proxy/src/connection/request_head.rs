//! Reads the head of a request from a connection.

use std::future::poll_fn;
use std::task::Poll;

use crate::exchange::Exchange;
use crate::message::request::error::{CONNECT, INVALID_REQUEST, RequestError};
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
                Err(error) => HeadOutcome::Invalid(refused_connect(x, error).unwrap_or(error)),
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

/// What nginx from 1.30 on says of a CONNECT: it reads the target as an authority (RFC 9110 §9.3.6), and refuses the
/// method after that.
fn refused_connect(x: &Exchange<'_>, error: RequestError) -> Option<RequestError> {
    if x.request.method() != b"CONNECT" || !x.cycle.config.is_from(30, 0) {
        return None;
    }
    match error {
        CONNECT => Some(INVALID_REQUEST),
        INVALID_REQUEST if has_authority(x.request.line()) => Some(CONNECT),
        _ => None,
    }
}

/// Whether the target in a request line is a host and a port.
fn has_authority(line: &[u8]) -> bool {
    let target = line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    let colon = target.iter().rposition(|&byte| byte == b':');
    colon.filter(|at| *at > 0).is_some_and(|at| {
        let port = target.get(at + 1..).unwrap_or_default();
        port.iter().all(u8::is_ascii_digit) && !target.contains(&b'/')
    })
}
