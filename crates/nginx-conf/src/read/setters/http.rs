//! `http`, and what concerns connections and requests as such.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::build;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{buffers, duplicate, flag, number, offset, once, size, time};
use crate::read::variables::template;
use crate::table;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("http", http),
    ("client_header_timeout", |r, d| once(&mut r.settings().client_header_timeout, d, time)),
    ("client_header_buffer_size", |r, d| once(&mut r.settings().client_header_buffer_size, d, size)),
    ("large_client_header_buffers", |r, d| once(&mut r.settings().large_client_header_buffers, d, buffers)),
    ("client_max_body_size", |r, d| once(&mut r.settings().client_max_body_size, d, offset)),
    ("client_body_timeout", |r, d| once(&mut r.settings().client_body_timeout, d, time)),
    ("client_body_buffer_size", |r, d| once(&mut r.settings().client_body_buffer_size, d, size)),
    ("send_timeout", |r, d| once(&mut r.settings().send_timeout, d, time)),
    ("keepalive_requests", |r, d| once(&mut r.settings().keepalive_requests, d, number)),
    ("sendfile", |r, d| once(&mut r.settings().sendfile, d, flag)),
    ("tcp_nopush", |r, d| once(&mut r.settings().tcp_nopush, d, flag)),
    ("tcp_nodelay", |r, d| once(&mut r.settings().tcp_nodelay, d, flag)),
    ("keepalive_time", |r, d| once(&mut r.settings().keepalive_time, d, time)),
    ("log_not_found", |r, d| once(&mut r.settings().log_not_found, d, flag)),
    ("max_ranges", |r, d| once(&mut r.settings().max_ranges, d, number)),
    ("chunked_transfer_encoding", |r, d| once(&mut r.settings().chunked_transfer_encoding, d, flag)),
    ("absolute_redirect", |r, d| once(&mut r.settings().absolute_redirect, d, flag)),
    ("port_in_redirect", |r, d| once(&mut r.settings().port_in_redirect, d, flag)),
    ("server_name_in_redirect", |r, d| once(&mut r.settings().server_name_in_redirect, d, flag)),
    ("max_headers", |r, d| once(&mut r.settings().max_headers, d, number)),
    ("early_hints", early_hints),
    ("merge_slashes", |r, d| once(&mut r.settings().merge_slashes, d, flag)),
    ("underscores_in_headers", |r, d| once(&mut r.settings().underscores_in_headers, d, flag)),
    ("ignore_invalid_headers", |r, d| once(&mut r.settings().ignore_invalid_headers, d, flag)),
];

/// `early_hints`; written twice, it adds up.
fn early_hints(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    for word in directive.arguments() {
        let text = template(&mut reader.http.variables, directive, word)?;
        reader.settings().early_hints.push(text);
    }
    Ok(())
}

/// `http { … }`.
fn http(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.main.http.is_some() {
        return Err(duplicate(directive));
    }
    reader.block(table::HTTP)?;
    reader.main.http = Some(build::http(reader)?);
    Ok(())
}
