//! The route to a proxy: its addresses, TCP or TLS, and the headers that every request to it has.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::policy::RequestPermit;
use crate::{AnswerLimits, ClientError, DEFAULT_TIMEOUT, Request, RequestPolicy, Stream, with_timeout};

/// The source address of clients of a proxy on this machine. It differs from the proxy's own address, so that a proxy
/// that confuses the two is found out. Systems that only have 127.0.0.1 on loopback use that instead.
const CLIENT_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// So many local ports are tried for one connection.
const MAX_LOCAL_PORTS: usize = 16;

/// The route to a proxy. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Route {
    inner: Arc<Inner>,
    /// `Authorization` of every request but preflights.
    authorization: Option<Arc<str>>,
    /// Where clients come from, of a proxy on this machine.
    client: Ipv4Addr,
}

#[derive(Debug)]
struct Inner {
    /// Tried in order.
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
    host: String,
    headers: Vec<(String, String)>,
    policy: Option<RequestPolicy>,
    timeout: Duration,
    limits: AnswerLimits,
}

/// The TLS settings of a route.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The trusted CAs, the client certificate and the ALPN protocols.
    pub config: Arc<rustls::ClientConfig>,
    /// The server name: sent by SNI (RFC 6066 §3), and verified in the certificate.
    pub name: ServerName<'static>,
}

impl Tls {
    /// For a proxy on this machine, which has a certificate made for the run: any is accepted.
    ///
    /// # Errors
    /// When this machine cannot do TLS at all.
    pub fn accepting_any_certificate() -> Result<Tls, String> {
        let name = ServerName::try_from("localhost").map_err(|error| error.to_string())?;
        Ok(Tls { config: crate::tls::accepting_any_certificate()?, name })
    }
}

impl Route {
    /// To a proxy on this machine, started for one scenario: anything may be sent.
    pub fn local(address: SocketAddr, tls: Option<Tls>) -> Route {
        Route::of(Inner {
            addresses: vec![address],
            tls,
            host: address.to_string(),
            headers: Vec::new(),
            policy: None,
            timeout: DEFAULT_TIMEOUT,
            limits: AnswerLimits::LOCAL,
        })
    }

