use std::sync::Arc;

use mock_upstreams::{AppServer, Fault};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{DEADLINE, Outcome, blue, get};

const GET: &[u8] = b"GET /api/x HTTP/1.1\r\nHost: app.test\r\nX-Odd-Case: 1\r\nConnection: close\r\n\r\n";

/// Blue with a certificate, and a client that believes it.
async fn with_certificate() -> Result<(AppServer, TlsConnector), Box<dyn std::error::Error>> {
    let pair = rcgen::generate_simple_self_signed(["app.test".to_owned()])?;
    let certificate = CertificateDer::from(pair.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let blue = blue().await;
    blue.speak_tls(Arc::new(server));
    Ok((blue, TlsConnector::from(Arc::new(client))))
}

/// What comes back for a request up to the end of the connection, and whether that was announced.
async fn ask(blue: &AppServer, connector: &TlsConnector) -> Result<(String, bool), std::io::Error> {
    let socket = TcpStream::connect(blue.address()).await?;
    let name = ServerName::try_from("app.test").map_err(std::io::Error::other)?;
    let mut tls = connector.connect(name, socket).await?;
    tls.write_all(GET).await?;
    let mut bytes = Vec::new();
    let announced = tls.read_to_end(&mut bytes).await.is_ok();
    Ok((String::from_utf8_lossy(&bytes).into_owned(), announced))
}

#[tokio::test]
async fn requests_are_journaled_as_they_were_inside() -> Outcome {
    let (blue, connector) = with_certificate().await?;
    let (answer, announced) = ask(&blue, &connector).await?;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && announced, "{answer}");
    // Whoever begins without a handshake is served without.
    assert_eq!(get(&blue, "/api/y").await?.status, 200);
    let journal = blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
    let targets: Vec<&str> = journal.exchanges.iter().map(|each| each.target.as_str()).collect();
    assert_eq!(targets, ["/api/x", "/api/y"]);
    assert_eq!(journal.exchanges[0].headers.0[1], ("X-Odd-Case".to_owned(), "1".to_owned()));
    Ok(())
}

#[tokio::test]
async fn faults_strike_inside_too() -> Outcome {
    let (blue, connector) = with_certificate().await?;
    blue.inject(Fault::CloseMidBody { after: 3 });
    let (answer, announced) = ask(&blue, &connector).await?;
    assert!(answer.ends_with("\r\n\r\nxxx") && !announced, "{answer}");
    blue.heal();
    blue.inject(Fault::status(503));
    assert!(ask(&blue, &connector).await?.0.starts_with("HTTP/1.1 503 "));
    blue.stop().await;
    assert!(ask(&blue, &connector).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_handshake_that_fails_is_a_connection_that_ends() -> Outcome {
    let (blue, _) = with_certificate().await?;
    let mut socket = TcpStream::connect(blue.address()).await?;
    socket.write_all(b"\x16nonsense, and enough of it").await?;
    socket.read_to_end(&mut Vec::new()).await?;
    let journal = blue.wait_for(DEADLINE, |journal| journal.open_connections() == 0).await?;
    assert!(journal.exchanges.is_empty());
    Ok(())
}
