//! Certificates that are their own authority, as `openssl req -x509` makes them: `basicConstraints` says `CA:TRUE`, and no
//! server may use one such (RFC 5280 §4.2.1.9). Where a CA file has the very certificate, it is trusted nevertheless, as
//! OpenSSL and browsers do.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Verifies certificates as usual, and those that are their own authority by being named.
#[derive(Debug)]
pub(super) struct OwnAuthority {
    usual: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl OwnAuthority {
    /// Trusts those in `named` to be servers, too.
    pub(super) fn new(usual: Arc<WebPkiServerVerifier>, named: Vec<CertificateDer<'static>>) -> OwnAuthority {
        OwnAuthority { usual, named }
    }
}

/// Whether a server has the certificate of an authority. It was looked at only after the time was found to be right.
pub(super) fn is_of_authority(why: &CertificateError) -> bool {
    let CertificateError::Other(why) = why else { return false };
    why.0.downcast_ref::<webpki::Error>().is_some_and(|why| matches!(why, webpki::Error::CaUsedAsEndEntity))
}

impl ServerCertVerifier for OwnAuthority {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.usual.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(why))
                if is_of_authority(&why) && self.named.iter().any(|named| named == certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
