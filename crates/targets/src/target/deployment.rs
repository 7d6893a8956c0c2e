//! A live deployment: nothing is started or changed, and requests observe the limits of its profile.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use url::Url;

use super::TargetError;
use super::in_browser::{InBrowser, SiteKey};
use hopcheck_browser::{Browser, BrowserSite};
use hopcheck_clients::{
    AnswerLimits, ClientError, Connection, Request, RequestPolicy, Response, Route, Tls, Trust, http2_offer,
    key_digest,
};
use hopcheck_site::Mask;
use hopcheck_site::profile::{Profile, Words};

/// The `User-Agent` of requests to a deployment (RFC 9110 §10.1.5).
pub const USER_AGENT: &str = concat!("hopcheck/", env!("CARGO_PKG_VERSION"));

/// A live deployment.
#[derive(Debug)]
pub struct Deployment {
    name: String,
    url: Url,
    route: Route,
    words: Words,
    stomp_headers: Vec<(String, String)>,
    profile: Profile,
    mask: Mask,
    found: DeploymentInfo,
    key: SiteKey,
    /// Where it is connected to first.
    address: Option<SocketAddr>,
    browser: InBrowser,
}

/// What the first request found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentInfo {
    /// The header `Server`.
    pub server: Option<String>,
    /// The version of TLS.
    pub tls: Option<String>,
    /// The protocols it offers besides HTTP/1.1.
    pub offers: Vec<String>,
}

/// What HTTP/2 is called in [`DeploymentInfo::offers`].
const HTTP2: &str = "HTTP/2";

/// What WebSockets over HTTP/2 (RFC 8441) are called there.
const WEBSOCKET_OVER_HTTP2: &str = "WebSocket over HTTP/2";

impl DeploymentInfo {
    /// Whether it offers HTTP/2 in the TLS handshake (RFC 7301), so that scenarios ask over that, too.
    pub fn offers_http2(&self) -> bool {
        self.offers.iter().any(|protocol| protocol == HTTP2)
    }

    /// Whether it lets a WebSocket be a stream of an HTTP/2 connection (RFC 8441), as browsers then open it.
    pub fn offers_websocket_over_http2(&self) -> bool {
        self.offers.iter().any(|protocol| protocol == WEBSOCKET_OVER_HTTP2)
    }
}

impl Deployment {
    /// Prepares requests to the deployment that `profile` describes, and sends the first: HEAD of the front page.
    ///
    /// # Errors
    /// When the profile is incomplete, the deployment does not respond, or TLS fails; the message says what to do.
    pub async fn open(name: &str, profile: Profile) -> Result<Deployment, TargetError> {
        // What a site sends may stand in an error, too.
        let wrong =
            |what: String| TargetError::Deployment(Mask::of_credentials([]).text(&format!("{name}: {what}")));
        let url = site(profile.url.as_deref()).map_err(wrong)?;
        let secure = url.scheme() == "https";
        let addresses = addresses(&url, &profile).await.map_err(wrong)?;
        let trust = trust(&profile).map_err(wrong)?;
        let tls = secure.then(|| tls(&url, &profile, &trust)).transpose().map_err(wrong)?;
        let mut headers = vec![("User-Agent".to_owned(), USER_AGENT.to_owned())];
        let mut secrets = Vec::new();
        for (header, value) in &profile.headers {
            let value = value.reveal().map_err(wrong)?;
            secrets.push(value.clone());
            headers.push((header.clone(), value));
        }
        let stomp = &profile.stomp;
        let mut stomp_headers: Vec<_> =
            stomp.host.iter().map(|host| ("host".to_owned(), host.clone())).collect();
        for (header, secret) in [("login", &stomp.login), ("passcode", &stomp.passcode)] {
            if let Some(secret) = secret {
                let value = secret.reveal().map_err(wrong)?;
                secrets.push(value.clone());
                stomp_headers.push((header.to_owned(), value));
            }
        }
        let host = profile.connect.host.clone().unwrap_or_else(|| authority(&url));
        let limits = &profile.limits;
        let named = |destination: &Option<String>| destination.iter().cloned().collect();
        let policy = RequestPolicy::new(
            limits.requests_per_second,
            limits.in_flight,
            named(&stomp.subscribe),
            named(&stomp.send),
        );
        let sockjs = profile.sockjs().filter(|_| profile.socket.may_post);
        let policy = policy.with_sockjs(sockjs.map(str::to_owned));
        let timeout = Duration::from_secs(limits.timeout);
        let answer = AnswerLimits {
            size: usize::try_from(limits.largest_answer.0).unwrap_or(usize::MAX),
            time: Duration::from_secs(limits.longest_answer.0),
        };
        let address = addresses.first().copied();
        let route = Route::live(addresses, tls, host, headers, policy, timeout, answer);
        let (mut found, key) = first_contact(&route, &url).await.map_err(wrong)?;
        if secure && let Some(offer) = http2_offer(&route).await {
            let also = offer.extended_connect.then(|| WEBSOCKET_OVER_HTTP2.to_owned());
            found.offers.splice(0..0, std::iter::once(HTTP2.to_owned()).chain(also));
        }
        let words = Words::live(&profile);
        Ok(Deployment {
            name: name.to_owned(),
            url,
            route,
            words,
            stomp_headers,
            profile,
            mask: Mask::of_credentials(secrets),
            found,
            key,
            address,
            browser: InBrowser::default(),
        })
    }

