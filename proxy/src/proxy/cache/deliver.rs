//! Gives a client an answer that is there as a whole: all of it, a part, or the word that it has not changed.

use std::io;

use bytes::Bytes;

use crate::cache::StoredResponse;
use crate::exchange::Exchange;
use crate::message::conditional::{self, Precondition};
use crate::message::range::{self, Ranges};
use crate::message::{Piece, date};
use crate::proxy::accel::act_on_fields;
use crate::proxy::error::ProxyError;
use crate::proxy::response::{Delivery, HeadWritten, ResponseHead};
use crate::response::{BodyFilters, ClientConnection, charset_in, page_response, without_charset};
use crate::wire::{Framing, Stream};
use nginx_conf::model::Level;

/// What of an answer the client has asked for.
pub(crate) enum Demand {
    /// Something that can be given.
    Delivery(Delivery, Vec<Piece>),
    /// Parts that it has not: 416, with this `Content-Range`.
    Unsatisfiable(String),
    /// Not this one: 412.
    Failed,
}

impl Demand {
    /// By the preconditions and ranges of the request: `ngx_http_not_modified_filter_module` and
    /// `ngx_http_range_filter_module`.
    pub(crate) fn of(x: &Exchange<'_>, head: &ResponseHead) -> Demand {
        let whole = || Demand::Delivery(Delivery::Whole, Vec::new());
        if head.status != 200 || x.is_subrequest || x.error_status.is_some() {
            return whole();
        }
        let (request, fields) = (&x.request.headers, &x.upstream_fields);
        let etag = fields.get("ETag").and_then(|etag| std::str::from_utf8(etag).ok());
        // No date is the same as this one.
        let modified = fields.get("Last-Modified").and_then(date::parse).unwrap_or(u64::MAX);
        match conditional::evaluate(request, modified, etag, x.settings.if_modified_since) {
            Precondition::NotModified => return Demand::Delivery(Delivery::NotModified, Vec::new()),
            Precondition::Failed => return Demand::Failed,
            Precondition::Holds => {}
        }
        let Framing::Length(size) = head.framing else { return whole() };
        if fields.get("Accept-Ranges").is_none() || x.request.is_head() && size == 0 {
            return whole();
        }
        let part = match range::evaluate(request, size, modified, etag, x.settings.max_ranges) {
            Ranges::Whole => return whole(),
            Ranges::Unsatisfiable => return Demand::Unsatisfiable(format!("bytes */{size}")),
            Ranges::Partial(ranges) => ranges,
        };
        if head.write(x, &Delivery::Whole, &mut Vec::new()).changes.any() {
            return whole();
        }
        let (content_range, content_type, pieces) = match &part[..] {
            [range] => (range.content_range(size), None, vec![range.piece()]),
            ranges => {
                let kind = fields.get("Content-Type").map(String::from_utf8_lossy).unwrap_or_default();
                let multipart = range::Multipart::new();
                (String::new(), Some(multipart.content_type()), multipart.pieces(ranges, &kind, size))
            }
        };
        let length = pieces.iter().map(Piece::len).sum();
        Demand::Delivery(Delivery::Part { content_range, content_type, length }, pieces)
    }
}

/// Gives an answer that was kept.
pub(crate) async fn send_stored<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    stored: &StoredResponse,
) -> Result<(), ProxyError> {
    x.upstream_fields.clone_from(&stored.fields);
    act_on_fields(x);
    let head = ResponseHead::stored(stored.status, stored.status_text.clone(), stored.framing);
    let demand = Demand::of(x, &head);
    send(client, x, &head, demand, &stored.body).await
}

/// Gives what was asked for of an answer.
pub(crate) async fn send<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    head: &ResponseHead,
    demand: Demand,
    body: &Bytes,
) -> Result<(), ProxyError> {
    client.body.skip(&mut client.input);
    if !client.body.is_complete() {
        x.keep_alive = false;
        x.linger = true;
    }
    let timeout = x.settings.send_timeout;
    let (delivery, pieces) = match demand {
        Demand::Failed => return Err(ProxyError::Status(412)),
        Demand::Unsatisfiable(content_range) => {
            let mut page = page_response(x, 416);
            page.headers.push("Content-Range", content_range);
            // nginx keeps the charset of the answer in the place of which the page comes.
            let parameters =
                |kind: &'_ [u8]| kind.get(without_charset(kind).len()..).unwrap_or_default().to_vec();
            let parameters = x.upstream_fields.get("Content-Type").map(parameters).unwrap_or_default();
            let charset = charset_in(&parameters).filter(|charset| !charset.is_empty());
            if let (Some(kind), Some(charset)) = (&mut page.content_type, charset) {
                *kind += &format!("; charset={}", String::from_utf8_lossy(charset));
            }
            return client.respond(x, page).await.map_err(|error| closed(x, &error.0));
        }
        Demand::Delivery(delivery, pieces) => (delivery, pieces),
    };
    let has_body =
        delivery != Delivery::NotModified && head.has_body(x.request.is_head()) && head.sends_body(x);
    let has_length = matches!(head.framing, Framing::Length(_)) && !head.gains_body(x);
    if delivery != Delivery::NotModified && head.sends_body(x) && x.ends_with_connection() && !has_length {
        x.keep_alive = false;
    }
    let mut text = x.response_head.take();
    text.clear();
    let HeadWritten { chunked, changes } = head.write(x, &delivery, &mut text);
    x.status = x.error_status.unwrap_or(match delivery {
        Delivery::NotModified => 304,
        Delivery::Part { .. } => 206,
        _ => head.status,
    });
    if changes.any() && has_body && x.ends_with_connection() {
        x.keep_alive = false;
    }
    client.begin(x, &text, chunked, changes.trailers);
    x.response_head.replace(text);
    client.add_trailers(x);
    let before = x.sent;
    let written = match (has_body, &delivery) {
        (false, _) if head.gains_body(x) => client.finish(timeout).await,
        (false, _) => client.write(&[], timeout).await,
        (true, Delivery::Part { .. }) => match client.write(&joined(&pieces, body), timeout).await {
            Ok(()) => client.finish(timeout).await,
            failed => failed,
        },
        (true, _) if changes.any() => {
            let mut filters = BodyFilters::new(x, changes);
            let sent = match client.filter(&mut filters, body, timeout).await {
                Ok(()) => client.finish_filters(&mut filters, timeout).await,
                failed => failed,
            };
            x.compressed = filters.totals();
            sent
        }
        (true, _) => match client.write(body, timeout).await {
            Ok(()) => client.finish(timeout).await,
            failed => failed,
        },
    };
    x.sent = before + client.output.written();
    written.map_err(|error| closed(x, &error))
}

/// The bytes of some pieces of a body.
fn joined(pieces: &[Piece], body: &Bytes) -> Vec<u8> {
    let bytes = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_vec(),
        Piece::File { offset, length } => {
            let (start, end) = (*offset as usize, (offset + length) as usize);
            body.get(start..end).unwrap_or_default().to_vec()
        }
    };
    pieces.iter().flat_map(bytes).collect()
}

fn closed(x: &Exchange<'_>, error: &io::Error) -> ProxyError {
    let (level, what) = match error.kind() {
        io::ErrorKind::TimedOut => {
            (Level::Info, "client timed out (110: Connection timed out) while sending to client")
        }
        io::ErrorKind::InvalidData => {
            x.log(Level::Error, format_args!("{error} while sending to client"));
            return ProxyError::Close;
        }
        _ => (Level::Info, "client prematurely closed connection"),
    };
    x.log(level, format_args!("{what}"));
    ProxyError::Close
}
