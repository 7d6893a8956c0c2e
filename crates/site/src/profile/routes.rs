//! The routes and upstreams that a site is meant to have.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Seconds, Size};
use crate::kind::Kind;
use crate::uri::Uri;

/// A route that the configuration must have. A field that is left out is not compared.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PromisedRoute {
    /// The server, by the name and the port that clients ask for: `shop.example.com:443`, or `*:80` where any name will
    /// do. Left out: any server.
    pub server: Option<String>,
    /// A path of it.
    pub path: String,
    /// Whether only this path belongs to it, and none that begins so.
    #[serde(default)]
    pub exact: bool,
    /// What it is, as `hopcheck routes` prints it.
    pub kind: Option<Kind>,
    /// Where it leads: what `proxy_pass`, `root` or `alias`, or `return` has.
    pub to: Option<String>,
    /// The upstreams that its requests may reach, or app servers by their addresses, where `to` cannot say that: with a variable in
    /// it, behind `map` or `rewrite`.
    pub upstreams: Option<Vec<String>>,
    /// How its path is handed on to the app: `kept` as it was asked, `replaced` by what `proxy_pass` has after the host, or
    /// `rewritten`.
    pub uri: Option<Uri>,
    /// For files: the page that is shown for every path that is none.
    pub fallback: Option<String>,
    /// Who may come: `everybody`, or those let in by a directive, such as `auth_basic`.
    pub access: Option<String>,
    /// Who does CORS: the app, the proxy, or nobody, as no other origin may read it.
    pub cors: Option<Cors>,
    /// How long the app may take to answer: `90s`, `5m`.
    pub longest_answer: Option<Seconds>,
    /// How large the largest upload is, as nginx writes sizes: `10m`, `512k`, or bytes.
    pub largest_upload: Option<Size>,
    /// Whether it sends server-sent events, which the proxy must not hold back. Left out where the app says so itself, by
    /// `X-Accel-Buffering: no`.
    pub sse: Option<bool>,
    /// The request headers that the proxy adds for the app, or replaces: `["Host", "X-Forwarded-For"]`.
    pub forwards: Option<Vec<String>>,
    /// The response headers that its page, or its files, must carry.
    pub headers: Option<Vec<String>>,
    /// The methods that the proxy itself turns away, by an `if`: `[]` where it turns away none.
    pub refuses: Option<Vec<String>>,
    /// For files: the media types that are compressed, as `gzip_types` has them.
    pub compressed: Option<Vec<String>>,
    /// What is spoken over a WebSocket; left out, messages of any kind.
    pub protocol: Option<Protocol>,
    /// Whether everybody may read the source maps of a build.
    pub source_maps: Option<bool>,
    /// Whether the files of every build have the same times, as those of reproducible builds do.
    pub fixed_times: Option<bool>,
    /// The line it begins in.
    #[serde(skip)]
    pub line: usize,
}

/// Who adds `Access-Control-Allow-Origin` to answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cors {
    /// The app.
    App,
    /// The proxy.
    Proxy,
    /// Neither: pages of other origins may not read it.
    Nobody,
}

/// What is spoken over a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// STOMP 1.2.
    Stomp,
}

/// An upstream that the configuration must have. A field that is left out is not compared.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PromisedUpstream {
    /// How many servers share the requests, those marked `backup` or `down` not counted.
    pub servers: Option<usize>,
    /// How many servers are marked `backup`.
    pub backups: Option<usize>,
    /// How requests are spread: `round robin`, or the directive that says otherwise, such as `least_conn`.
    pub balancing: Option<String>,
    /// The line it begins in.
    #[serde(skip)]
    pub line: usize,
}

/// A [`PromisedRoute::access`] of a place that everybody may come to.
pub const EVERYBODY: &str = "everybody";

impl PromisedRoute {
    /// A route of which nothing is said but where it is.
    pub fn at(path: &str, exact: bool) -> PromisedRoute {
        PromisedRoute {
            server: None,
            path: path.to_owned(),
            exact,
            kind: None,
            to: None,
            upstreams: None,
            uri: None,
            fallback: None,
            access: None,
            cors: None,
            longest_answer: None,
            largest_upload: None,
            sse: None,
            forwards: None,
            headers: None,
            refuses: None,
            compressed: None,
            protocol: None,
            source_maps: None,
            fixed_times: None,
            line: 0,
        }
    }

    /// What tells it from the others of its profile: its path, and its server.
    pub fn title(&self) -> String {
        let rest = if self.exact { "" } else { "…" };
        let server = self.server.as_ref().map(|server| format!(" on {server}"));
        format!("{}{rest}{}", self.path, server.unwrap_or_default())
    }
}
