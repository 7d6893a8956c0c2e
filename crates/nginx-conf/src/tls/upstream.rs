//! TLS to app servers: the rustls configuration of `proxy_pass https://…`.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedCipherSuite,
    SupportedProtocolVersion,
};

use super::Verification;

/// Sessions that are kept for all app servers of a level.
const MAX_SESSIONS: usize = 256;

/// How an app server is spoken to.
#[derive(Debug)]
pub struct UpstreamTls {
    /// For handshakes. It accepts any certificate; see `verification`.
    pub config: Arc<ClientConfig>,
    /// The same for HTTP/2, which is agreed upon by ALPN.
    pub http2_config: Arc<ClientConfig>,
    /// What the app server's certificate is verified by after the handshake, before anything is sent; `None` if it is not.
    pub verification: Option<Verification>,
}

/// The `proxy_ssl_…` directives in force.
pub(crate) struct UpstreamTlsSettings {
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    pub(crate) suites: Vec<SupportedCipherSuite>,
    /// `proxy_ssl_certificate`, with its key.
    pub(crate) certificate: Option<Arc<CertifiedKey>>,
    pub(crate) verification: Option<Verification>,
    pub(crate) session_reuse: bool,
}

impl UpstreamTls {
    /// # Errors
    ///
    /// When the versions and suites have nothing in common.
    pub(crate) fn new(settings: UpstreamTlsSettings) -> Result<UpstreamTls, Error> {
        let UpstreamTlsSettings { versions, suites, certificate, verification, session_reuse } = settings;
        let provider = Arc::new(CryptoProvider { cipher_suites: suites, ..ring::default_provider() });
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(VerifiedLater(provider)));
        let mut config = match certificate {
            Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
            None => builder.with_no_client_auth(),
        };
        config.resumption = match session_reuse {
            true => Resumption::in_memory_sessions(MAX_SESSIONS),
            false => Resumption::disabled(),
        };
        let mut http2_config = config.clone();
        http2_config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(UpstreamTls { config: Arc::new(config), http2_config: Arc::new(http2_config), verification })
    }
}

/// Accepts every certificate, but checks that the server has its key.
#[derive(Debug)]
struct VerifiedLater(Arc<CryptoProvider>);

impl ServerCertVerifier for VerifiedLater {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
