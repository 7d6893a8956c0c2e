//! The TLS handshake with an app server: `ngx_http_upstream_ssl_init_connection`.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::{DnsName, ServerName};
use rustls::{Error, InvalidMessage};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::stream::TlsStream;
use nginx_conf::tls::{UpstreamTls, VerificationError};

/// The name of an app server: `proxy_ssl_name`, without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpstreamName {
    /// What its certificate must be for.
    host: String,
    /// Whether the handshake asks for it: `proxy_ssl_server_name`.
    is_asked_for: bool,
}

/// Why there is no session with an app server, in nginx's words.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// It closed the connection.
    Closed,
    /// The connection failed.
    Io(io::Error),
    /// It does not speak TLS, or there is no version or cipher that both speak.
    Tls(io::Error),
    /// Its certificate is not believed.
    Certificate(VerificationError),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Closed => f.write_str("peer closed connection in SSL handshake"),
            ConnectError::Io(error) => {
                write!(f, "peer closed connection in SSL handshake ({})", crate::log::describe(error))
            }
            ConnectError::Tls(error) => write!(f, "SSL_do_handshake() failed (SSL: {})", reason(error)),
            ConnectError::Certificate(error) => error.fmt(f),
        }
    }
}

/// OpenSSL's words for the answer of somebody who speaks no TLS at all, otherwise those of rustls.
fn reason(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => "wrong version number".to_owned(),
        _ => error.to_string(),
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> ConnectError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ConnectError::Closed,
            io::ErrorKind::InvalidData | io::ErrorKind::Other => ConnectError::Tls(error),
            _ => ConnectError::Io(error),
        }
    }
}

impl UpstreamName {
    /// The name in `host`, which may have a port.
    pub(crate) fn new(host: &[u8], is_asked_for: bool) -> UpstreamName {
        let host = String::from_utf8_lossy(host);
        let after_brackets = host.starts_with('[').then(|| host.find(']')).flatten().unwrap_or(0);
        let ends = host.get(after_brackets..).and_then(|rest| rest.find(':'));
        let host = ends.and_then(|ends| host.get(..after_brackets + ends)).unwrap_or(&host);
        UpstreamName { host: host.to_owned(), is_asked_for }
    }

    /// What rustls asks for. An address stands for no name: it is not sent, and tells whose session may be resumed.
    fn to_ask_for(&self, address: IpAddr) -> ServerName<'static> {
        let is_name = self.is_asked_for && self.host.parse::<IpAddr>().is_err();
        let name = is_name.then(|| DnsName::try_from(self.host.clone()).ok()).flatten();
        name.map_or(ServerName::IpAddress(address.into()), ServerName::DnsName)
    }
}

/// Does the handshake on a connection to the app server at `address`, for HTTP/2 or not, and verifies its certificate.
pub(crate) async fn connect(
    stream: TcpStream,
    tls: &UpstreamTls,
    http2: bool,
    name: &UpstreamName,
    address: IpAddr,
) -> Result<TlsStream, ConnectError> {
    let config = if http2 { &tls.http2_config } else { &tls.config };
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = connector.connect(name.to_ask_for(address), stream).await?;
    if let Some(verification) = &tls.verification {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        verification.verify(chain, &name.host).map_err(ConnectError::Certificate)?;
    }
    Ok(TlsStream::of_upstream(stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_port_and_an_address_is_none() {
        let address = IpAddr::from([10, 0, 0, 1]);
        let of = |host: &str, asked| {
            let name = UpstreamName::new(host.as_bytes(), asked);
            let asked = name.to_ask_for(address).to_str().into_owned();
            (name.host, asked)
        };
        let pair = |host: &str, asked: &str| (host.to_owned(), asked.to_owned());
        assert_eq!(of("a.test:8443", true), pair("a.test", "a.test"));
        assert_eq!(of("my_app", true), pair("my_app", "my_app"));
        assert_eq!(of("a.test", false), pair("a.test", "10.0.0.1"));
        assert_eq!(of("127.0.0.1:443", true), pair("127.0.0.1", "10.0.0.1"));
        assert_eq!(of("[::1]:443", true), pair("[::1]", "10.0.0.1"));
        assert_eq!(of("", true), pair("", "10.0.0.1"));
    }
}
