//! The TLS of each server, from its own directives and those of `http`.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::SupportedKxGroup;
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, version};

use crate::error::ConfigError;
use crate::model::{ServerTls, VerifyClient};
use crate::read::draft::ListenAddresses;
use crate::read::draft::ServerDraft;
use crate::read::draft::{DeferredWord, Protocols, SslSettings};
use crate::read::draft::{Level, LevelId};
use crate::read::reader::Reader;
use crate::tls::{
    self, CertificateError, Cipher, ClientCertificates, Curve, SessionSettings, TlsSettings, Verification,
    Version,
};

/// nginx's default for `ssl_session_timeout`.
const SESSION_TIMEOUT: Duration = Duration::from_secs(300);

/// How a server answers TLS handshakes.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    /// What it needs for a handshake, where it names a certificate.
    pub(super) tls: Option<ServerTls>,
    /// `ssl_reject_handshake`.
    pub(super) rejects_handshake: bool,
    /// `ssl_verify_client`.
    pub(super) verify_client: VerifyClient,
}

impl Handshake {
    fn accepts_or_rejects(&self) -> bool {
        self.tls.is_some() || self.rejects_handshake
    }
}

/// The TLS of each server. Files are read, and must be right, even where nobody listens with TLS.
pub(super) fn server_tls(
    reader: &Reader,
    levels: &[Level],
    servers: &[ServerDraft],
) -> Result<Vec<Handshake>, ConfigError> {
    let of = |level: LevelId| levels.get(level.0).map(|level| &level.settings.tls);
    let handshake = |server: &ServerDraft| match (of(server.level), of(LevelId::HTTP)) {
        (Some(server), Some(http)) => {
            let settings = EffectiveSettings { server, http };
            let rejects_handshake = settings.one(|tls| tls.reject_handshake).unwrap_or(false);
            let verify_client = settings.verify_client().map(|(mode, _)| *mode).unwrap_or_default();
            Ok(Handshake { tls: server_config(reader, &settings)?, rejects_handshake, verify_client })
        }
        _ => Ok(Handshake::default()),
    };
    servers.iter().map(handshake).collect()
}

/// Applies `ssl on` of the default server of each address. A server that has it needs a certificate.
pub(super) fn switch_on(
    listens: &mut ListenAddresses,
    levels: &[Level],
    servers: &[ServerDraft],
    server_tls: &[Handshake],
) -> Result<(), ConfigError> {
    let of = |level: LevelId| levels.get(level.0).and_then(|level| level.settings.tls.on.as_ref());
    let switched_on = |server: &ServerDraft| of(server.level).or(of(LevelId::HTTP)).filter(|(on, _)| *on);
    for (server, handshake) in servers.iter().zip(server_tls) {
        if let (Some((_, place)), false) = (switched_on(server), handshake.accepts_or_rejects()) {
            let message = "no \"ssl_certificate\" is defined for the \"ssl\" directive";
            return Err(place.clone().with_message(message));
        }
    }
    for address in &mut listens.addresses {
        let default = address.default_server.or(address.servers.first().copied()).unwrap_or(0);
        address.tls |= servers.get(default).and_then(switched_on).is_some();
    }
    Ok(())
}

/// An address with TLS needs a certificate for those who name no server; where those are turned away, every other server
/// needs one of its own.
pub(super) fn check(
    listens: &ListenAddresses,
    servers: &[ServerDraft],
    server_tls: &[Handshake],
) -> Result<(), ConfigError> {
    for address in listens.addresses.iter().filter(|address| address.tls) {
        let default = address.default_server.or(address.servers.first().copied()).unwrap_or(0);
        let has_certificate = server_tls.get(default).is_some_and(|handshake| handshake.tls.is_some());
        let rest: &[usize] = if has_certificate { &[] } else { &address.servers };
        for &index in [default].iter().chain(rest) {
            if let (Some(handshake), Some(server)) = (server_tls.get(index), servers.get(index))
                && !handshake.accepts_or_rejects()
            {
                let message = "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive";
                return Err(server.error.clone().with_message(message));
            }
        }
    }
    Ok(())
}

/// What is in force in a server.
struct EffectiveSettings<'a> {
    server: &'a SslSettings,
    http: &'a SslSettings,
}