    /// Has a browser look at it, too, from here on.
    ///
    /// # Errors
    /// When there is none, or it does not start.
    pub async fn start_browser(&self) -> Result<(), TargetError> {
        let connect = &self.profile.connect;
        let is_elsewhere = connect.address.is_some() || connect.host.is_some();
        let site = BrowserSite {
            url: format!("{}://{}", self.url.scheme(), self.route.host()),
            route: self.route.clone(),
            address: self.address.filter(|_| is_elsewhere),
            verified_key: self.key.clone(),
            limit: Duration::from_secs(self.profile.limits.longest_page.0),
            mask: self.mask.clone(),
            user_agent: USER_AGENT.to_owned(),
        };
        self.browser.start(site, connect).await
    }

    /// The browser that looks at it; why there is none, if so.
    ///
    /// # Errors
    /// When it was not started, or cannot reach the site as the profile has it.
    pub fn browser(&self) -> Result<&Browser, &str> {
        self.browser.get()
    }

    /// Ends the browser, and waits for that.
    pub async fn close_browser(&self) {
        if let Ok(browser) = self.browser() {
            browser.close().await;
        }
    }

    /// The target's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Describes it, for the head of a report.
    pub fn describe(&self) -> String {
        let DeploymentInfo { server, tls, offers } = &self.found;
        let mut known: Vec<String> = server.iter().chain(tls).cloned().collect();
        let (tested, others): (Vec<&str>, Vec<&str>) = offers
            .iter()
            .map(String::as_str)
            .partition(|protocol| [HTTP2, WEBSOCKET_OVER_HTTP2].contains(protocol));
        if !offers.is_empty() {
            let versions: Vec<&str> = std::iter::once("HTTP/1.1").chain(tested).collect();
            known.push(format!("tested over {}", versions.join(", ")));
        }
        if !others.is_empty() {
            known.push(format!("also offers {}", others.join(" and ")));
        }
        if let Ok(browser) = self.browser() {
            known.push(format!("in {}", browser.version()));
        }
        let site = self.url.as_str().trim_end_matches('/');
        if known.is_empty() { site.to_owned() } else { format!("{site} ({})", known.join("; ")) }
    }

    /// What the first request found out.
    pub fn info(&self) -> &DeploymentInfo {
        &self.found
    }

    /// The route to it.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// The values of the placeholders.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The headers of every CONNECT.
    pub fn stomp_headers(&self) -> &[(String, String)] {
        &self.stomp_headers
    }

    /// Its profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What to mask in any output.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }
}

fn site(url: Option<&str>) -> Result<Url, String> {
    let text = url.ok_or("the profile names no `url`")?;
    let example = "such as \"https://shop.example.com\"";
    let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL, {example}: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("{text:?} is not the URL of a site, {example}"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "{text:?} has a path; use the URL of the site, {example}, and put paths into the profile"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL contains a password; put `Authorization` into [headers] of the profile instead"
            .to_owned());
    }
    Ok(url)
}

/// The URL's host, with its port unless that is the default.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn addresses(url: &Url, profile: &Profile) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or(80);
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let (host, port) = match profile.connect.address.as_deref() {
        None => (host, port),
        Some(address) => match (address.parse::<SocketAddr>(), address.rsplit_once(':')) {
            (Ok(address), _) => return Ok(vec![address]),
            (_, Some((host, port))) if !host.contains(':') => {
                let port =
                    port.parse().map_err(|_| format!("[connect] address: {address:?} has no valid port"))?;
                (host.to_owned(), port)
            }
            _ => (address.to_owned(), port),
        },
    };
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let found = found.map_err(|error| format!("cannot resolve {host}: {error}"))?;
    Ok(found.collect())
}

