//! Requests to the site, each on a new connection, as a new visitor would make them.

use hopcheck_clients::{ClientError, Connection, Handshake, Request, RequestPolicy, Response, WebSocket};
use hopcheck_targets::target::Deployment;

/// The most requests to a site for a first profile.
pub const MAX_REQUESTS: usize = 48;

/// A client of the deployment.
#[derive(Debug)]
pub(super) struct SiteClient<'a> {
    deployment: &'a Deployment,
}

impl<'a> SiteClient<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> SiteClient<'a> {
        SiteClient { deployment }
    }

    /// The site's URL.
    pub(super) fn url(&self) -> &url::Url {
        self.deployment.url()
    }

    /// The site's host, with its port unless that is the default.
    pub(super) fn authority(&self) -> &str {
        let site = self.url().as_str().trim_end_matches('/');
        site.split_once("://").map_or(site, |(_, authority)| authority)
    }

    /// Sends a GET request for `target`.
    ///
    /// # Errors
    /// When there is no response, or the limit of requests is reached.
    pub(super) async fn get(&self, target: &str) -> Result<Response, ClientError> {
        self.ask(&Request::new("GET", target)).await
    }

    /// Sends `request`.
    ///
    /// # Errors
    /// As [`SiteClient::get`].
    pub(super) async fn ask(&self, request: &Request) -> Result<Response, ClientError> {
        self.connect().await?.ask(request).await
    }

    /// Opens a WebSocket at `target`.
    ///
    /// # Errors
    /// As [`SiteClient::get`].
    pub(super) async fn open(
        &self,
        target: &str,
        headers: &[(String, String)],
    ) -> Result<(Response, Option<WebSocket>), ClientError> {
        Handshake::new(target, headers).open(self.connect().await?, None).await
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let route = self.deployment.route();
        if route.policy().map_or(0, RequestPolicy::sent) >= MAX_REQUESTS {
            return Err(ClientError::Refused(format!(
                "more than {MAX_REQUESTS} requests for a first profile"
            )));
        }
        Connection::open(route).await
    }
}

/// Describes a response, as `404 text/html`.
pub(super) fn describe(answer: &Result<Response, ClientError>) -> String {
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
