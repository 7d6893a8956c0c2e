//! Requests to the site, as a browser makes them: over HTTP/2 where that is offered, as streams of one connection, with
//! the cookies that the site has set.

use std::sync::{Mutex, PoisonError};

use cookie_store::CookieStore;
use url::Url;

use hopcheck_clients::{
    ClientError, Connection, Destination, Handshake, Request, RequestPolicy, Response, Visit, WebSocket,
};
use hopcheck_targets::target::Deployment;

/// The most requests to a site for a first profile.
pub const MAX_REQUESTS: usize = 48;

/// So many redirects of a page are followed.
const MAX_REDIRECTS: usize = 5;

/// A client of the deployment.
#[derive(Debug)]
pub(super) struct SiteClient<'a> {
    deployment: &'a Deployment,
    /// Where HTTP/2 is offered.
    visit: Option<Visit>,
    cookies: Mutex<CookieStore>,
}

impl<'a> SiteClient<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> SiteClient<'a> {
        let visit = deployment.info().offers_http2().then(|| Visit::new(deployment.route().clone()));
        SiteClient { deployment, visit, cookies: Mutex::default() }
    }

    /// The site's URL.
    pub(super) fn url(&self) -> &Url {
        self.deployment.url()
    }

    /// The site's host, with its port unless that is the default.
    pub(super) fn authority(&self) -> &str {
        let site = self.url().as_str().trim_end_matches('/');
        site.split_once("://").map_or(site, |(_, authority)| authority)
    }

    /// Opens the page at `target`, and follows where it leads on the site. The path that was asked last is told, too.
    ///
    /// # Errors
    /// When there is no response, or the limit of requests is reached.
    pub(super) async fn open_page(&self, target: &str) -> Result<(String, Response), ClientError> {
        let mut target = target.to_owned();
        let mut followed = 0;
        loop {
            let response = self.get(&target, Destination::Document).await?;
            match self.redirect(&target, &response).filter(|_| followed < MAX_REDIRECTS) {
                Some(next) => target = next,
                None => return Ok((target, response)),
            }
            followed += 1;
        }
    }

    /// The path that a response leads a browser to, if that is on the site.
    fn redirect(&self, target: &str, response: &Response) -> Option<String> {
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let here = self.url().join(target).ok()?;
        let next = here.join(response.value("location")?).ok()?;
        (next.origin() == here.origin())
            .then(|| next[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
    }

    /// Sends a GET request for `target`.
    ///
    /// # Errors
    /// As [`SiteClient::open_page`].
    pub(super) async fn get(&self, target: &str, destination: Destination) -> Result<Response, ClientError> {
        self.ask(Request::new("GET", target), destination).await
    }

    /// Sends `request`.
    ///
    /// # Errors
    /// As [`SiteClient::open_page`].
    pub(super) async fn ask(
        &self,
        request: Request,
        destination: Destination,
    ) -> Result<Response, ClientError> {
        let url = self.url().join(&request.target).unwrap_or_else(|_| self.url().clone());
        let mut request = request.as_from_a_browser(destination);
        // None go with what one site asks another for, unless both say so.
        if destination != Destination::OtherApi
            && let Some(cookies) = self.cookies_for(&url)
        {
            request = request.header("Cookie", &cookies);
        }
        self.within_limit()?;
        let response = match &self.visit {
            Some(visit) => visit.ask(&request).await.answer?,
            None => self.connect().await?.ask(&request).await?,
        };
        if destination != Destination::OtherApi {
            let mut kept = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
            for cookie in response.values("set-cookie") {
                // What browsers refuse is not kept.
                let _ = kept.parse(cookie, &url);
            }
        }
        Ok(response)
    }

    /// Sends a GET request for `target` on a new connection without cookies, as a new visitor: of several, each may come to
    /// another app server.
    ///
    /// # Errors
    /// As [`SiteClient::open_page`].
    pub(super) async fn get_anew(&self, target: &str) -> Result<Response, ClientError> {
        self.connect().await?.ask(&Request::new("GET", target)).await
    }

    /// Opens a WebSocket at `target`.
    ///
    /// # Errors
    /// As [`SiteClient::open_page`].
    pub(super) async fn open(
        &self,
        target: &str,
        headers: &[(String, String)],
    ) -> Result<(Response, Option<WebSocket>), ClientError> {
        Handshake::new(target, headers).open(self.connect().await?, None).await
    }

    fn cookies_for(&self, url: &Url) -> Option<String> {
        let kept = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = kept.get_request_values(url).map(|(name, value)| format!("{name}={value}"));
        Some(pairs.collect::<Vec<_>>().join("; ")).filter(|cookies| !cookies.is_empty())
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        self.within_limit()?;
        Connection::open(self.deployment.route()).await
    }

    fn within_limit(&self) -> Result<(), ClientError> {
        let sent = self.deployment.route().policy().map_or(0, RequestPolicy::sent);
        match sent < MAX_REQUESTS {
            true => Ok(()),
            false => {
                Err(ClientError::Refused(format!("more than {MAX_REQUESTS} requests for a first profile")))
            }
        }
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