impl<'a> EffectiveSettings<'a> {
    fn one<T>(&self, value: impl Fn(&'a SslSettings) -> Option<T>) -> Option<T> {
        value(self.server).or_else(|| value(self.http))
    }

    fn verify_client(&self) -> Option<&'a (VerifyClient, ConfigError)> {
        self.one(|tls| tls.verify_client.as_ref())
    }

    fn list(&self, value: impl Fn(&'a SslSettings) -> &'a [DeferredWord]) -> &'a [DeferredWord] {
        let own = value(self.server);
        if own.is_empty() { value(self.http) } else { own }
    }
}

fn server_config(
    reader: &Reader,
    settings: &EffectiveSettings<'_>,
) -> Result<Option<ServerTls>, ConfigError> {
    let written = settings.list(|tls| &tls.certificates);
    let Some(first) = written.first() else { return Ok(None) };
    let tls_settings = TlsSettings {
        certificates: certificates(reader, written, settings.list(|tls| &tls.keys))?,
        versions: versions(settings.one(|tls| tls.protocols.as_ref()), "ssl_protocols")?,
        suites: suites(settings.one(|tls| tls.ciphers.as_ref()))?,
        groups: groups(settings.one(|tls| tls.curves.as_ref()))?,
        prefer_server_ciphers: settings.one(|tls| tls.prefer_server_ciphers).unwrap_or(false),
        sessions: SessionSettings {
            cache: settings.one(|tls| tls.cache.clone()).flatten(),
            tickets: settings.one(|tls| tls.tickets).unwrap_or(true),
            timeout: settings.one(|tls| tls.timeout).unwrap_or(SESSION_TIMEOUT),
        },
        clients: clients(reader, settings)?,
    };
    if let Some(file) = settings.one(|tls| tls.dhparam.as_ref()) {
        tls::check_dhparam(&reader.path_beside_the_file(&file.text))
            .map_err(|error| certificate_error(file, &error))?;
    }
    let failed = |error| first.error.clone().with_message(format!("SSL_CTX_new() failed (SSL: {error})"));
    let clients = tls_settings.clients.as_ref().map(|clients| Arc::clone(&clients.verification));
    let config = tls::server_config(tls_settings).map_err(failed)?;
    Ok(Some(ServerTls { clients, ..with_and_without_http2(config) }))
}

/// What certificates of clients are verified by, if they are asked for one. All files must be right even if not.
fn clients(
    reader: &Reader,
    settings: &EffectiveSettings<'_>,
) -> Result<Option<ClientCertificates>, ConfigError> {
    let written = |file: Option<&'_ DeferredWord>| file.filter(|file| !file.text.is_empty()).cloned();
    let trusted = written(settings.one(|tls| tls.trusted.as_ref()));
    let (mode, place) = match settings.verify_client() {
        Some((mode, place)) => (*mode, Some(place)),
        None => (VerifyClient::Off, None),
    };
    let named =
        written(settings.one(|tls| tls.client_certificate.as_ref())).filter(|_| mode != VerifyClient::Off);
    let is_enough = trusted.is_some() && !reader.is_before(27, 4);
    if let (VerifyClient::On | VerifyClient::Optional, None, false, Some(place)) =
        (mode, &named, is_enough, place)
    {
        let message = match reader.is_from(27, 4) {
            true => "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client",
            false => "no ssl_client_certificate for ssl_verify_client",
        };
        return Err(place.clone().with_message(message));
    }
    let mut verification = Verification::new(settings.one(|tls| tls.verify_depth).unwrap_or(1));
    let mut names = Vec::new();
    let path = |file: &DeferredWord| reader.path_beside_the_file(&file.text);
    if let Some(file) = &named {
        let add = verification.add_trusted(&path(file));
        names = add.map_err(|error| certificate_error(file, &error))?;
    }
    if let Some(file) = &trusted {
        verification.add_trusted(&path(file)).map_err(|error| certificate_error(file, &error))?;
    }
    if let Some(file) = written(settings.one(|tls| tls.crl.as_ref())) {
        verification.add_crl(&path(&file)).map_err(|error| certificate_error(&file, &error))?;
    }
    Ok((mode != VerifyClient::Off)
        .then(|| ClientCertificates { verification: Arc::new(verification), names }))
}

