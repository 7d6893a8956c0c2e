//! The way to the proxy: where it is connected to, over TCP or TLS, and what every request to it carries.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::manners::Turn;
use crate::{ClientError, Manners, PATIENCE, Request, Stream, patiently};

/// Where clients of a proxy on this machine ask from, so that a proxy that mistakes its own address for theirs is found
/// out. Systems that know only 127.0.0.1 of the loopback network have clients ask from there.
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);

/// The way to a proxy. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Route(Arc<Way>);

#[derive(Debug)]
struct Way {
    /// Tried in order.
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
    host: String,
    headers: Vec<(String, String)>,
    manners: Option<Manners>,
    patience: Duration,
}

/// How TLS is spoken.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Whom to trust, which certificate to show, which protocols to offer.
    pub config: Arc<rustls::ClientConfig>,
    /// The name the certificate must be for, which is asked for by SNI (RFC 6066 §3).
    pub name: ServerName<'static>,
}

impl Tls {
    /// For a proxy on this machine, whose certificate was made for the occasion: any is taken.
    ///
    /// # Errors
    /// When this machine cannot do TLS at all.
    pub fn for_anyone() -> Result<Tls, String> {
        let name = ServerName::try_from("localhost").map_err(|error| error.to_string())?;
        Ok(Tls { config: crate::tls::trusting_anyone()?, name })
    }
}

impl Route {
    /// To a proxy on this machine, started for the scenario that asks it: anything may be sent.
    pub fn local(address: SocketAddr, tls: Option<Tls>) -> Route {
        Route(Arc::new(Way {
            addresses: vec![address],
            tls,
            host: address.to_string(),
            headers: Vec::new(),
            manners: None,
            patience: PATIENCE,
        }))
    }

    /// To a proxy on this machine, by the name of one of its sites, and with these fields in every request.
    pub fn to_site(
        address: SocketAddr,
        tls: Option<Tls>,
        host: &str,
        headers: Vec<(String, String)>,
    ) -> Route {
        let named = |mut tls: Tls| {
            tls.name = ServerName::try_from(host.to_owned()).unwrap_or(tls.name);
            tls
        };
        Route(Arc::new(Way {
            addresses: vec![address],
            tls: tls.map(named),
            host: host.to_owned(),
            headers,
            manners: None,
            patience: PATIENCE,
        }))
    }

    /// To a system that others use.
    pub fn live(
        addresses: Vec<SocketAddr>,
        tls: Option<Tls>,
        host: String,
        headers: Vec<(String, String)>,
        manners: Manners,
        patience: Duration,
    ) -> Route {
        Route(Arc::new(Way { addresses, tls, host, headers, manners: Some(manners), patience }))
    }

    /// What `Host` is when a request does not say.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.0.tls.is_some()
    }

    /// How the system on the other end is to be treated; `None` when it is there for the scenario alone.
    pub fn manners(&self) -> Option<&Manners> {
        self.0.manners.as_ref()
    }

    /// How long to wait for the next thing to happen.
    pub fn patience(&self) -> Duration {
        self.0.patience
    }

    /// `request` as it goes out: with the fields that all requests carry, those before its own that it does not have.
    pub fn dressed(&self, request: &Request) -> Request {
        let mut dressed = request.clone();
        let missing = self.0.headers.iter().filter(|(name, _)| !request.has(name));
        dressed.headers.splice(0..0, missing.cloned());
        dressed
    }

    /// Waits until `request` may be sent.
    ///
    /// # Errors
    /// When it must not be.
    pub(super) async fn turn(&self, request: &Request) -> Result<Option<Turn>, ClientError> {
        match self.manners() {
            Some(manners) => Ok(Some(manners.turn(request).await?)),
            None => Ok(None),
        }
    }

    /// Connects, TLS handshake included.
    ///
    /// # Errors
    /// When nobody listens there, or TLS cannot be agreed upon; the message says why in words.
    pub(super) async fn connect(&self) -> Result<Stream, ClientError> {
        let way = &self.0;
        let tcp = patiently(way.patience, "a connection", connect(way)).await?;
        tcp.set_nodelay(true)?;
        let Some(tls) = &way.tls else { return Ok(Stream::Plain(tcp)) };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let handshake = async {
            let shaken = connector.connect(tls.name.clone(), tcp).await;
            shaken.map_err(|error| crate::tls::explained(&error, &tls.name))
        };
        Ok(Stream::Tls(Box::new(patiently(way.patience, "the TLS handshake", handshake).await?)))
    }
}

async fn connect(way: &Way) -> io::Result<TcpStream> {
    let mut failed = io::Error::other("there is no address to connect to");
    for address in &way.addresses {
        let connected = match (way.manners.is_none(), address.is_ipv4()) {
            (true, true) => connect_from_client(*address).await,
            _ => TcpStream::connect(*address).await,
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = io::Error::new(error.kind(), format!("{address}: {error}")),
        }
    }
    Err(failed)
}

async fn connect_from_client(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    match socket.bind(CLIENT) {
        Ok(()) => socket.connect(address).await,
        Err(_) => TcpStream::connect(address).await,
    }
}
