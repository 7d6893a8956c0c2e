//! A WebSocket as a stream of an HTTP/2 connection (RFC 8441), which is how browsers open one where a site offers it and they
//! have such a connection already.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::sleep;

use crate::http2::{connect, head, not_http2, without_body};
use crate::{ClientError, Handshake, Request, Response, Route, Stream, WebSocket, with_timeout};

/// The fields that an extended CONNECT has no use for (RFC 8441 §5).
const LEFT_OUT: [&str; 3] = ["connection", "upgrade", "sec-websocket-key"];

/// How often it is looked whether the server's SETTINGS have come.
const SETTINGS_INTERVAL: Duration = Duration::from_millis(5);

impl Handshake {
    /// The handshake as an extended CONNECT for `:protocol` `websocket`.
    pub fn extended_connect(&self) -> Request {
        let mut request = Request { version: "HTTP/2", ..self.request.clone() };
        "CONNECT".clone_into(&mut request.method);
        request.headers.retain(|(name, _)| !LEFT_OUT.iter().any(|field| name.eq_ignore_ascii_case(field)));
        request
    }

    /// Opens the WebSocket by an extended CONNECT (RFC 8441 §4), on a connection of its own. Returns the response and,
    /// after a 200, the open WebSocket.
    ///
    /// # Errors
    /// When the server does not choose HTTP/2 or does not offer WebSockets over it, no response comes, or the policy
    /// refuses the request.
    pub async fn open_over_http2(&self, route: &Route) -> Result<(Response, Option<WebSocket>), ClientError> {
        let _permit = route.acquire(&self.request).await?;
        let request = route.with_common_headers(&self.extended_connect());
        let opening = open(route, &request);
        let (response, stream) =
            with_timeout(route.timeout(), "the answer to the extended CONNECT", opening).await?;
        let socket = match stream {
            Some(stream) => Some(WebSocket::over(route.clone(), stream, Vec::new()).await),
            None => None,
        };
        Ok((response, socket))
    }
}

async fn open(route: &Route, request: &Request) -> Result<(Response, Option<Stream>), ClientError> {
    let (mut head, _) = head(route, request)?;
    head.extensions_mut().insert(Protocol::from_static("websocket"));
    let stream = TokioIo::new(connect(route).await?);
    let (mut requests, mut connection) =
        http2::handshake(TokioExecutor::new(), stream).await.map_err(|error| failed(&error))?;
    // What the server offers is known when its SETTINGS have come, of which hyper tells nobody.
    while !connection.is_extended_connect_protocol_enabled() {
        tokio::select! {
            ended = &mut connection => {
                let why = ended.map_or_else(|error| format!(": {error}"), |()| String::new());
                return Err(ClientError::Closed(why));
            }
            () = sleep(SETTINGS_INTERVAL) => {}
        }
    }
    // It ends with its last stream.
    tokio::spawn(connection);
    let answer = requests.send_request(head.map(|()| Empty::<Bytes>::new())).await;
    let answer = answer.map_err(|error| failed(&error))?;
    let is_open = answer.status().is_success();
    let (head, body) = answer.into_parts();
    let response = without_body(&head);
    if !is_open {
        return Ok((response, None));
    }
    let answer = hyper::Response::from_parts(head, body);
    let stream = hyper::upgrade::on(answer).await.map_err(|error| failed(&error))?;
    Ok((response, Some(Stream::Http2(Box::new(TokioIo::new(stream))))))
}

fn failed(error: &hyper::Error) -> ClientError {
    not_http2(error.to_string())
}
