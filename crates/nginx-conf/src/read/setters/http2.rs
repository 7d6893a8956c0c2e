//! `http2…`, and those of HTTP/3, which is not spoken.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{flag, number, once, size};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("http2", |r, d| once(&mut r.settings().http2.on, d, flag)),
    ("http2_max_concurrent_streams", |r, d| once(&mut r.settings().http2.max_concurrent_streams, d, number)),
    ("http2_body_preread_size", |r, d| once(&mut r.settings().http2.body_preread_size, d, body_preread_size)),
    ("http2_chunk_size", |r, d| once(&mut r.settings().http2.chunk_size, d, chunk_size)),
    ("http2_recv_buffer_size", |r, d| once(&mut r.settings().http2.recv_buffer_size, d, recv_buffer_size)),
    ("http2_max_concurrent_pushes", |r, d| match r.is_from(25, 1) {
        true => ignored(r, d),
        false => once(&mut r.settings().http2.max_concurrent_pushes, d, number),
    }),
    ("http2_push", |r, d| if r.is_from(25, 1) { ignored(r, d) } else { Ok(()) }),
    ("http2_push_preload", |r, d| match r.is_from(25, 1) {
        true => ignored(r, d),
        false => once(&mut r.settings().http2.push_preload, d, flag),
    }),
    ("http2_idle_timeout", |r, d| obsolete(r, d, "keepalive_timeout")),
    ("http2_max_field_size", |r, d| obsolete(r, d, "large_client_header_buffers")),
    ("http2_max_header_size", |r, d| obsolete(r, d, "large_client_header_buffers")),
    ("http2_max_requests", |r, d| obsolete(r, d, "keepalive_requests")),
    ("http2_recv_timeout", |r, d| obsolete(r, d, "client_header_timeout")),
    ("http3", http3),
    ("http3_hq", |_, d| flag(d).map(|_| ())),
    ("http3_max_concurrent_streams", |_, d| number::<u32>(d).map(|_| ())),
    ("http3_stream_buffer_size", |_, d| size(d).map(|_| ())),
    ("quic_active_connection_id_limit", |_, d| number::<u32>(d).map(|_| ())),
    ("quic_bpf", |_, d| flag(d).map(|_| ())),
    ("quic_gso", |_, d| flag(d).map(|_| ())),
    ("quic_host_key", |_, _| Ok(())),
    ("quic_retry", |_, d| flag(d).map(|_| ())),
];

/// The largest window of a stream (RFC 9113 §6.9.1).
const MAX_WINDOW_SIZE: usize = (1 << 31) - 1;
/// The least that nginx reads into at once: more than two of what it puts aside.
const MIN_RECV_BUFFER_SIZE: usize = 2 * 16 + 1;

/// `http2_body_preread_size`.
fn body_preread_size(directive: &Directive) -> Result<u32, ConfigError> {
    let size = size(directive)?;
    let window = u32::try_from(size).ok().filter(|_| size <= MAX_WINDOW_SIZE);
    window.ok_or_else(|| {
        let message = format!("the maximum body preread buffer size is {MAX_WINDOW_SIZE}");
        directive.error_at(directive.argument(0), message)
    })
}

/// `http2_chunk_size`.
fn chunk_size(directive: &Directive) -> Result<usize, ConfigError> {
    let size = size(directive)?;
    let zero = || directive.error_at(directive.argument(0), "the http2 chunk size cannot be zero");
    if size == 0 { Err(zero()) } else { Ok(size) }
}

/// `http2_recv_buffer_size`.
fn recv_buffer_size(directive: &Directive) -> Result<usize, ConfigError> {
    let size = size(directive)?;
    let small = || {
        let message = format!("\"{}\" directive value is too small", directive.name());
        directive.error_at(directive.argument(0), message)
    };
    if size < MIN_RECV_BUFFER_SIZE { Err(small()) } else { Ok(size) }
}

/// A directive whose place another one has taken.
fn obsolete(reader: &mut Reader, directive: &Directive, instead: &str) -> Result<(), ConfigError> {
    let name = directive.name();
    let message = format!("the \"{name}\" directive is obsolete, use the \"{instead}\" directive instead");
    reader.warn(&directive.error(message));
    Ok(())
}

/// A directive that says nothing any more.
fn ignored(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let message = format!("the \"{}\" directive is obsolete, ignored", directive.name());
    reader.warn(&directive.error(message));
    Ok(())
}

/// `http3`.
fn http3(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if flag(directive)? {
        let message = "\"http3\" directive has no effect, HTTP/3 is not spoken here";
        reader.warn(&directive.error_at(directive.argument(0), message));
    }
    Ok(())
}
