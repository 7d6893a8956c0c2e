//! `ssl_…`: read here, put together when all levels are known.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::VerifyClient;
use crate::read::draft::{DeferredWord, Protocols};
use crate::read::reader::{Reader, Setter};
use crate::read::values::{flag, invalid_value, number, once, one_of, size, unsupported_value};
use crate::tls::{SessionCache, Version};
use crate::units::{parse_number, parse_seconds, parse_size};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("ssl", ssl),
    ("ssl_certificate", certificate),
    ("ssl_certificate_key", certificate),
    ("ssl_protocols", protocols),
    ("ssl_ciphers", |r, d| once(&mut r.settings().tls.ciphers, d, deferred_word)),
    ("ssl_prefer_server_ciphers", |r, d| once(&mut r.settings().tls.prefer_server_ciphers, d, flag)),
    ("ssl_ecdh_curve", |r, d| once(&mut r.settings().tls.curves, d, deferred_word)),
    ("ssl_dhparam", |r, d| once(&mut r.settings().tls.dhparam, d, deferred_word)),
    ("ssl_session_cache", session_cache),
    ("ssl_session_timeout", session_timeout),
    ("ssl_session_tickets", |r, d| once(&mut r.settings().tls.tickets, d, flag)),
    ("ssl_reject_handshake", |r, d| once(&mut r.settings().tls.reject_handshake, d, flag)),
    ("ssl_buffer_size", |r, d| once(&mut r.settings().tls.buffer_size, d, size)),
    ("ssl_stapling", |r, d| once(&mut r.settings().tls.stapling, d, flag)),
    ("ssl_stapling_verify", |r, d| once(&mut r.settings().tls.stapling_verify, d, flag)),
    ("ssl_verify_client", verify_client),
    ("ssl_verify_depth", |r, d| once(&mut r.settings().tls.verify_depth, d, number)),
    ("ssl_client_certificate", |r, d| once(&mut r.settings().tls.client_certificate, d, deferred_word)),
    ("ssl_crl", |r, d| once(&mut r.settings().tls.crl, d, deferred_word)),
    ("ssl_trusted_certificate", |r, d| once(&mut r.settings().tls.trusted, d, deferred_word)),
];

/// Sessions per megabyte, by nginx's documentation.
const SESSIONS_PER_MEGABYTE: usize = 4000;
/// Sessions of a `builtin` cache without a size.
const BUILTIN_SESSIONS: usize = 20_480;
/// The smallest zone: eight pages.
const MIN_ZONE_SIZE: usize = 8 * 4096;

/// `ssl`.
fn ssl(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.settings().tls.on, directive, |d| flag(d).map(|on| (on, d.error(""))))?;
    let message = "the \"ssl\" directive is deprecated, use the \"listen ... ssl\" directive instead";
    reader.warn(&directive.error(message));
    Ok(())
}

/// `ssl_verify_client`.
fn verify_client(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    const MODES: &[(&str, VerifyClient)] = &[
        ("off", VerifyClient::Off),
        ("on", VerifyClient::On),
        ("optional", VerifyClient::Optional),
        ("optional_no_ca", VerifyClient::OptionalNoCa),
    ];
    let mode = |d: &Directive| one_of(d, MODES).map(|mode| (mode, d.error("")));
    once(&mut reader.settings().tls.verify_client, directive, mode)
}

/// A word that is read only when all levels are known.
pub(super) fn deferred_word(directive: &Directive) -> Result<DeferredWord, ConfigError> {
    let word = directive.argument(0);
    Ok(DeferredWord { text: word.text.clone(), error: directive.error_at(word, "") })
}

/// `ssl_certificate` and `ssl_certificate_key`.
fn certificate(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let file = certificate_file(directive)?;
    let tls = &mut reader.settings().tls;
    if directive.name() == "ssl_certificate" { &mut tls.certificates } else { &mut tls.keys }.push(file);
    Ok(())
}

/// A certificate or a key that is a file.
pub(super) fn certificate_file(directive: &Directive) -> Result<DeferredWord, ConfigError> {
    let text = &directive.argument(0).text;
    let foreign = [("data:", "\"data:\""), ("engine:", "\"engine:\""), ("store:", "\"store:\"")];
    if let Some((_, what)) = foreign.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        return Err(unsupported_value(directive, 0, what));
    }
    if text.contains('$') {
        return Err(unsupported_value(directive, 0, "a variable"));
    }
    deferred_word(directive)
}

/// `ssl_protocols`.
fn protocols(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let earlier = reader.settings().tls.protocols.take();
    reader.settings().tls.protocols = Some(add_protocols(reader, directive, earlier)?);
    Ok(())
}

/// Versions of TLS; written twice, they add up.
pub(super) fn add_protocols(
    reader: &mut Reader,
    directive: &Directive,
    earlier: Option<Protocols>,
) -> Result<Protocols, ConfigError> {
    let error = directive.error_at(directive.argument(0), "");
    let mut names = earlier.map(|earlier| earlier.names).unwrap_or_default();
    for word in directive.arguments() {
        let known = Version::ALL.iter().find(|version| version.name == word.text);
        let version =
            known.ok_or_else(|| directive.error_at(word, format!("invalid value \"{}\"", word.text)))?;
        if names.contains(&word.text) {
            reader.warn(&directive.error_at(word, format!("duplicate value \"{}\"", word.text)));
            continue;
        }
        if version.version.is_none() {
            let message =
                format!("\"{}\" has no effect, only TLSv1.2 and TLSv1.3 are spoken here", version.name);
            reader.warn(&directive.error_at(word, message));
        }
        names.push(word.text.clone());
    }
    Ok(Protocols { names, error })
}

/// `ssl_session_cache`.
fn session_cache(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    for word in directive.arguments() {
        let invalid = || directive.error_at(word, format!("invalid session cache \"{}\"", word.text));
        let cache = match word.text.split_once(':') {
            None if matches!(word.text.as_str(), "off" | "none") => None,
            None if word.text == "builtin" => Some(SessionCache::new(BUILTIN_SESSIONS)),
            Some(("builtin", count)) => {
                let count = parse_number(count).and_then(|count| usize::try_from(count).ok());
                Some(SessionCache::new(count.ok_or_else(invalid)?))
            }
            Some(("shared", zone)) => {
                let (name, size) = zone.split_once(':').ok_or_else(invalid)?;
                let size = parse_size(size).filter(|_| !name.is_empty()).ok_or_else(invalid)?;
                if size < MIN_ZONE_SIZE {
                    let message = format!("session cache \"{}\" is too small", word.text);
                    return Err(directive.error_at(word, message));
                }
                let new = || (size, SessionCache::new(size.saturating_mul(SESSIONS_PER_MEGABYTE) >> 20));
                let (known, cache) = reader.http.session_caches.entry(name.to_owned()).or_insert_with(new);
                if *known != size {
                    let message = format!(
                        "the size {size} of shared memory zone \"{name}\" conflicts with already declared size {known}"
                    );
                    return Err(directive.error_at(word, message));
                }
                Some(cache.clone())
            }
            _ => return Err(invalid()),
        };
        reader.settings().tls.cache = Some(cache);
    }
    Ok(())
}

/// `ssl_session_timeout`.
fn session_timeout(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.settings().tls.timeout, directive, |directive| {
        parse_seconds(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))
    })
}