/// Both share their sessions.
fn with_and_without_http2(config: ServerConfig) -> ServerTls {
    let mut http2 = config.clone();
    http2.alpn_protocols.insert(0, b"h2".to_vec());
    ServerTls { http1: Arc::new(config), http2: Arc::new(http2), clients: None }
}

fn certificates(
    reader: &Reader,
    certificates: &[DeferredWord],
    keys: &[DeferredWord],
) -> Result<Vec<Arc<CertifiedKey>>, ConfigError> {
    if let (true, Some(last)) = (keys.len() < certificates.len(), certificates.last()) {
        let message = format!("no \"ssl_certificate_key\" is defined for certificate \"{}\"", last.text);
        return Err(last.error.clone().with_message(message));
    }
    let load = |(certificate, key): (&DeferredWord, &DeferredWord)| {
        let path = |file: &DeferredWord| reader.path_beside_the_file(&file.text);
        tls::certified_key(&path(certificate), &path(key))
            .map_err(|error| certificate_error(if error.is_about_key { key } else { certificate }, &error))
    };
    certificates.iter().zip(keys).map(load).collect()
}

pub(super) fn certificate_error(file: &DeferredWord, error: &CertificateError) -> ConfigError {
    let said = file.error.clone().with_message(error.to_string());
    match error.help {
        Some(help) => said.help(help),
        None => said,
    }
}

/// What `directive` names.
pub(super) fn versions(
    written: Option<&Protocols>,
    directive: &str,
) -> Result<Vec<&'static SupportedProtocolVersion>, ConfigError> {
    let Some(written) = written else { return Ok(vec![&version::TLS12, &version::TLS13]) };
    let named = Version::ALL.iter().filter(|version| written.names.iter().any(|name| name == version.name));
    let versions: Vec<_> = named.filter_map(|version| version.version).collect();
    match versions.is_empty() {
        true => Err(written
            .error
            .clone()
            .with_message(format!("no version in \"{directive}\" is spoken here"))
            .help("TLSv1.2 and TLSv1.3 are")),
        false => Ok(versions),
    }
}

/// Those that are named, in their order. A class lets all of ours follow, as it is not known here what is in it.
pub(super) fn suites(written: Option<&DeferredWord>) -> Result<Vec<SupportedCipherSuite>, ConfigError> {
    let words: Vec<&str> =
        written.map_or_else(|| vec!["HIGH"], |list| list.text.split([':', ',', ' ']).collect());
    let mut chosen: Vec<&Cipher> =
        words.iter().filter_map(|word| Cipher::ALL.iter().find(|cipher| cipher.name == *word)).collect();
    chosen.retain(|cipher| !cipher.is_tls13);
    if words.iter().any(|word| tls::is_class(word)) {
        // Those that were named are there twice: the first time counts.
        chosen.extend(Cipher::ALL.iter().filter(|cipher| !cipher.is_tls13));
    }
    if let (true, Some(list)) = (chosen.is_empty(), written) {
        let message = format!("SSL_CTX_set_cipher_list(\"{}\") failed (SSL: no cipher match)", list.text);
        let names: Vec<&str> =
            Cipher::ALL.iter().filter(|cipher| !cipher.is_tls13).map(|cipher| cipher.name).collect();
        return Err(list
            .error
            .clone()
            .with_message(message)
            .help(format!("spoken here: {}", names.join(":"))));
    }
    let is_tls13 = Cipher::ALL.iter().filter(|cipher| cipher.is_tls13);
    Ok(is_tls13.chain(chosen).map(|cipher| cipher.suite).collect())
}

fn groups(written: Option<&DeferredWord>) -> Result<Vec<&'static dyn SupportedKxGroup>, ConfigError> {
    let all = || Curve::ALL.iter().map(|curve| curve.group).collect();
    let Some(list) = written.filter(|list| list.text != "auto") else { return Ok(all()) };
    let named =
        list.text.split(':').filter_map(|name| Curve::ALL.iter().find(|curve| curve.names.contains(&name)));
    let groups: Vec<_> = named.map(|curve| curve.group).collect();
    match groups.is_empty() {
        true => {
            let message = format!("SSL_CTX_set1_curves_list(\"{}\") failed (SSL: no group match)", list.text);
            Err(list.error.clone().with_message(message).help("spoken here: X25519:prime256v1:secp384r1"))
        }
        false => Ok(groups),
    }
}
