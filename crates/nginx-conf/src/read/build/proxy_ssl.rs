//! TLS to app servers, put together for each level that needs it.

use std::sync::Arc;

use super::tls::{certificate_error, suites, versions};
use crate::error::ConfigError;
use crate::model::{Settings, UpstreamSsl};
use crate::read::draft::{DeferredWord, Level, ProxySslSettings};
use crate::read::reader::Reader;
use crate::tls::{self, CertificateError, UpstreamTls, UpstreamTlsSettings, Verification};

/// Sets what each level says to app servers. Files are read, and must be right, where a `proxy_pass` needs them.
pub(super) fn set(reader: &Reader, levels: &[Level], settings: &mut [Settings]) -> Result<(), ConfigError> {
    let mut effective: Vec<ProxySslSettings> = Vec::with_capacity(levels.len());
    let mut made: Vec<(Key, Arc<UpstreamTls>)> = Vec::new();
    for (level, settings) in levels.iter().zip(settings) {
        // A level stands after the one around it; only `http` is around itself.
        let own = merge(&level.settings.proxy_ssl, effective.get(level.parent.0));
        if settings.proxy_pass.as_ref().is_some_and(|pass| pass.is_https || pass.computed.is_some()) {
            let key = Key::of(&own);
            let tls = match made.iter().find(|(known, _)| *known == key) {
                Some((_, tls)) => Arc::clone(tls),
                None => {
                    let tls = Arc::new(upstream_tls(reader, &own)?);
                    made.push((key, Arc::clone(&tls)));
                    tls
                }
            };
            settings.proxy.ssl = UpstreamSsl {
                tls: Some(tls),
                name: own.name.clone(),
                server_name: own.server_name.unwrap_or(false),
            };
        }
        effective.push(own);
    }
    Ok(())
}

fn merge(own: &ProxySslSettings, outer: Option<&ProxySslSettings>) -> ProxySslSettings {
    let own = own.clone();
    let Some(outer) = outer.cloned() else { return own };
    ProxySslSettings {
        server_name: own.server_name.or(outer.server_name),
        name: own.name.or(outer.name),
        verify: own.verify.or(outer.verify),
        verify_depth: own.verify_depth.or(outer.verify_depth),
        trusted: own.trusted.or(outer.trusted),
        crl: own.crl.or(outer.crl),
        certificate: own.certificate.or(outer.certificate),
        key: own.key.or(outer.key),
        protocols: own.protocols.or(outer.protocols),
        ciphers: own.ciphers.or(outer.ciphers),
        session_reuse: own.session_reuse.or(outer.session_reuse),
    }
}

/// What makes the TLS of two levels the same, so that they share connections and sessions.
#[derive(PartialEq)]
struct Key {
    verification: Option<(Option<String>, usize, Option<String>)>,
    certificate: [Option<String>; 2],
    protocols: Option<Vec<String>>,
    ciphers: Option<String>,
    session_reuse: bool,
}

impl Key {
    fn of(settings: &ProxySslSettings) -> Key {
        let text = |word: &Option<DeferredWord>| word.as_ref().map(|word| word.text.clone());
        Key {
            verification: verifies(settings)
                .is_some()
                .then(|| (text(&settings.trusted), depth(settings), text(&settings.crl))),
            certificate: [text(&settings.certificate), text(&settings.key)],
            protocols: settings.protocols.as_ref().map(|protocols| protocols.names.clone()),
            ciphers: text(&settings.ciphers),
            session_reuse: settings.session_reuse.unwrap_or(true),
        }
    }
}

/// An error about `proxy_ssl_verify`, where it is on.
fn verifies(settings: &ProxySslSettings) -> Option<&ConfigError> {
    settings.verify.as_ref().filter(|(verify, _)| *verify).map(|(_, error)| error)
}

fn depth(settings: &ProxySslSettings) -> usize {
    settings.verify_depth.unwrap_or(1)
}

fn upstream_tls(reader: &Reader, settings: &ProxySslSettings) -> Result<UpstreamTls, ConfigError> {
    let path = |file: &DeferredWord| reader.path_beside_the_file(&file.text);
    let written = |word: &Option<DeferredWord>| word.clone().filter(|word| !word.text.is_empty());
    let certificate = match (written(&settings.certificate), written(&settings.key)) {
        (None, _) => None,
        (Some(certificate), None) => {
            let message = format!(
                "no \"proxy_ssl_certificate_key\" is defined for certificate \"{}\"",
                certificate.text
            );
            return Err(certificate.error.with_message(message));
        }
        (Some(certificate), Some(key)) => {
            let blame = |error: CertificateError| {
                certificate_error(if error.is_about_key { &key } else { &certificate }, &error)
            };
            Some(tls::certified_key(&path(&certificate), &path(&key)).map_err(blame)?)
        }
    };
    let verification = match (verifies(settings), written(&settings.trusted)) {
        (None, _) => None,
        (Some(error), None) => {
            let error = error.clone().with_message("no proxy_ssl_trusted_certificate for proxy_ssl_verify");
            return Err(error.help(
                "name a file with the certificates that app servers' are issued by: proxy_ssl_trusted_certificate",
            ));
        }
        (Some(_), Some(trusted)) => {
            let mut verification = Verification::new(depth(settings));
            verification.add_trusted(&path(&trusted)).map_err(|error| certificate_error(&trusted, &error))?;
            if let Some(crl) = written(&settings.crl) {
                verification.add_crl(&path(&crl)).map_err(|error| certificate_error(&crl, &error))?;
            }
            Some(verification)
        }
    };
    let tls = UpstreamTlsSettings {
        versions: versions(settings.protocols.as_ref(), "proxy_ssl_protocols")?,
        suites: suites(settings.ciphers.as_ref())?,
        certificate,
        verification,
        session_reuse: settings.session_reuse.unwrap_or(true),
    };
    UpstreamTls::new(tls).map_err(|error| {
        let place = settings.protocols.as_ref().map(|protocols| &protocols.error);
        let place = place.or(settings.ciphers.as_ref().map(|ciphers| &ciphers.error));
        let message = format!("SSL_CTX_new() failed (SSL: {error})");
        place.cloned().unwrap_or_else(|| ConfigError::new("")).with_message(message)
    })
}
