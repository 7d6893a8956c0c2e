//! The site that a browser is led to.

use std::net::SocketAddr;
use std::time::Duration;

use hopcheck_clients::Route;
use hopcheck_site::Mask;

/// The site that a browser looks at.
#[derive(Debug, Clone)]
pub struct BrowserSite {
    /// Where the browser finds it: `https://shop.example.com`.
    pub url: String,
    /// How it is asked: how fast, and with which headers.
    pub route: Route,
    /// Where it is connected to, whatever the DNS says.
    pub address: Option<SocketAddr>,
    /// The digest of the key of its certificate, which has been verified: SHA-256 in base64.
    pub verified_key: Option<String>,
    /// How long its page may take to come to rest.
    pub limit: Duration,
    /// What must not be seen in a picture of the page.
    pub mask: Mask,
    /// What is added to the browser's `User-Agent`.
    pub user_agent: String,
}
