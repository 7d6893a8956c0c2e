//! 103 of an app server (RFC 8297), on its way to the client: `early_hints`.

use std::io;

use super::ResponseHead;
use crate::exchange::Exchange;
use crate::response::{ClientConnection, write_field};
use crate::wire::Stream;

const LINE: &[u8] = b"HTTP/1.1 103 Early Hints\r\n";

/// Whether the client gets them. Clients of HTTP/1.0 know of no interim responses (RFC 9110 §15.2).
pub(crate) fn are_wanted(x: &Exchange<'_>) -> bool {
    !x.is_subrequest && x.request.version > 10 && x.is_any_set(&x.settings.early_hints)
}

/// Passes them on, whose fields the exchange holds. Where none is left, there is nothing to be said.
pub(crate) async fn pass_on<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    head: &ResponseHead,
) -> io::Result<()> {
    let mut text = LINE.to_vec();
    let has_options = x.upstream_fields.get("Connection").is_some();
    for (name, value) in x.upstream_fields.iter() {
        // `Content-Type` is among those that a final response has written by the proxy itself.
        if head.is_passed(x, has_options, name) || name.eq_ignore_ascii_case(b"Content-Type") {
            write_field(&mut text, name, value);
        }
    }
    if text.len() == LINE.len() {
        return Ok(());
    }
    text.extend_from_slice(b"\r\n");
    client.send_interim(x, &text).await
}
