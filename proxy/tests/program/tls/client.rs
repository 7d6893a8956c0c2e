//! Certificates of our own, sites that have them, and clients that believe anybody but look closely.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock};
use std::thread;

use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
    SupportedCipherSuite, SupportedProtocolVersion,
};

use crate::files::nginx;
use crate::server::{Server, Site, connect};
use crate::upstream_tls::app::CERTIFICATES;

/// Names that every site has a certificate for: `default.crt`, `default.key`, …
pub(crate) const NAMES: [&str; 4] = ["default", "a", "renewed", "ed25519"];

/// The example of RFC 8410 §10.3, in the one encoding that OpenSSL and ring both read.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

/// A certificate, and the same with its key as PEM files.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// One for each name.
pub(crate) static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    let pair = |name: &'static str| {
        let key = match name {
            "ed25519" => KeyPair::from_pem(ED25519).unwrap(),
            _ => KeyPair::generate().unwrap(),
        };
        let made = CertificateParams::new([format!("{name}.test")]).unwrap().self_signed(&key).unwrap();
        let key = if name == "ed25519" { ED25519.to_owned() } else { key.serialize_pem() };
        Pair { name, der: made.der().clone(), certificate: made.pem(), key }
    };
    NAMES.map(pair).into()
});

/// A site with certificates, and with these directives in `http`.
pub(crate) fn site(http: &str) -> Site {
    let conf = "worker_processes 1; pid nginx.pid; error_log logs/error.log info; events {}";
    let site = Site::new(&format!("{conf}\nhttp {{ access_log off; {http} }}"));
    for pair in &*PAIRS {
        site.write(&format!("{}.crt", pair.name), &pair.certificate);
        site.write(&format!("{}.key", pair.name), &pair.key);
    }
    for (name, text) in [
        ("root.crt", &CERTIFICATES.root),
        ("own.crt", &CERTIFICATES.own.chain),
        ("crl.pem", &CERTIFICATES.crl),
    ] {
        site.write(name, text);
    }
    site
}

/// A server with TLS on the first port, and with these directives.
pub(crate) fn server(directives: &str) -> String {
    format!(
        "server {{ listen 127.0.0.1:@PORT@ ssl; ssl_certificate default.crt; ssl_certificate_key default.key; {directives} }}"
    )
}

/// What `ask` finds out about the reference proxy; it must find the same out about nginx, where there is one.
pub(crate) fn both<T: PartialEq + Debug>(http: &str, ask: impl Fn(&Server<'_>) -> T) -> T {
    let ours = ask(&site(http).start());
    if let Some(nginx) = nginx() {
        assert_eq!(ours, ask(&site(http).start_nginx(&nginx)), "nginx is on the right");
    }
    ours
}

/// A connection whose handshake has been done with the first read or write.
pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A client that speaks anything.
pub(crate) fn config() -> ClientConfig {
    config_of(rustls::ALL_VERSIONS, ring::DEFAULT_CIPHER_SUITES)
}

/// A client that speaks these versions and suites.
pub(crate) fn config_of(
    versions: &[&'static SupportedProtocolVersion],
    suites: &[SupportedCipherSuite],
) -> ClientConfig {
    let provider = CryptoProvider { cipher_suites: suites.to_vec(), ..ring::default_provider() };
    let all = provider.signature_verification_algorithms.supported_schemes();
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAnyCertificate(all)))
        .with_no_client_auth()
}

/// A client that shows this certificate when it is asked for one: a chain and its key, as PEM.
pub(crate) fn config_that_shows(chain: &str, key: &str) -> ClientConfig {
    let mut config = config();
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let shown = CertifiedKey::from_der(chain, key, &ring::default_provider()).unwrap();
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(shown));
    config
}

/// A client that can check signatures of one kind only.
pub(crate) fn config_that_checks(scheme: SignatureScheme) -> ClientConfig {
    let mut config = config();
    config.dangerous().set_certificate_verifier(Arc::new(AcceptAnyCertificate(vec![scheme])));
    config
}

/// A client that asks for a name in the handshake; for none, if it is an address.
pub(crate) fn client(server: &Server<'_>, config: &Arc<ClientConfig>, name: &'static str) -> Tls {
    let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from(name).unwrap()).unwrap();
    StreamOwned::new(connection, connect(server.site.address(0)))
}

/// The same with whatever configuration.
pub(crate) fn any_client(server: &Server<'_>) -> Tls {
    client(server, &Arc::new(config()), "default.test")
}

/// What comes back for a request that asks for the connection to be closed. Fails if the end is not announced.
pub(crate) fn ask(tls: &mut Tls, request: &str) -> String {
    tls.write_all(request.as_bytes()).unwrap();
    rest(tls)
}

/// Everything until `close_notify`.
pub(crate) fn rest(tls: &mut Tls) -> String {
    let mut answer = String::new();
    tls.read_to_string(&mut answer).unwrap();
    answer
}

/// `GET target` of a host.
pub(crate) fn get(target: &str, host: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

/// Reads up to the end of a head.
pub(crate) fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An app server that does this with each connection.
pub(crate) fn app_server(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Believes that everybody is who they say they are, but checks that they have the key, by one of these.
#[derive(Debug)]
struct AcceptAnyCertificate(Vec<SignatureScheme>);

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
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &ring::default_provider().signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &ring::default_provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
