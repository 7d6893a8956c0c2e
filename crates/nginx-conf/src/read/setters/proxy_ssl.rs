//! `proxy_ssl_…`: read here, put together when all levels are known.

use super::ssl::{add_protocols, certificate_file, deferred_word};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{flag, number, once};
use crate::read::variables::template;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("proxy_ssl_server_name", |r, d| once(&mut r.settings().proxy_ssl.server_name, d, flag)),
    ("proxy_ssl_name", name),
    ("proxy_ssl_verify", |r, d| {
        once(&mut r.settings().proxy_ssl.verify, d, |d| flag(d).map(|verify| (verify, d.error(""))))
    }),
    ("proxy_ssl_verify_depth", |r, d| once(&mut r.settings().proxy_ssl.verify_depth, d, number)),
    ("proxy_ssl_trusted_certificate", |r, d| once(&mut r.settings().proxy_ssl.trusted, d, deferred_word)),
    ("proxy_ssl_crl", |r, d| once(&mut r.settings().proxy_ssl.crl, d, deferred_word)),
    ("proxy_ssl_certificate", |r, d| once(&mut r.settings().proxy_ssl.certificate, d, certificate_file)),
    ("proxy_ssl_certificate_key", |r, d| once(&mut r.settings().proxy_ssl.key, d, certificate_file)),
    ("proxy_ssl_protocols", protocols),
    ("proxy_ssl_ciphers", |r, d| once(&mut r.settings().proxy_ssl.ciphers, d, deferred_word)),
    ("proxy_ssl_session_reuse", |r, d| once(&mut r.settings().proxy_ssl.session_reuse, d, flag)),
];

/// `proxy_ssl_name`.
fn name(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let name = template(&mut reader.http.variables, directive, directive.argument(0))?;
    once(&mut reader.settings().proxy_ssl.name, directive, |_| Ok(name))
}

/// `proxy_ssl_protocols`.
fn protocols(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let earlier = reader.settings().proxy_ssl.protocols.take();
    reader.settings().proxy_ssl.protocols = Some(add_protocols(reader, directive, earlier)?);
    Ok(())
}
