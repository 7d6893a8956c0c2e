//! A front proxy before a site, which lets a WebSocket be a stream of an HTTP/2 connection (RFC 8441), as HAProxy does and nginx
//! does not.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::ext::Protocol;
use hyper::header::{CONNECTION, HOST, HeaderValue, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::site::{NAME, Site};

/// What the gateway does with a WebSocket that it is asked for over HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sockets {
    /// Opens one to the site by HTTP/1.1, and relays.
    Open,
    /// Refuses, though it offered it.
    Refuse,
}

type Body = Either<Incoming, Empty<Bytes>>;

/// Puts a gateway before `site`, which speaks no TLS itself: from now on the site is reached through it.
pub(crate) async fn place_before(site: &mut Site, sockets: Sockets) {
    let certificate = CertificateDer::from_pem_file(site.directory.path().join("site.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(site.directory.path().join("site.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let behind = std::mem::replace(&mut site.port, listener.local_addr().unwrap().port());
    site.url = format!("https://{NAME}:{}", site.port);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            // Whatever fails is seen by the client.
            tokio::spawn(async move { serve(acceptor, client, behind, sockets).await.ok() });
        }
    });
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn serve(
    acceptor: TlsAcceptor,
    client: TcpStream,
    behind: u16,
    sockets: Sockets,
) -> Result<(), Failure> {
    let mut client = acceptor.accept(client).await?;
    if client.get_ref().1.alpn_protocol() != Some(b"h2") {
        let mut site = TcpStream::connect(("127.0.0.1", behind)).await?;
        copy_bidirectional(&mut client, &mut site).await?;
        return Ok(());
    }
    let answering = service_fn(move |request| async move {
        let answer = answer(request, behind, sockets).await;
        Ok::<_, Infallible>(answer.unwrap_or_else(|_| status(StatusCode::BAD_GATEWAY)))
    });
    let mut server = http2::Builder::new(TokioExecutor::new());
    server.enable_connect_protocol().serve_connection(TokioIo::new(client), answering).await?;
    Ok(())
}

async fn answer(
    mut request: Request<Incoming>,
    behind: u16,
    sockets: Sockets,
) -> Result<Response<Body>, Failure> {
    let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    request.headers_mut().insert(HOST, HeaderValue::from_str(&host)?);
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    *request.uri_mut() = path.parse::<Uri>()?;
    *request.version_mut() = hyper::Version::HTTP_11;
    let is_socket = request.extensions_mut().remove::<Protocol>().is_some();
    if is_socket && sockets == Sockets::Refuse {
        return Ok(status(StatusCode::BAD_REQUEST));
    }
    let site = TokioIo::new(TcpStream::connect(("127.0.0.1", behind)).await?);
    let (mut requests, connection) = http1::handshake(site).await?;
    tokio::spawn(connection.with_upgrades());
    if !is_socket {
        return Ok(requests.send_request(request.map(Either::Left)).await?.map(Either::Left));
    }
    let mut handshake: Request<Body> = Request::new(Either::Right(Empty::new()));
    *handshake.method_mut() = Method::GET;
    handshake.uri_mut().clone_from(request.uri());
    handshake.headers_mut().clone_from(request.headers());
    let fields =
        [(CONNECTION, "upgrade"), (UPGRADE, "websocket"), (SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")];
    handshake.headers_mut().extend(fields.map(|(name, value)| (name, HeaderValue::from_static(value))));
    let mut answer = requests.send_request(handshake).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(answer.map(Either::Left));
    }
    let mut opened = status(StatusCode::OK);
    if let Some(chosen) = answer.headers().get("sec-websocket-protocol") {
        opened.headers_mut().insert("sec-websocket-protocol", chosen.clone());
    }
    tokio::spawn(async move {
        let site = hyper::upgrade::on(&mut answer).await?;
        let client = hyper::upgrade::on(request).await?;
        copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(site)).await?;
        Ok::<_, Failure>(())
    });
    Ok(opened)
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}
