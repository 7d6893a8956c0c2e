//! Certificates and keys from PEM files (RFC 7468).

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::error::os_error;

/// Why a file cannot be used: nginx's message, with a reason of ours in place of OpenSSL's.
#[derive(Debug)]
pub(crate) struct CertificateError {
    /// The part of the message before OpenSSL's reason.
    what: String,
    why: String,
    /// What to do about it.
    pub(crate) help: Option<&'static str>,
    /// Whether the file is the key's, not the certificate's.
    pub(crate) is_about_key: bool,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed (SSL: {})", self.what, self.why)
    }
}

impl CertificateError {
    pub(super) fn new(what: String, why: impl fmt::Display) -> CertificateError {
        CertificateError { what, why: why.to_string(), help: None, is_about_key: false }
    }

    fn about_key(self) -> CertificateError {
        CertificateError { is_about_key: true, ..self }
    }

    fn help(self, help: &'static str) -> CertificateError {
        CertificateError { help: Some(help), ..self }
    }
}

/// Loads a certificate chain and its private key.
pub(crate) fn certified_key(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let chain = chain(certificate)?;
    let secret = private_key(key).map_err(CertificateError::about_key)?;
    let wrong = |why: &dyn fmt::Display| {
        CertificateError::new(format!("SSL_CTX_use_PrivateKey(\"{}\")", key.display()), why).about_key()
    };
    CertifiedKey::from_der(chain, secret, &ring::default_provider()).map(Arc::new).map_err(|error| {
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => wrong(&"key values mismatch")
                .help("the key belongs to another certificate; were both renewed, and is the server's own certificate the first in its file?"),
            Error::InvalidCertificate(error) => CertificateError::new(
                format!("cannot load certificate \"{}\": PEM_read_bio_X509_AUX()", certificate.display()),
                format_args!("{error:?}"),
            ),
            error => wrong(&error)
                .help("keys may be RSA from 2048 to 8192 bits, ECDSA on P-256 or P-384, or Ed25519"),
        }
    })
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let what = |call| format!("cannot load certificate \"{}\": {call}()", path.display());
    let text =
        std::fs::read(path).map_err(|error| CertificateError::new(what("BIO_new_file"), os_error(&error)))?;
    let malformed = |why: &dyn fmt::Display| CertificateError::new(what("PEM_read_bio_X509_AUX"), why);
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(malformed(&"no certificate in it")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(malformed(&words(&error))),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let what = |call| format!("cannot load certificate key \"{}\": {call}()", path.display());
    let text =
        std::fs::read(path).map_err(|error| CertificateError::new(what("BIO_new_file"), os_error(&error)))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let encrypted = text.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
        let call = what("PEM_read_bio_PrivateKey");
        match error {
            pem::Error::NoItemsFound if encrypted => CertificateError::new(call, "it is encrypted")
                .help("`openssl pkey -in KEY -out PLAIN` takes the passphrase off; ssl_password_file is not supported here"),
            pem::Error::NoItemsFound => CertificateError::new(call, "no private key in it"),
            error => CertificateError::new(call, words(&error)),
        }
    })
}

/// What is wrong with a PEM file, in OpenSSL's words.
fn words(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "no end line",
        pem::Error::IllegalSectionStart { .. } => "bad start line",
        pem::Error::Base64Decode(_) => "bad base64 decode",
        _ => "bad PEM",
    }
}

const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// `ssl_dhparam`: the file must be what nginx would load, though nobody uses it here.
pub(crate) fn check_dhparam(path: &Path) -> Result<(), CertificateError> {
    let what = |call: &str| format!("{call}(\"{}\")", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error: io::Error| CertificateError::new(what("BIO_new_file"), os_error(&error)))?;
    match text.contains("-----BEGIN DH PARAMETERS-----") {
        true => Ok(()),
        false => Err(CertificateError::new(what("PEM_read_bio_DHparams"), "no DH PARAMETERS in it")),
    }
}

/// The certificates of a server, of which a client is shown the first whose signature it can check.
#[derive(Debug)]
pub(super) struct Certificates(Vec<Arc<CertifiedKey>>);

impl Certificates {
    /// These, but of each kind of key the last only, as OpenSSL has it.
    pub(super) fn new(all: Vec<Arc<CertifiedKey>>) -> Certificates {
        let mut kept: Vec<Arc<CertifiedKey>> = Vec::new();
        for pair in all {
            match kept.iter_mut().find(|known| known.key.algorithm() == pair.key.algorithm()) {
                Some(known) => *known = pair,
                None => kept.push(pair),
            }
        }
        Certificates(kept)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let suits = |pair: &&Arc<CertifiedKey>| pair.key.choose_scheme(client.signature_schemes()).is_some();
        self.0.iter().find(suits).or(self.0.first()).cloned()
    }
}
