//! Requests over HTTP/2 (RFC 9113): each a stream of a connection, of which several may be under way at a time, as from a
//! browser.

use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use tokio::task::JoinHandle;

use crate::http2::{connect, failed, head, read, settings};
use crate::{ClientError, Request, Response, Route, with_timeout};

/// Sends a request over HTTP/2 on a connection of its own, and reads the whole response.
///
/// # Errors
/// When the server does not choose HTTP/2, there is no response, or the policy refuses the request.
pub async fn ask_over_http2(route: &Route, request: &Request) -> Result<Response, ClientError> {
    Http2Connection::open(route).await?.ask(request).await
}

/// A connection over HTTP/2. It is closed once dropped, with whatever is under way on it.
#[derive(Debug)]
pub struct Http2Connection {
    route: Route,
    requests: SendRequest<Bytes>,
    /// Moves what is sent and what has come; ends with the connection.
    driver: JoinHandle<()>,
}

impl Http2Connection {
    /// Connects, and speaks HTTP/2 from then on.
    ///
    /// # Errors
    /// When there is no connection, or the server does not choose HTTP/2.
    pub async fn open(route: &Route) -> Result<Http2Connection, ClientError> {
        let stream = connect(route).await?;
        let handshake = async { settings().handshake(stream).await.map_err(failed) };
        let (requests, connection) =
            with_timeout(route.timeout(), "the handshake of HTTP/2", handshake).await?;
        // How it ends, the requests on it tell.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Http2Connection { route: route.clone(), requests, driver })
    }

    /// Sends a request on a stream of its own, and reads the whole response.
    ///
    /// # Errors
    /// [`ClientError::Unprocessed`] where the server says that it has not looked at the request; when there is no response,
    /// or the policy refuses the request.
    pub async fn ask(&self, request: &Request) -> Result<Response, ClientError> {
        let route = &self.route;
        let request = route.with_common_headers(request);
        let _permit = route.acquire(&request).await?;
        let exchange = self.exchange(&request);
        match route.policy() {
            Some(_) => route.limits().in_time(exchange).await,
            None => with_timeout(route.timeout() * 2, "a response over HTTP/2", exchange).await,
        }
    }

    /// Whether it has ended.
    pub fn is_closed(&self) -> bool {
        self.driver.is_finished()
    }

    async fn exchange(&self, request: &Request) -> Result<Response, ClientError> {
        let (head, body) = head(&self.route, request)?;
        let mut requests = self.requests.clone().ready().await.map_err(not_answered)?;
        let (response, mut sending) = requests.send_request(head, body.is_empty()).map_err(not_answered)?;
        if !body.is_empty() {
            sending.send_data(body, true).map_err(not_answered)?;
        }
        read(response.await.map_err(not_answered)?, &self.route).await
    }
}

impl Drop for Http2Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Why there is no response: such that the request can be sent again, if the server says so (RFC 9113 §8.7).
fn not_answered(error: h2::Error) -> ClientError {
    let is_going_away = error.is_go_away() && error.is_remote();
    if is_going_away || error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM) {
        return ClientError::Unprocessed(error.to_string());
    }
    failed(error)
}
