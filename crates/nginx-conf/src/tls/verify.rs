//! Whether an app server is who it should be: `proxy_ssl_verify`, after the handshake, as nginx does it.

use std::fmt;
use std::path::Path;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use webpki::{
    BorrowedCertRevocationList, CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage,
    RevocationCheckDepth, RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::certificate::CertificateError;
use super::host_name::has_name;
use crate::error::os_error;

/// What certificates of app servers are verified by.
#[derive(Debug)]
pub struct Verification {
    roots: RootCertStore,
    /// The certificates that are trusted, whole.
    trusted: Vec<CertificateDer<'static>>,
    crls: Vec<CertRevocationList<'static>>,
    depth: usize,
}

/// Why a certificate is not believed, in nginx's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationError {
    /// Nothing trusted leads to it, or it is no longer valid: OpenSSL's number and words.
    Certificate(u8, &'static str),
    /// It is that of another server.
    Name(String),
}

impl fmt::Display for VerificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerificationError::Certificate(code, words) => {
                write!(f, "upstream SSL certificate verify error: ({code}:{words})")
            }
            VerificationError::Name(name) => write!(f, "upstream SSL certificate does not match \"{name}\""),
        }
    }
}

impl Verification {
    /// Reads `proxy_ssl_trusted_certificate`. `depth` is `proxy_ssl_verify_depth`.
    pub(crate) fn load(trusted: &Path, depth: usize) -> Result<Verification, CertificateError> {
        let what = || format!("SSL_CTX_load_verify_locations(\"{}\")", trusted.display());
        let text = std::fs::read(trusted).map_err(|error| CertificateError::new(what(), os_error(&error)))?;
        let trusted: Vec<_> = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
        let mut roots = RootCertStore::empty();
        match roots.add_parsable_certificates(trusted.iter().cloned()) {
            (0, _) => Err(CertificateError::new(what(), "no certificate in it")),
            _ => Ok(Verification { roots, trusted, crls: Vec::new(), depth }),
        }
    }

    /// Reads `proxy_ssl_crl`.
    pub(crate) fn with_crl(mut self, path: &Path) -> Result<Verification, CertificateError> {
        let what = || format!("X509_LOOKUP_load_file(\"{}\")", path.display());
        let wrong = |why: &dyn fmt::Display| CertificateError::new(what(), why);
        let text = std::fs::read(path).map_err(|error| wrong(&os_error(&error)))?;
        for list in CertificateRevocationListDer::pem_slice_iter(&text).filter_map(Result::ok) {
            let list = BorrowedCertRevocationList::from_der(&list).and_then(|list| list.to_owned());
            self.crls.push(list.map_err(|error| wrong(&error))?.into());
        }
        if self.crls.is_empty() { Err(wrong(&"no CRL in it")) } else { Ok(self) }
    }

    /// Verifies the certificates of a server, its own first, which must be that of `name`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn verify(&self, chain: &[CertificateDer<'_>], name: &str) -> Result<(), VerificationError> {
        let Some((own, others)) = chain.split_first() else {
            return Err(VerificationError::Certificate(2, "unable to get issuer certificate"));
        };
        let certificate = EndEntityCert::try_from(own).map_err(|_| UNREADABLE)?;
        let algorithms = ring::default_provider().signature_verification_algorithms;
        let crls: Vec<&CertRevocationList<'_>> = self.crls.iter().collect();
        let verified = certificate.verify_for_usage(
            algorithms.all,
            &self.roots.roots,
            others,
            UnixTime::now(),
            KeyUsage::server_auth(),
            revocation(&crls),
            None,
        );
        match verified {
            Ok(path) if path.intermediate_certificates().count() > self.depth => {
                // OpenSSL looks no further, and so finds nobody that is trusted.
                return Err(NO_ISSUER);
            }
            Ok(_) => {}
            // A certificate that a server has signed itself, as `openssl req -x509` makes it, and that is trusted as it is.
            Err(Error::CaUsedAsEndEntity) if self.trusted.iter().any(|trusted| trusted == own) => {}
            Err(error) => return Err(in_words(&error, &certificate, others)),
        }
        match has_name(&certificate, name) {
            true => Ok(()),
            false => Err(VerificationError::Name(name.to_owned())),
        }
    }
}

/// Each certificate must be one that a list says something about, as with OpenSSL's `CRL_CHECK_ALL`.
fn revocation<'a>(crls: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(crls).ok()?;
    let options = options
        .with_depth(RevocationCheckDepth::Chain)
        .with_status_policy(UnknownStatusPolicy::Deny)
        .with_expiration_policy(ExpirationPolicy::Enforce);
    Some(options.build())
}

const NO_ISSUER: VerificationError =
    VerificationError::Certificate(20, "unable to get local issuer certificate");

const UNREADABLE: VerificationError =
    VerificationError::Certificate(13, "format error in certificate's notBefore field");

/// OpenSSL's number and words for it, of several errors those of the last, as nginx lets the verification go on.
fn in_words(
    error: &Error,
    certificate: &EndEntityCert<'_>,
    others: &[CertificateDer<'_>],
) -> VerificationError {
    let is_self_signed = || certificate.issuer() == certificate.subject();
    let has_issuer = || {
        let mut others = others.iter().filter_map(|other| EndEntityCert::try_from(other).ok());
        others.any(|other| other.subject() == certificate.issuer())
    };
    let (code, words) = match error {
        Error::UnknownIssuer | Error::CaUsedAsEndEntity if is_self_signed() => {
            (18, "self-signed certificate")
        }
        Error::UnknownIssuer if has_issuer() => return NO_ISSUER,
        Error::UnknownIssuer => (21, "unable to verify the first certificate"),
        Error::CertNotValidYet { .. } => (9, "certificate is not yet valid"),
        Error::CertExpired { .. } | Error::InvalidCertValidity => (10, "certificate has expired"),
        Error::CertRevoked => (23, "certificate revoked"),
        Error::UnknownRevocationStatus => (3, "unable to get certificate CRL"),
        Error::CrlExpired { .. } => (12, "CRL has expired"),
        Error::InvalidSignatureForPublicKey => (7, "certificate signature failure"),
        Error::EndEntityUsedAsCa | Error::CaUsedAsEndEntity => (24, "invalid CA certificate"),
        Error::PathLenConstraintViolated => (25, "path length constraint exceeded"),
        Error::RequiredEkuNotFoundContext(_) => (26, "unsuitable certificate purpose"),
        Error::NameConstraintViolation => (47, "permitted subtree violation"),
        Error::UnsupportedCriticalExtension => (34, "unhandled critical extension"),
        Error::MaximumPathDepthExceeded => (22, "certificate chain too long"),
        Error::UnsupportedCertVersion => (1, "a version of X.509 that is not supported here"),
        _ => (1, "unspecified certificate verification error"),
    };
    VerificationError::Certificate(code, words)
}
