//! `http`, and what concerns connections and requests as such.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::build;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{buffers, duplicate, flag, number, offset, once, size, time};
use crate::table;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("http", http),
    ("client_header_timeout", |r, d| once(&mut r.settings().client_header_timeout, d, time)),
    ("client_header_buffer_size", |r, d| once(&mut r.settings().client_header_buffer_size, d, size)),
    ("large_client_header_buffers", |r, d| once(&mut r.settings().large_client_header_buffers, d, buffers)),
    ("client_max_body_size", |r, d| once(&mut r.settings().client_max_body_size, d, offset)),
    ("client_body_timeout", |r, d| once(&mut r.settings().client_body_timeout, d, time)),
    ("client_body_buffer_size", |r, d| once(&mut r.settings().client_body_buffer_size, d, size)),
    ("client_body_temp_path", no_files),
    ("proxy_temp_path", no_files),
    ("fastcgi_temp_path", no_files),
    ("scgi_temp_path", no_files),
    ("uwsgi_temp_path", no_files),
    ("send_timeout", |r, d| once(&mut r.settings().send_timeout, d, time)),
    ("keepalive_requests", |r, d| once(&mut r.settings().keepalive_requests, d, number)),
    ("sendfile", |r, d| once(&mut r.settings().sendfile, d, flag)),
    ("tcp_nopush", |r, d| once(&mut r.settings().tcp_nopush, d, flag)),
    ("tcp_nodelay", |r, d| once(&mut r.settings().tcp_nodelay, d, flag)),
    ("server_names_hash_max_size", tuning),
    ("server_names_hash_bucket_size", tuning),
    ("types_hash_max_size", tuning),
    ("types_hash_bucket_size", tuning),
    ("variables_hash_max_size", tuning),
    ("variables_hash_bucket_size", tuning),
    ("map_hash_max_size", tuning),
    ("map_hash_bucket_size", tuning),
    ("proxy_headers_hash_max_size", tuning),
    ("proxy_headers_hash_bucket_size", tuning),
];

/// `http { … }`.
fn http(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.main.http.is_some() {
        return Err(duplicate(directive));
    }
    reader.block(table::HTTP)?;
    reader.main.http = Some(build::http(reader)?);
    Ok(())
}

/// A place for files that this program does not make.
fn no_files(_: &mut Reader, _: &Directive) -> Result<(), ConfigError> {
    Ok(())
}

/// The size of a table that nginx has and this program has not.
fn tuning(_: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    number::<u64>(directive).map(|_| ())
}
