//! Connections on which nothing is said, or nothing any more.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Error;
use crate::cases::Silence;
use crate::site::Site;

/// After that long without another request, a connection counts as idle: it has given back what it keeps for the next one.
const SETTLING_TIME: Duration = Duration::from_secs(2);

trait Connection: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Connection for T {}

/// Opens so many connections and calls `look` while they are all open.
///
/// # Errors
/// When one cannot be opened, or was closed since.
pub(crate) fn hold<T>(
    site: &Site,
    since: Silence,
    count: usize,
    look: impl FnOnce() -> T,
) -> Result<T, Error> {
    let tls = TlsConnector::from(Arc::new(trusting(site)?));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut held = Vec::with_capacity(count);
        for nth in 0..count {
            let opening = tokio::time::timeout(Duration::from_secs(20), open(site, since, &tls)).await;
            held.push(opening?.map_err(|error| format!("connection {nth}: {error}"))?);
        }
        tokio::time::sleep(SETTLING_TIME).await;
        let looked = look();
        // The first of them must still be served.
        let first = held.first_mut().ok_or("no connection was opened")?;
        ask(first).await.map_err(|error| format!("a connection that said nothing was lost: {error}"))?;
        Ok(looked)
    })
}

/// Trusts the site's certificate alone.
fn trusting(site: &Site) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(site.certificate())?)?;
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

async fn open(site: &Site, since: Silence, tls: &TlsConnector) -> Result<Box<dyn Connection>, Error> {
    let port = if since == Silence::TlsHandshake { site.tls_port } else { site.port };
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(match since {
        Silence::Accepted => Box::new(stream),
        Silence::Answered => {
            let mut stream = Box::new(stream);
            ask(&mut stream).await?;
            stream
        }
        Silence::TlsHandshake => Box::new(tls.connect(ServerName::try_from("localhost")?, stream).await?),
    })
}

/// Asks for an asset and reads the answer.
async fn ask(connection: &mut (impl Connection + ?Sized)) -> Result<(), Error> {
    connection.write_all(b"GET /assets/1k.js HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
    let mut read = Vec::new();
    loop {
        if connection.read_buf(&mut read).await? == 0 {
            return Err("it was closed before the answer".into());
        }
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut fields);
        if let httparse::Status::Complete(head) = answer.parse(&read)?
            && read.len() >= head + 1024
        {
            return if answer.code == Some(200) {
                Ok(())
            } else {
                Err("it was not answered with 200".into())
            };
        }
    }
}
