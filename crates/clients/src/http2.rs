//! What is common to requests over HTTP/2 (RFC 9113), by the crate `h2`. Nothing of it can be said byte for byte: scenarios
//! that ask so compare what comes back with what comes over HTTP/1.1.

use std::fmt::Write as _;

use bytes::Bytes;
use h2::Ping;
use h2::client::Builder;

use crate::response::{Framing, Response};
use crate::{Body, ClientError, Request, Route, Stream, with_timeout};

/// How much of an answer may be on its way.
const WINDOW_SIZE: u32 = 1 << 20;

/// Fields that only HTTP/1.1 has (RFC 9113 §8.2.2), and `Host`, which is `:authority` here.
const LEFT_OUT: [&str; 6] =
    ["host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// What a server offers to those who speak HTTP/2 to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http2Offer {
    /// SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §3): a WebSocket can be a stream of the connection.
    pub extended_connect: bool,
}

/// Connects, offering HTTP/2, and asks for nothing; `None` where the server does not choose it or does not speak it.
pub async fn http2_offer(route: &Route) -> Option<Http2Offer> {
    let offer = async {
        let stream = connect(route).await?;
        let (requests, mut connection) = settings().handshake::<_, Bytes>(stream).await.map_err(failed)?;
        let mut pings = connection.ping_pong();
        let pong = async {
            match &mut pings {
                // The server's SETTINGS come before all else (RFC 9113 §3.4), so before what answers a PING.
                Some(pings) => pings.ping(Ping::opaque()).await.map(|_| ()).map_err(failed),
                None => Ok(()),
            }
        };
        tokio::select! {
            biased;
            pong = pong => pong?,
            ended = &mut connection => ended.map_err(failed)?,
        }
        let extended_connect = requests.is_extended_connect_protocol_enabled();
        Ok::<_, ClientError>(Http2Offer { extended_connect })
    };
    with_timeout(route.timeout(), "the settings of HTTP/2", offer).await.ok()
}

/// A connection for which the server chooses HTTP/2, or one without TLS, whose server is trusted to speak it.
pub(super) async fn connect(route: &Route) -> Result<Stream, ClientError> {
    let stream = route.connect_offering_http2().await?;
    let is_chosen = |tls: &rustls::ClientConnection| tls.alpn_protocol() == Some(b"h2");
    if stream.tls().is_some_and(|tls| !is_chosen(tls)) {
        let why = "TLS: the server does not choose HTTP/2: its `listen` for this port lacks `http2`, or the server \
                   `http2 on;`";
        return Err(ClientError::Tls(why.to_owned()));
    }
    Ok(stream)
}

pub(super) fn settings() -> Builder {
    let mut settings = Builder::new();
    settings.enable_push(false).initial_window_size(WINDOW_SIZE).initial_connection_window_size(WINDOW_SIZE);
    settings
}

/// The head and the body.
pub(super) fn head(route: &Route, request: &Request) -> Result<(http::Request<()>, Bytes), ClientError> {
    let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host = host.map_or(route.host(), |(_, host)| host.as_str());
    let scheme = if route.is_tls() { "https" } else { "http" };
    let mut head = http::Request::builder()
        .method(&request.method[..])
        .uri(format!("{scheme}://{host}{}", request.target));
    let is_sent = |name: &str| !LEFT_OUT.iter().any(|left_out| name.eq_ignore_ascii_case(left_out));
    for (name, value) in request.headers.iter().filter(|(name, _)| is_sent(name)) {
        head = head.header(name, value);
    }
    let body = match &request.body {
        Body::None => Vec::new(),
        Body::Sized(body) => body.clone(),
        Body::Chunked(chunks) => chunks.concat(),
    };
    let head = head.body(()).map_err(|error| not_http2(format!("this cannot be asked: {error}")))?;
    Ok((head, body.into()))
}

/// Reads the body, as much as is read of one.
pub(super) async fn read(
    response: http::Response<h2::RecvStream>,
    route: &Route,
) -> Result<Response, ClientError> {
    let (head, mut stream) = response.into_parts();
    let mut response = without_body(&head);
    while let Some(data) = stream.data().await {
        // Cut off half-way, it is not complete.
        let Ok(data) = data else { return Ok(response) };
        stream.flow_control().release_capacity(data.len()).map_err(failed)?;
        route.limits().check(response.body.len().saturating_add(data.len()))?;
        response.body.extend_from_slice(&data);
    }
    response.wire_length = response.body.len() as u64;
    response.framing = match response.body.len() {
        0 => Framing::None,
        length => Framing::Length(length as u64),
    };
    response.complete = true;
    Ok(response)
}

/// A response of which only the head has come.
pub(super) fn without_body(head: &http::response::Parts) -> Response {
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut raw_head = format!("HTTP/2 {}\r\n", head.status.as_u16());
    for (name, value) in &headers {
        let _ = write!(raw_head, "{name}: {value}\r\n");
    }
    raw_head.push_str("\r\n");
    Response {
        version: "HTTP/2".to_owned(),
        status: head.status.as_u16(),
        headers,
        raw_head: raw_head.into_bytes(),
        ..Response::default()
    }
}

pub(super) fn failed(error: h2::Error) -> ClientError {
    let why = format!(": {error}");
    error.into_io().map_or(ClientError::Closed(why), ClientError::Io)
}

pub(super) fn not_http2(reason: String) -> ClientError {
    ClientError::Protocol { protocol: "HTTP/2", reason }
}
