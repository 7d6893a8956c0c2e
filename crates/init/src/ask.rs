//! Asking, each time on a connection of its own, as a new visitor would.

use hopcheck_clients::{ClientError, Connection, Handshake, Manners, Request, Response, WebSocket};
use hopcheck_targets::target::Deployment;

/// The most requests that a site is asked for a first profile.
pub const MOST: usize = 48;

/// The most that is read of a response, in bytes: more than any script that a page should load.
const MOST_BYTES: usize = 16 << 20;

/// Asks a deployment.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    deployment: &'a Deployment,
}

impl<'a> Asker<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> Asker<'a> {
        Asker { deployment }
    }

    /// The site's URL.
    pub(super) fn url(&self) -> &url::Url {
        self.deployment.url()
    }

    /// The site's host, and its port where that is not the scheme's own, as URLs have it.
    pub(super) fn authority(&self) -> &str {
        let site = self.url().as_str().trim_end_matches('/');
        site.split_once("://").map_or(site, |(_, authority)| authority)
    }

    /// Asks for `target`.
    ///
    /// # Errors
    /// When no response comes, or enough has been asked.
    pub(super) async fn get(&self, target: &str) -> Result<Response, ClientError> {
        self.ask(&Request::new("GET", target)).await
    }

    /// Sends `request`.
    ///
    /// # Errors
    /// As [`Asker::get`].
    pub(super) async fn ask(&self, request: &Request) -> Result<Response, ClientError> {
        let patience = self.deployment.route().patience();
        let answer = async { read(self.connect().await?, request).await };
        match tokio::time::timeout(patience, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Silence { what: "the end of the response", patience }),
        }
    }

    /// Opens a WebSocket at `target`.
    ///
    /// # Errors
    /// As [`Asker::get`].
    pub(super) async fn open(
        &self,
        target: &str,
        headers: &[(String, String)],
    ) -> Result<(Response, Option<WebSocket>), ClientError> {
        Handshake::new(target, headers).open(self.connect().await?, None).await
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let route = self.deployment.route();
        if route.manners().map_or(0, Manners::sent) >= MOST {
            return Err(ClientError::Refused(format!("{MOST} requests are enough for a first profile")));
        }
        Connection::open(route).await
    }
}

/// Sends `request`, and reads no more of the response than [`MOST_BYTES`]: it may be a download, or never end.
async fn read(mut connection: Connection, request: &Request) -> Result<Response, ClientError> {
    connection.send_head(request, b"").await?;
    let mut response = connection.head(&request.method).await?;
    while response.body.len() < MOST_BYTES {
        match connection.piece(&mut response).await? {
            Some(data) => response.body.extend_from_slice(&data),
            None => break,
        }
    }
    Ok(response)
}

/// An answer in a few words: `404 text/html`.
pub(super) fn told(answer: &Result<Response, ClientError>) -> String {
    match answer {
        Ok(response) => match kind(response) {
            "" => response.status.to_string(),
            kind => format!("{} {kind}", response.status),
        },
        Err(error) => error.to_string(),
    }
}

/// The media type of a response, without its parameters; empty when it has none.
pub(super) fn kind(response: &Response) -> &str {
    let value = response.value("content-type").unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
