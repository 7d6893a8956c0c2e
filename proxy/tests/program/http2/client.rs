//! Clients that speak HTTP/2, and an app server that says what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Reason, RecvStream};
use http::{HeaderName, HeaderValue, Request, Response};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::server::Server;
use crate::tls::client::{app_server, config};

/// How long anything may take before it counts as never.
const DEADLINE: Duration = Duration::from_secs(20);

/// A connection.
pub(crate) struct Client {
    runtime: Runtime,
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

/// What a client is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without those in which two programs or two moments differ, and those behind the body.
    pub(crate) fields: Vec<String>,
    /// Without the text of built-in pages.
    pub(crate) body: String,
    /// Whether it came to its end.
    pub(crate) is_whole: bool,
}

impl Client {
    /// Without TLS, on the first port.
    pub(crate) fn new(server: &Server<'_>) -> Client {
        Client::with(server, &Builder::new())
    }

    /// The same with these settings.
    pub(crate) fn with(server: &Server<'_>, settings: &Builder) -> Client {
        let runtime = runtime();
        let address = server.site.address(0);
        let stream = runtime.block_on(tokio::net::TcpStream::connect(address)).unwrap();
        Client::over(runtime, stream, settings)
    }

    /// With TLS, if the server chooses HTTP/2.
    pub(crate) fn with_tls(server: &Server<'_>, name: &'static str) -> Option<Client> {
        let runtime = runtime();
        let mut config = config();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let address = server.site.address(0);
        let stream = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            connector.connect(ServerName::try_from(name).unwrap(), stream).await.unwrap()
        });
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        is_http2.then(|| Client::over(runtime, stream, &Builder::new()))
    }

    fn over(
        runtime: Runtime,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        settings: &Builder,
    ) -> Client {
        let (requests, connection) = runtime.block_on(settings.handshake(stream)).unwrap();
        let connection = runtime.spawn(connection);
        Client { runtime, requests, connection }
    }

    /// The answer to a request with this body.
    pub(crate) fn ask(&mut self, request: http::request::Builder, body: Option<&str>) -> Answer {
        let request = request.body(()).unwrap();
        let (requests, body) =
            (self.requests.clone(), body.map(|body| Bytes::copy_from_slice(body.as_bytes())));
        self.run(async {
            let (response, mut stream) = requests.ready().await?.send_request(request, body.is_none())?;
            if let Some(body) = body {
                stream.send_data(body, true)?;
            }
            Ok(read(response.await?).await)
        })
        .unwrap_or_else(|_: h2::Error| Answer {
            status: 0,
            fields: vec![],
            body: String::new(),
            is_whole: false,
        })
    }

    /// The answer to `GET path` of a host.
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask(Request::get(format!("http://a.test{path}")), None)
    }

    /// Does something with it, while the connection goes on.
    pub(crate) fn run<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { tokio::time::timeout(DEADLINE, what).await.expect("it takes too long") })
    }

    /// Where requests go.
    pub(crate) fn requests(&self) -> SendRequest<Bytes> {
        self.requests.clone()
    }

    /// Waits for the end of the connection, and says why it has ended.
    pub(crate) fn end(self) -> Option<Reason> {
        let Client { runtime, requests, connection } = self;
        let ended = runtime.block_on(async { tokio::time::timeout(DEADLINE, connection).await });
        drop(requests);
        ended.expect("it does not end").unwrap().err().and_then(|error| error.reason())
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Reads an answer to its end.
pub(crate) async fn read(response: Response<RecvStream>) -> Answer {
    let (head, mut stream) = response.into_parts();
    let (mut body, mut is_whole) = (Vec::new(), true);
    while let Some(data) = stream.data().await {
        let Ok(data) = data else {
            is_whole = false;
            break;
        };
        stream.flow_control().release_capacity(data.len()).unwrap();
        body.extend_from_slice(&data);
    }
    let trailers = stream.trailers().await.ok().flatten().unwrap_or_default();
    let is_page = body.starts_with(b"<html>");
    let differs = ["date", "server", "last-modified", "etag"];
    let shown = |name: &str| !(differs.contains(&name) || is_page && name == "content-length");
    let fields = head.headers.iter().filter(|(name, _)| shown(name.as_str()));
    let shown = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    Answer {
        status: head.status.as_u16(),
        fields: fields
            .map(shown)
            .chain(trailers.iter().map(shown).map(|field| format!("trailer {field}")))
            .collect(),
        body: if is_page { "page".to_owned() } else { String::from_utf8_lossy(&body).into_owned() },
        is_whole,
    }
}

/// An app server that shows what it was asked, and how long the body was.
pub(crate) fn echo() -> SocketAddr {
    app_server(|stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while answer(&mut reader, &stream).is_some() {}
    })
}

fn answer(reader: &mut BufReader<TcpStream>, mut stream: &TcpStream) -> Option<()> {
    let lines: Vec<String> =
        reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let line = lines.first()?.replace("HTTP/1.0", "HTTP/1.x").replace("HTTP/1.1", "HTTP/1.x");
    let field = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
    let mut body = vec![0; field("Content-Length: ").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    // nginx asks with HTTP/1.0, and for the connection to be closed.
    let is_shown = |line: &&String| !line.starts_with("Host: ") && !line.starts_with("Connection: ");
    let fields: Vec<&str> = lines.iter().skip(1).filter(is_shown).map(String::as_str).collect();
    let text = format!("{line}|{}|{}", fields.join("|"), body.len());
    let framed = match line.split(' ').nth(1)? {
        "/chunked" => format!(
            "Transfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\nTrailer: X-T\r\n\r\n{:x}\r\n{text}\r\n0\r\nX-T: 1\r\n\r\n",
            text.len()
        ),
        "/cut" => format!("Content-Length: {}\r\n\r\n{text}", text.len() + 1),
        _ if line.starts_with("HEAD ") => format!("Content-Length: {}\r\n\r\n", text.len()),
        _ => format!("Content-Length: {}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n{text}", text.len()),
    };
    stream.write_all(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{framed}").as_bytes()).ok()?;
    None
}
