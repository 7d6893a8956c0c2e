//! `ssl_…`: read here, put together when all levels are known.

use std::collections::HashMap;
use std::time::Duration;

use crate::error::ConfigError;
use crate::input::Directive;
use crate::read::Reader;
use crate::read::values::{flag, invalid_value, not_here, once, parse_number, parse_seconds, parse_size};
use crate::tls::{Cache, Version};

/// What the `ssl_…` directives of a level say.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct Tls {
    pub certificates: Vec<Written>,
    pub keys: Vec<Written>,
    pub protocols: Option<Protocols>,
    pub ciphers: Option<Written>,
    pub prefer_server_ciphers: Option<bool>,
    pub curves: Option<Written>,
    pub dhparam: Option<Written>,
    pub trusted: Option<Written>,
    /// `ssl_session_cache`; `Some(None)` for `off` and `none`.
    pub cache: Option<Option<Cache>>,
    pub tickets: Option<bool>,
    pub timeout: Option<Duration>,
    pub reject_handshake: Option<bool>,
    pub stapling: Option<bool>,
    pub stapling_verify: Option<bool>,
    pub buffer_size: Option<usize>,
    pub http2: Option<bool>,
}

/// A word whose worth shows later.
#[derive(Debug)]
pub(crate) struct Written {
    /// The word.
    pub text: String,
    /// An error about it that says nothing yet.
    pub wrong: ConfigError,
}

/// `ssl_protocols`.
#[derive(Debug)]
pub(crate) struct Protocols {
    /// Their names.
    pub names: Vec<String>,
    /// An error about them that says nothing yet.
    pub wrong: ConfigError,
}

/// The zones of `ssl_session_cache shared:…`: size in bytes and sessions, by name.
pub(crate) type Zones = HashMap<String, (usize, Cache)>;

/// Sessions that nginx's documentation promises for a megabyte.
const SESSIONS_PER_MEGABYTE: usize = 4000;
/// Sessions of a `builtin` cache without a size.
const BUILTIN_SESSIONS: usize = 20_480;
/// The smallest zone: eight pages of memory.
const SMALLEST_ZONE: usize = 8 * 4096;

/// A word to be looked at later.
pub(crate) fn written(directive: &Directive) -> Result<Written, ConfigError> {
    let word = directive.argument(0);
    Ok(Written { text: word.text.clone(), wrong: directive.error_at(word, "") })
}

/// `ssl_certificate` and `ssl_certificate_key`.
pub(crate) fn certificate(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let text = &directive.argument(0).text;
    let foreign = [("data:", "\"data:\""), ("engine:", "\"engine:\""), ("store:", "\"store:\"")];
    if let Some((_, what)) = foreign.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        return Err(not_here(directive, 0, what));
    }
    if text.contains('$') {
        return Err(not_here(directive, 0, "a variable"));
    }
    let file = written(directive)?;
    let tls = &mut reader.raw().tls;
    if directive.name() == "ssl_certificate" { &mut tls.certificates } else { &mut tls.keys }.push(file);
    Ok(())
}

/// `ssl_protocols`; written twice, it adds up.
pub(crate) fn protocols(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let wrong = directive.error_at(directive.argument(0), "");
    let mut names = reader.raw().tls.protocols.take().map(|earlier| earlier.names).unwrap_or_default();
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
    reader.raw().tls.protocols = Some(Protocols { names, wrong });
    Ok(())
}

/// `ssl_session_cache`.
pub(crate) fn session_cache(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    for word in directive.arguments() {
        let invalid = || directive.error_at(word, format!("invalid session cache \"{}\"", word.text));
        let cache = match word.text.split_once(':') {
            None if matches!(word.text.as_str(), "off" | "none") => None,
            None if word.text == "builtin" => Some(Cache::new(BUILTIN_SESSIONS)),
            Some(("builtin", count)) => {
                let count = parse_number(count).and_then(|count| usize::try_from(count).ok());
                Some(Cache::new(count.ok_or_else(invalid)?))
            }
            Some(("shared", zone)) => {
                let (name, size) = zone.split_once(':').ok_or_else(invalid)?;
                let size = parse_size(size).filter(|_| !name.is_empty()).ok_or_else(invalid)?;
                if size < SMALLEST_ZONE {
                    let message = format!("session cache \"{}\" is too small", word.text);
                    return Err(directive.error_at(word, message));
                }
                let new = || (size, Cache::new(size.saturating_mul(SESSIONS_PER_MEGABYTE) >> 20));
                let (known, cache) = reader.http.zones.entry(name.to_owned()).or_insert_with(new);
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
        reader.raw().tls.cache = Some(cache);
    }
    Ok(())
}

/// `ssl_session_timeout`.
pub(crate) fn session_timeout(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.raw().tls.timeout, directive, |directive| {
        parse_seconds(&directive.argument(0).text).ok_or_else(|| invalid_value(directive, 0))
    })
}

/// `http2`.
pub(crate) fn http2(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    once(&mut reader.raw().tls.http2, directive, flag)?;
    if reader.raw().tls.http2 == Some(true) {
        let message = "\"http2\" directive has no effect, HTTP/2 is not spoken here";
        reader.warn(&directive.error_at(directive.argument(0), message));
    }
    Ok(())
}
