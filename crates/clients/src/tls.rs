//! TLS of clients: the CAs to trust, and error messages that tell a problem with a certificate from one with routing.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use sha2::{Digest as _, Sha256};

use crate::ClientError;
use crate::own_authority::{OwnAuthority, is_of_authority};

/// The digest of the public key of the certificate that the peer has shown: SHA-256 in base64.
pub fn key_digest(tls: &rustls::ClientConnection) -> Option<String> {
    let certificate = ParsedCertificate::try_from(tls.peer_certificates()?.first()?).ok()?;
    let key = certificate.subject_public_key_info();
    Some(data_encoding::BASE64.encode(&Sha256::digest(key.as_ref())))
}

/// The CAs that a client trusts, and its own certificate.
#[derive(Debug, Default)]
pub struct Trust {
    /// Additional CA certificates, in PEM; those of the system are always trusted.
    pub authorities: Option<Vec<u8>>,
    /// The client's certificate, with its chain, and its key, in PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

impl Trust {
    /// TLS 1.2 and 1.3, offering these protocols by ALPN (RFC 7301).
    ///
    /// # Errors
    /// When a certificate or key is invalid, or there is no CA at all.
    pub fn config(&self, protocols: &[&str]) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        let known = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(known.certs);
        let mut named = Vec::new();
        if let Some(pem) = &self.authorities {
            named = certificates(pem).map_err(|why| format!("the CA file {why}"))?;
            for certificate in &named {
                roots
                    .add(certificate.clone())
                    .map_err(|error| format!("the CA file has an unusable certificate: {error}"))?;
            }
        }
        if roots.is_empty() {
            return Err(
                "this system has no CA certificates: install ca-certificates, or name a CA file".into()
            );
        }
        let usual =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
        let usual = usual.build().map_err(|error| format!("certificates cannot be verified: {error}"))?;
        let verifier = Arc::new(OwnAuthority::new(usual, named));
        let builder = builder()?.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain =
                    certificates(chain).map_err(|why| format!("the client certificate's file {why}"))?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|error| format!("the client key's file holds no key in PEM: {error}"))?;
                let with = builder.with_client_auth_cert(chain, key);
                with.map_err(|error| format!("the client certificate cannot be used: {error}"))?
            }
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

/// TLS that accepts any certificate: for proxies on this machine, which have certificates made for the run. Shared, as it
/// is not cheap to make.
///
/// # Errors
/// When the machine cannot do TLS at all.
pub(super) fn accepting_any_certificate() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let made = CONFIG.get_or_init(|| {
        let verifier = Arc::new(AcceptAnyCertificate(Arc::new(ring::default_provider())));
        let builder = builder()?.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Arc::new(builder.with_no_client_auth()))
    });
    made.clone()
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder.with_safe_default_protocol_versions().map_err(|error| format!("TLS cannot be spoken: {error}"))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("holds no certificate in PEM".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("is not PEM: {error}")),
    }
}

/// Explains why a handshake failed, and what to change.
pub(super) fn explain(error: &io::Error, name: &ServerName<'_>) -> ClientError {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return ClientError::Tls(format!(
            "TLS: the connection was closed during the handshake ({error}); does this port use TLS?"
        ));
    };
    let name = name.to_str();
    ClientError::Tls(match tls {
        Error::InvalidCertificate(why) => certificate_trouble(why, &name),
        Error::InvalidMessage(_) => "TLS: the server answers with something that is not TLS, as plain HTTP would be; its \
             `listen` for this port lacks `ssl`"
            .to_owned(),
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "TLS: the server requires a client certificate; name one with `client-certificate` and `client-key`"
                .to_owned()
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("TLS: the server does not know the name {name}; see its `server_name`")
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(_) => format!(
            "TLS: the server and this client have no version or cipher in common ({tls}); see `ssl_protocols` and \
             `ssl_ciphers`"
        ),
        other => format!("TLS: {other}"),
    })
}

fn certificate_trouble(why: &CertificateError, name: &str) -> String {
    let date = |time: &UnixTime| {
        let time = jiff::Timestamp::from_second(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        time.map_or_else(|_| "an unknown time".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
    };
    match why {
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "TLS: the server's certificate expired on {}; renew it, and reload the proxy so that it is served",
            date(not_after)
        ),
        CertificateError::Expired => {
            "TLS: the server's certificate has expired; renew it, and reload the proxy".to_owned()
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!(
                "TLS: the server's certificate is not valid before {}; is a clock wrong?",
                date(not_before)
            )
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            // Each as `DnsName("other.example.com")`.
            let names =
                presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect::<Vec<_>>();
            let names = match names[..] {
                [] => "no name at all (a common name alone counts for nothing: it needs a `subjectAltName`)".to_owned(),
                _ => names.join(", "),
            };
            format!(
                "TLS: the server's certificate is for {names}, not for {name}; see `ssl_certificate` and `server_name`"
            )
        }
        CertificateError::NotValidForName => {
            format!(
                "TLS: the server's certificate is not for {name}; see `ssl_certificate` and `server_name`"
            )
        }
        CertificateError::UnknownIssuer => {
            "TLS: the server's certificate was issued by an unknown CA; if that CA \
             is your own, name its certificate with `ca-file`; if not, `ssl_certificate` may lack the \
             intermediate certificates"
                .to_owned()
        }
        why if is_of_authority(why) => {
            "TLS: the server's certificate is one of an authority (CA:TRUE), as `openssl req -x509` makes it; if it is your \
             own, name this very certificate with `ca-file`"
                .to_owned()
        }
        CertificateError::Revoked => "TLS: the server's certificate has been revoked".to_owned(),
        other => format!("TLS: the server's certificate cannot be trusted: {other}"),
    }
}

/// Accepts any certificate, but still verifies that the peer has its key.
#[derive(Debug)]
struct AcceptAnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyCertificate {
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
