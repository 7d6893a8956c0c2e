//! App servers that speak TLS, with certificates of an issuer of our own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

/// A chain and its key, in PEM.
pub(crate) struct Pair {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// The certificates of these tests.
pub(crate) struct Certificates {
    /// Whom everybody is to trust.
    pub(crate) root: String,
    /// For `app.test`, and what it says besides.
    pub(crate) app: Pair,
    /// For `app.test` by its common name alone.
    pub(crate) common_name: Pair,
    /// For `*.app.test`, by an issuer below the root.
    pub(crate) below: Pair,
    /// For `app.test`, past its time.
    pub(crate) expired: Pair,
    /// For `app.test`, by nobody.
    pub(crate) own: Pair,
    /// For `app.test`, revoked by `crl`.
    pub(crate) revoked: Pair,
    pub(crate) crl: String,
}

pub(crate) static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(|| {
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        (params, KeyPair::generate().unwrap())
    };
    let (params, key) = authority("root");
    let root = CertifiedIssuer::self_signed(params, key).unwrap();
    let (params, key) = authority("below");
    let below = CertifiedIssuer::signed_by(params, key, &root).unwrap();
    let issued = |issuer: &CertifiedIssuer<'_, KeyPair>, more: &str, change: fn(&mut CertificateParams)| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["app.test".to_owned()]).unwrap();
        change(&mut params);
        let leaf = params.signed_by(&key, issuer).unwrap();
        Pair { chain: leaf.pem() + more, key: key.serialize_pem() }
    };
    let own = {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["app.test".to_owned()]).unwrap();
        // As `openssl req -x509` makes it.
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "app.test");
        Pair { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    };
    let crl = CertificateRevocationListParams {
        this_update: date_time_ymd(2024, 1, 1),
        next_update: date_time_ymd(2100, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(7),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    Certificates {
        app: issued(&root, "", |_| {}),
        common_name: issued(&root, "", |params| {
            params.subject_alt_names.clear();
            params.distinguished_name.push(DnType::CommonName, "app.test");
        }),
        below: issued(&below, &below.pem(), |params| {
            *params = CertificateParams::new(["*.app.test".to_owned()]).unwrap();
        }),
        expired: issued(&root, "", |params| params.not_after = date_time_ymd(2024, 1, 1)),
        revoked: issued(&root, "", |params| params.serial_number = Some(SerialNumber::from(7))),
        own,
        crl: crl.signed_by(&root).unwrap().pem().unwrap(),
        root: root.pem(),
    }
});

/// An app server that says in each answer how it was asked, and keeps connections.
pub(crate) struct TlsApp {
    pub(crate) address: SocketAddr,
}

impl TlsApp {
    /// With this certificate.
    pub(crate) fn start(pair: &Pair) -> TlsApp {
        TlsApp::with_versions(pair, rustls::ALL_VERSIONS)
    }

    /// With this certificate, and these versions of TLS.
    pub(crate) fn with_versions(pair: &Pair, versions: &[&'static SupportedProtocolVersion]) -> TlsApp {
        let config = Arc::new(config(pair, versions));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (config, connections) = (Arc::clone(&config), Arc::clone(&connections));
                thread::spawn(move || {
                    let session = ServerConnection::new(config).unwrap();
                    serve(StreamOwned::new(session, socket), &connections);
                });
            }
        });
        TlsApp { address }
    }
}

fn config(pair: &Pair, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(CERTIFICATES.root.as_bytes()).flatten());
    let provider = Arc::new(ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .unwrap();
    let chain = CertificateDer::pem_slice_iter(pair.chain.as_bytes()).flatten().collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .unwrap();
    // nginx resumes by tickets alone.
    config.ticketer = ring::Ticketer::new().unwrap();
    config
}

/// Answers each request on a connection; the number of the connection counts only those whose handshake was done.
fn serve(mut tls: StreamOwned<ServerConnection, TcpStream>, connections: &AtomicUsize) {
    if tls.conn.complete_io(&mut tls.sock).is_err() {
        return;
    }
    let mut number = 0;
    let mut reader = BufReader::new(&mut tls);
    for request in 1.. {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(1..) if line != "\r\n" => lines.push(line),
                Ok(1..) => break,
                _ => return,
            }
        }
        let has = |field: &str| lines.iter().any(|line| line.trim_end().eq_ignore_ascii_case(field));
        let length = lines.iter().find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |length| length.trim().parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        if number == 0 {
            number = connections.fetch_add(1, Ordering::Relaxed) + 1;
        }
        let session = &reader.get_ref().conn;
        let said = format!(
            "{} {} sni={} resumed={} client={} {number}.{request}",
            lines[0].trim_end(),
            lines.iter().find(|line| line.starts_with("Host: ")).map_or("", |line| line.trim_end()),
            session.server_name().unwrap_or("-"),
            session.handshake_kind() == Some(HandshakeKind::Resumed),
            session.peer_certificates().is_some(),
        );
        if has("Upgrade: x") {
            let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
            reader.get_mut().write_all(switch.as_bytes()).unwrap();
            let mut byte = [0];
            while reader.read(&mut byte).is_ok_and(|count| count > 0)
                && reader.get_mut().write_all(&byte).is_ok()
            {}
            return;
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{said}", said.len());
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
        if has("Connection: close") {
            drop(reader);
            tls.conn.send_close_notify();
            let _ = tls.flush();
            return;
        }
    }
}