fn trust(profile: &Profile) -> Result<Trust, String> {
    let file = |path: &Path| {
        let path = profile.directory.join(path);
        std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let connect = &profile.connect;
    let client = match (&connect.client_certificate, &connect.client_key) {
        (Some(certificate), Some(key)) => Some((file(certificate)?, file(key)?)),
        (None, None) => None,
        _ => return Err("`client-certificate` and `client-key` go together".to_owned()),
    };
    Ok(Trust { authorities: connect.ca_file.as_deref().map(file).transpose()?, client })
}

fn tls(url: &Url, profile: &Profile, trust: &Trust) -> Result<Tls, String> {
    let name = profile.connect.server_name.as_deref().or(url.host_str()).unwrap_or_default();
    let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned())
        .map_err(|error| format!("{name:?} is not a valid server name: {error}"))?;
    Ok(Tls { config: Arc::new(trust.config(&["http/1.1"])?), name })
}

/// Sends one request, so that a connection problem is not reported as a failure of every scenario.
async fn first_contact(route: &Route, url: &Url) -> Result<(DeploymentInfo, SiteKey), String> {
    let mut connection = Connection::open(route).await.map_err(|error| unreachable(url, &error))?;
    let response =
        connection.ask(&Request::new("HEAD", "/")).await.map_err(|error| unreachable(url, &error))?;
    if url.scheme() == "http" {
        misdirected(url, &response)?;
    } else if response.status == 400 {
        certificate_wanted(route).await?;
    }
    let key = connection.tls().and_then(key_digest);
    let tls = connection.tls().and_then(|tls| tls.protocol_version());
    let tls = tls.map(|version| match version {
        rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        other => format!("{other:?}"),
    });
    let http3 = response.values("alt-svc").any(|value| value.contains("h3"));
    let offers = if http3 { vec!["HTTP/3".to_owned()] } else { Vec::new() };
    let found = DeploymentInfo { server: response.value("server").map(str::to_owned), tls, offers };
    Ok((found, key))
}

fn unreachable(url: &Url, error: &ClientError) -> String {
    match error {
        ClientError::Tls(why) => {
            format!("{why}\n  this is not about routing: no request was sent yet")
        }
        error => format!(
            "{url} does not answer: {error}\n  help: check the URL, and [connect] address in the profile"
        ),
    }
}

/// nginx's `ssl_verify_client` refuses a client with a missing or wrong certificate only after the handshake, with its own
/// response to any request. (That to HEAD has no body to recognize it by.)
async fn certificate_wanted(route: &Route) -> Result<(), String> {
    let answer = async { Connection::open(route).await?.ask(&Request::new("GET", "/")).await };
    let Ok(answer) = answer.await else { return Ok(()) };
    let says = |text: &str| answer.text().contains(text);
    let why = if says("No required SSL certificate was sent") {
        "the server requires a client certificate; name one with `client-certificate` and `client-key`"
    } else if says("The SSL certificate error") {
        "the server does not accept the client's certificate; see `ssl_client_certificate`, and whether it has expired"
    } else {
        return Ok(());
    };
    Err(format!("TLS: {why}\n  this is not about routing: no other request was sent yet"))
}

/// Detects plain HTTP where HTTPS is needed.
fn misdirected(url: &Url, response: &Response) -> Result<(), String> {
    let mut secure = url.clone();
    let _ = secure.set_scheme("https");
    // nginx's response to HEAD has no body to recognize it by.
    if response.status == 400 && url.port_or_known_default() != Some(80) {
        return Err(format!(
            "{url} answers a plain HTTP request with 400, as a TLS port does; should it be {secure}?"
        ));
    }
    let to = response.value("location").filter(|_| (300..400).contains(&response.status));
    match to.and_then(|to| Url::parse(to).ok()) {
        Some(to) if to.scheme() == "https" && to.host_str() == url.host_str() => {
            Err(format!("{url} redirects to {to}: use that URL, as the promises are kept or broken there"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_url_has_only_scheme_host_and_port() {
        assert_eq!(
            authority(&site(Some("https://shop.example.com:8443/")).unwrap()),
            "shop.example.com:8443"
        );
        assert_eq!(authority(&site(Some("https://shop.example.com:443")).unwrap()), "shop.example.com");
        for wrong in ["shop.example.com", "ftp://shop", "https://shop/api", "https://u:p@shop", "http://"] {
            assert!(site(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
