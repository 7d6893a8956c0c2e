//! TLS of the app servers of a run: certificates of an issuer that is made for it, for whatever name they are asked by.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The most names in one certificate, and the most certificates for names that were asked for.
const MAX_NAMES: usize = 500;

/// Names that are asked for whatever the configuration is.
const USUAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "www.hopcheck.test"];

/// The certificate of the issuer, in PEM, for `proxy_ssl_trusted_certificate`.
pub(super) fn issuer_certificate() -> Option<String> {
    issuer().map(|issuer| issuer.pem())
}

/// For app servers that go by these names.
///
/// # Errors
/// When no certificate can be made.
pub(crate) fn app_server_tls(names: &BTreeSet<String>) -> io::Result<Arc<ServerConfig>> {
    let certificates = Certificates {
        usual: issue(names.iter().map(String::as_str).chain(USUAL_NAMES))?,
        by_name: Mutex::default(),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    // `proxy_http_version 2` asks for the first.
    config.alpn_protocols = [b"h2".to_vec(), b"http/1.1".to_vec()].into();
    Ok(Arc::new(config))
}

/// The certificates of the app servers.
#[derive(Debug)]
struct Certificates {
    /// For who asks for no name.
    usual: Arc<CertifiedKey>,
    by_name: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = client.server_name() else { return Some(Arc::clone(&self.usual)) };
        let mut known = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        if let Some(certificate) = known.get(name) {
            return Some(Arc::clone(certificate));
        }
        let certificate = issue([name].into_iter()).ok()?;
        known.insert(name.to_owned(), Arc::clone(&certificate));
        Some(certificate)
    }
}

/// A certificate for these names. What can be none is left out.
fn issue<'n>(names: impl Iterator<Item = &'n str>) -> io::Result<Arc<CertifiedKey>> {
    let issuer = issuer().ok_or_else(|| io::Error::other("no certificates could be made for this run"))?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "an app server of hopcheck");
    let names = names.filter_map(|name| name.try_into().ok().map(SanType::DnsName)).take(MAX_NAMES);
    params.subject_alt_names = names.collect();
    // Addresses that stand in for names, as the reference proxy checks them.
    params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.signed_by(&key, issuer).map_err(io::Error::other)?;
    let secret = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    CertifiedKey::from_der(chain, secret, &ring::default_provider()).map(Arc::new).map_err(io::Error::other)
}

/// One issuer for the whole run.
fn issuer() -> Option<&'static CertifiedIssuer<'static, KeyPair>> {
    static ISSUER: OnceLock<Option<CertifiedIssuer<'static, KeyPair>>> = OnceLock::new();
    let made = ISSUER.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "hopcheck, for this run");
        CertifiedIssuer::self_signed(params, KeyPair::generate().ok()?).ok()
    });
    made.as_ref()
}
