//! Whether an app server is who it should be (`proxy_ssl_verify`), or a client anybody who is known (`ssl_verify_client`), after
//! the handshake, as nginx does it.

use std::fmt;
use std::path::Path;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::{DistinguishedName, RootCertStore};
use webpki::{
    BorrowedCertRevocationList, CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage,
    RevocationCheckDepth, RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::certificate::CertificateError;
use super::host_name::has_name;
use crate::error::os_error;

/// What certificates are verified by.
#[derive(Debug)]
pub struct Verification {
    roots: RootCertStore,
    /// The certificates that are trusted, whole.
    trusted: Vec<CertificateDer<'static>>,
    crls: Vec<CertRevocationList<'static>>,
    depth: usize,
}

/// What is wrong with a certificate: OpenSSL's number and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateFault(u8, &'static str);

/// Why the certificate of an app server is not believed, in nginx's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationError {
    /// Nothing trusted leads to it, or it is no longer valid.
    Certificate(CertificateFault),
    /// It is that of another server.
    Name(String),
}

impl CertificateFault {
    /// In words alone.
    pub fn words(self) -> &'static str {
        self.1
    }

    /// Whether it is only that nobody knows who has issued it: `ngx_ssl_verify_error_optional`.
    pub fn is_about_issuer(self) -> bool {
        matches!(self.0, 18..=21 | 27)
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}:{})", self.0, self.1)
    }
}

impl From<CertificateFault> for VerificationError {
    fn from(fault: CertificateFault) -> VerificationError {
        VerificationError::Certificate(fault)
    }
}

impl fmt::Display for VerificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerificationError::Certificate(fault) => {
                write!(f, "upstream SSL certificate verify error: {fault}")
            }
            VerificationError::Name(name) => write!(f, "upstream SSL certificate does not match \"{name}\""),
        }
    }
}

impl Verification {
    /// Nobody is trusted yet. `depth` is `proxy_ssl_verify_depth` or `ssl_verify_depth`.
    pub(crate) fn new(depth: usize) -> Verification {
        Verification { roots: RootCertStore::empty(), trusted: Vec::new(), crls: Vec::new(), depth }
    }

    /// Reads `proxy_ssl_trusted_certificate`, `ssl_client_certificate` or `ssl_trusted_certificate`, and returns the names
    /// of those that are trusted.
    pub(crate) fn add_trusted(&mut self, path: &Path) -> Result<Vec<DistinguishedName>, CertificateError> {
        let what = || format!("SSL_CTX_load_verify_locations(\"{}\")", path.display());
        let text = std::fs::read(path).map_err(|error| CertificateError::new(what(), os_error(&error)))?;
        let trusted: Vec<_> = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
        let mut roots = RootCertStore::empty();
        if roots.add_parsable_certificates(trusted.iter().cloned()).0 == 0 {
            return Err(CertificateError::new(what(), "no certificate in it"));
        }
        let names = roots.subjects();
        self.roots.extend(roots.roots);
        self.trusted.extend(trusted);
        Ok(names)
    }

    /// Reads `proxy_ssl_crl` or `ssl_crl`.
    pub(crate) fn add_crl(&mut self, path: &Path) -> Result<(), CertificateError> {
        let what = || format!("X509_LOOKUP_load_file(\"{}\")", path.display());
        let wrong = |why: &dyn fmt::Display| CertificateError::new(what(), why);
        let text = std::fs::read(path).map_err(|error| wrong(&os_error(&error)))?;
        let before = self.crls.len();
        for list in CertificateRevocationListDer::pem_slice_iter(&text).filter_map(Result::ok) {
            let list = BorrowedCertRevocationList::from_der(&list).and_then(|list| list.to_owned());
            self.crls.push(list.map_err(|error| wrong(&error))?.into());
        }
        if self.crls.len() == before { Err(wrong(&"no CRL in it")) } else { Ok(()) }
    }

    /// Verifies the certificates of a client, its own first.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn verify_client(&self, chain: &[CertificateDer<'_>]) -> Result<(), CertificateFault> {
        self.verify_chain(chain, KeyUsage::client_auth()).map(drop)
    }

    /// Verifies the certificates of a server, its own first, which must be that of `name`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn verify(&self, chain: &[CertificateDer<'_>], name: &str) -> Result<(), VerificationError> {
        let certificate = self.verify_chain(chain, KeyUsage::server_auth())?;
        match has_name(&certificate, name) {
            true => Ok(()),
            false => Err(VerificationError::Name(name.to_owned())),
        }
    }

    fn verify_chain<'a>(
        &self,
        chain: &'a [CertificateDer<'_>],
        usage: KeyUsage,
    ) -> Result<EndEntityCert<'a>, CertificateFault> {
        let Some((own, others)) = chain.split_first() else {
            return Err(CertificateFault(2, "unable to get issuer certificate"));
        };
        let certificate = EndEntityCert::try_from(own).map_err(|_| UNREADABLE)?;
        let algorithms = ring::default_provider().signature_verification_algorithms;
        let crls: Vec<&CertRevocationList<'_>> = self.crls.iter().collect();
        let verified = certificate.verify_for_usage(
            algorithms.all,
            &self.roots.roots,
            others,
            UnixTime::now(),
            usage,
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
            // OpenSSL goes on, and finds no list of those who have issued it.
            Err(Error::UnknownIssuer | Error::CaUsedAsEndEntity) if !crls.is_empty() => return Err(NO_CRL),
            Err(error) => return Err(in_words(&error, &certificate, others)),
        }
        Ok(certificate)
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

const NO_ISSUER: CertificateFault = CertificateFault(20, "unable to get local issuer certificate");

const NO_CRL: CertificateFault = CertificateFault(3, "unable to get certificate CRL");

const UNREADABLE: CertificateFault = CertificateFault(13, "format error in certificate's notBefore field");

/// OpenSSL's number and words for it, of several errors those of the last, as nginx lets the verification go on.
fn in_words(
    error: &Error,
    certificate: &EndEntityCert<'_>,
    others: &[CertificateDer<'_>],
) -> CertificateFault {
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
        Error::UnknownRevocationStatus => return NO_CRL,
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
    CertificateFault(code, words)
}
