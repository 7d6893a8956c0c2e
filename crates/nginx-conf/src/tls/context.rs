//! The rustls configuration of a server.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::server::NoServerSessionStorage;
use rustls::sign::CertifiedKey;
use rustls::{Error, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};

use super::certificate::Certificates;
use super::client_certificate::{AskedFor, ClientCertificates};
use super::resumption::{self, ExpiringTickets, SessionCache};

/// The protocols offered by ALPN (RFC 7301), as by nginx without HTTP/2.
const PROTOCOLS: [&[u8]; 3] = [b"http/1.1", b"http/1.0", b"http/0.9"];

/// The `ssl_…` directives of a server.
#[derive(Debug)]
pub(crate) struct TlsSettings {
    /// `ssl_certificate` and `ssl_certificate_key`, in order.
    pub(crate) certificates: Vec<Arc<CertifiedKey>>,
    /// `ssl_protocols`, as far as they are supported.
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    /// `ssl_ciphers`, as far as they are supported, and those of TLS 1.3.
    pub(crate) suites: Vec<SupportedCipherSuite>,
    /// `ssl_ecdh_curve`, as far as they are supported.
    pub(crate) groups: Vec<&'static dyn SupportedKxGroup>,
    /// `ssl_prefer_server_ciphers`.
    pub(crate) prefer_server_ciphers: bool,
    /// How sessions are resumed.
    pub(crate) sessions: SessionSettings,
    /// `ssl_verify_client`.
    pub(crate) clients: Option<ClientCertificates>,
}

/// `ssl_session_…`.
#[derive(Debug)]
pub(crate) struct SessionSettings {
    /// `ssl_session_cache`; `None` for none.
    pub(crate) cache: Option<SessionCache>,
    /// `ssl_session_tickets`.
    pub(crate) tickets: bool,
    /// `ssl_session_timeout`.
    pub(crate) timeout: Duration,
}

/// The configuration for rustls.
///
/// # Errors
///
/// When there is no source of random numbers, or the versions and suites have nothing in common.
pub(crate) fn server_config(settings: TlsSettings) -> Result<ServerConfig, Error> {
    let TlsSettings { certificates, versions, suites, groups, prefer_server_ciphers, sessions, clients } =
        settings;
    let provider = CryptoProvider { cipher_suites: suites, kx_groups: groups, ..ring::default_provider() };
    let provider = Arc::new(provider);
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions)?;
    let builder = match clients {
        Some(ClientCertificates { names, .. }) => {
            builder.with_client_cert_verifier(Arc::new(AskedFor { provider, names }))
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(Certificates::new(certificates)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.ignore_client_order = prefer_server_ciphers;
    let SessionSettings { cache, tickets, timeout } = sessions;
    config.session_storage = match cache {
        Some(cache) => Arc::new(resumption::ExpiringSessions { cache, timeout }),
        None => Arc::new(NoServerSessionStorage {}),
    };
    if tickets {
        config.ticketer = Arc::new(ExpiringTickets::new(timeout)?);
    }
    Ok(config)
}