    /// To one of the sites of a proxy on this machine, with these headers in every request.
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
        Route::of(Inner {
            addresses: vec![address],
            tls: tls.map(named),
            host: host.to_owned(),
            headers,
            policy: None,
            timeout: DEFAULT_TIMEOUT,
            limits: AnswerLimits::LOCAL,
        })
    }

    /// To a live deployment.
    pub fn live(
        addresses: Vec<SocketAddr>,
        tls: Option<Tls>,
        host: String,
        headers: Vec<(String, String)>,
        policy: RequestPolicy,
        timeout: Duration,
        limits: AnswerLimits,
    ) -> Route {
        Route::of(Inner { addresses, tls, host, headers, policy: Some(policy), timeout, limits })
    }

    /// The same with credentials, which go with every request that has none of its own. Browsers send none with a preflight (Fetch
    /// standard, CORS-preflight fetch).
    pub fn with_authorization(&self, authorization: &str) -> Route {
        Route { authorization: Some(authorization.into()), ..self.clone() }
    }

    /// The same to a proxy on this machine from another address of it, if the system has that.
    pub fn from_client(&self, client: Ipv4Addr) -> Route {
        Route { client, ..self.clone() }
    }

    fn of(inner: Inner) -> Route {
        Route { inner: Arc::new(inner), authorization: None, client: CLIENT_ADDRESS }
    }

    /// The default of `Host`.
    pub fn host(&self) -> &str {
        &self.inner.host
    }

    /// The port that is connected to.
    pub fn port(&self) -> Option<u16> {
        self.inner.addresses.first().map(SocketAddr::port)
    }

    /// Whether it uses TLS.
    pub fn is_tls(&self) -> bool {
        self.inner.tls.is_some()
    }

    /// The limits of a live deployment; `None` for a proxy started for the scenario.
    pub fn policy(&self) -> Option<&RequestPolicy> {
        self.inner.policy.as_ref()
    }

    /// How long to wait for the next event.
    pub fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    /// What is read of one answer at most.
    pub fn limits(&self) -> AnswerLimits {
        self.inner.limits
    }

    /// `request` as it is sent: with the headers that every request has, except those it sets itself.
    pub fn with_common_headers(&self, request: &Request) -> Request {
        let mut with_common_headers = request.clone();
        let is_preflight = request.has("Access-Control-Request-Method");
        let credentials = self.authorization.iter().filter(|_| !is_preflight);
        let credentials = credentials.map(|value| ("Authorization".to_owned(), value.to_string()));
        let common = self.inner.headers.iter().cloned().chain(credentials);
        let missing = common.filter(|(name, _)| !request.has(name));
        with_common_headers.headers.splice(0..0, missing);
        with_common_headers
    }

    /// Waits until `request` may be sent.
    ///
    /// # Errors
    /// When it must not be.
    pub(super) async fn acquire(&self, request: &Request) -> Result<Option<RequestPermit>, ClientError> {
        match self.policy() {
            Some(policy) => Ok(Some(policy.acquire(request).await?)),
            None => Ok(None),
        }
    }

    /// Connects, TLS handshake included.
    ///
    /// # Errors
    /// When the connection or the TLS handshake fails; the message says why.
    pub(super) async fn connect(&self) -> Result<Stream, ClientError> {
        self.connect_by(|tls| Arc::clone(&tls.config)).await
    }

    /// The same, with HTTP/2 offered in the handshake.
    ///
    /// # Errors
    /// When the connection or the TLS handshake fails; the message says why.
    pub(super) async fn connect_offering_http2(&self) -> Result<Stream, ClientError> {
        let offering = |tls: &Tls| {
            let mut config = rustls::ClientConfig::clone(&tls.config);
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            Arc::new(config)
        };
        self.connect_by(offering).await
    }

    async fn connect_by(
        &self,
        config: impl Fn(&Tls) -> Arc<rustls::ClientConfig>,
    ) -> Result<Stream, ClientError> {
        let inner = &self.inner;
        let tcp = with_timeout(inner.timeout, "a connection", connect(inner, self.client)).await?;
        tcp.set_nodelay(true)?;
        let Some(tls) = &inner.tls else { return Ok(Stream::Plain(tcp)) };
        let connector = TlsConnector::from(config(tls));
        let handshake = async {
            let shaken = connector.connect(tls.name.clone(), tcp).await;
            shaken.map_err(|error| crate::tls::explain(&error, &tls.name))
        };
        Ok(Stream::Tls(Box::new(with_timeout(inner.timeout, "the TLS handshake", handshake).await?)))
    }
}

async fn connect(inner: &Inner, client: Ipv4Addr) -> io::Result<TcpStream> {
    let mut failed = io::Error::other("there is no address to connect to");
    for address in &inner.addresses {
        let connected = match (inner.policy.is_none(), address.is_ipv4()) {
            (true, true) => connect_from(client, *address).await,
            _ => TcpStream::connect(*address).await,
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = io::Error::new(error.kind(), format!("{address}: {error}")),
        }
    }
    Err(failed)
}

/// Connects from a client's address. A port that was used a moment ago may be refused: then another is tried.
async fn connect_from(client: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    for _ in 0..MAX_LOCAL_PORTS {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        if socket.bind(SocketAddr::from((client, 0))).is_err() {
            break;
        }
        match socket.connect(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {}
            connected => return connected,
        }
    }
    TcpStream::connect(address).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_with_all_but_preflights() {
        let route =
            Route::local(SocketAddr::from(([127, 0, 0, 1], 80)), None).with_authorization("Basic YTpi");
        let sent = |request: Request| {
            let sent = route.with_common_headers(&request);
            sent.headers.into_iter().find(|(name, _)| name == "Authorization").map(|(_, value)| value)
        };
        let get = || Request::new("GET", "/");
        assert_eq!(sent(get()).as_deref(), Some("Basic YTpi"));
        assert_eq!(sent(get().header("Authorization", "Bearer c")).as_deref(), Some("Bearer c"));
        assert_eq!(sent(Request::new("OPTIONS", "/").header("Access-Control-Request-Method", "PUT")), None);
    }
}
