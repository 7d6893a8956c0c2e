//! Proxying: what is sent to upstream servers, and how their responses are passed on.

use std::sync::Arc;
use std::time::Duration;

use super::{NextUpstream, Pattern, ProxyCache};
use crate::template::Template;
use crate::tls::UpstreamTls;

/// `proxy_pass`.
#[derive(Debug, Clone, Default)]
pub struct ProxyPass {
    /// The whole URL, where variables are part of it; the other fields are then determined for each request.
    pub computed: Option<Template>,
    /// Whether it is `https://`.
    pub is_https: bool,
    /// What stands after `http://`, for `$proxy_host` (and the default `Host`): the upstream's name or `host[:port]`.
    pub host: String,
    /// For `$proxy_port`; 0 for a socket of this machine, which has none.
    pub port: u16,
    /// Index into [`super::Http::upstreams`].
    pub upstream: usize,
    /// The URI part, if one was written: replaces `replaces` bytes of the normalised URI.
    pub uri: Option<Vec<u8>>,
    /// Bytes of the location's name that `uri` replaces.
    pub replaces: usize,
    /// Whether `uri` is all of the target: neither the rest of the path nor the arguments follow.
    pub is_whole: bool,
}

/// The version of HTTP that app servers are asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProxyHttpVersion {
    /// HTTP/1.0: neither chunks nor, by default, connections that are kept.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2, without asking whether the app server speaks it (RFC 9113 §3.3).
    Http2,
}

/// The `proxy_*` settings other than `proxy_pass`.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// `proxy_set_header`, this level's or the inherited ones. `Host` and `Connection` defaults are *not* in it
    /// unless set by the file.
    pub set_header: Vec<(String, Template)>,
    /// `proxy_http_version`; `None` where the file does not say.
    pub http_version: Option<ProxyHttpVersion>,
    /// Whether app servers are asked to close connections where the file does not say (`Connection: close`).
    pub closes: bool,
    /// `proxy_connect_timeout`.
    pub connect_timeout: Duration,
    /// `proxy_send_timeout`, between two writes.
    pub send_timeout: Duration,
    /// `proxy_read_timeout`, between two reads; also how long a tunnel may be silent.
    pub read_timeout: Duration,
    /// `proxy_next_upstream`.
    pub next_upstream: NextUpstream,
    /// `proxy_next_upstream_tries`; 0 is no limit.
    pub next_upstream_tries: usize,
    /// `proxy_next_upstream_timeout`; zero is no limit.
    pub next_upstream_timeout: Duration,
    /// `proxy_buffering`. Accepted; the response is streamed either way, with at most a few buffers in flight.
    pub buffering: bool,
    /// `proxy_request_buffering`. Whether a request body is read before it is sent on.
    pub request_buffering: bool,
    /// `proxy_buffer_size`: the most bytes of a response's head.
    pub buffer_size: usize,
    /// `proxy_redirect`.
    pub redirect: Redirect,
    /// `proxy_cookie_domain`, in order; the first that matches is applied. A prefix is the whole domain here.
    pub cookie_domain: Vec<RedirectRule>,
    /// `proxy_cookie_path`, in order; the first that matches is applied.
    pub cookie_path: Vec<RedirectRule>,
    /// `proxy_cookie_flags`, in order; the first whose name is the cookie's is applied.
    pub cookie_flags: Vec<CookieFlags>,
    /// `proxy_hide_header`, lower case, in addition to nginx's own list.
    pub hide_header: Vec<String>,
    /// `proxy_pass_header`, lower case: what is hidden otherwise and is not.
    pub pass_header: Vec<String>,
    /// `proxy_method`.
    pub method: Option<Template>,
    /// `proxy_set_body`.
    pub set_body: Option<Template>,
    /// `proxy_ignore_client_abort`.
    pub ignore_client_abort: bool,
    /// `proxy_intercept_errors`.
    pub intercept_errors: bool,
    /// `proxy_pass_request_headers`.
    pub pass_request_headers: bool,
    /// `proxy_pass_request_body`.
    pub pass_request_body: bool,
    /// `proxy_ignore_headers`.
    pub ignore_headers: IgnoreHeaders,
    /// `proxy_cache` and what goes with it.
    pub cache: ProxyCache,
    /// `proxy_ssl_…`.
    pub ssl: UpstreamSsl,
}

impl ProxySettings {
    /// Whether the client's body is passed on.
    pub fn passes_body(&self) -> bool {
        self.pass_request_body && self.set_body.is_none()
    }
}

/// TLS to app servers: `proxy_ssl_…`.
#[derive(Debug, Clone, Default)]
pub struct UpstreamSsl {
    /// How they are spoken to; `None` where no `proxy_pass` can be `https://`.
    pub tls: Option<Arc<UpstreamTls>>,
    /// `proxy_ssl_name`; `None` for `$proxy_host`.
    pub name: Option<Template>,
    /// `proxy_ssl_server_name`.
    pub server_name: bool,
}

impl ProxyPass {
    /// What a socket of this machine is called in `Host`.
    pub const SOCKET_HOST: &'static str = "localhost";

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// The port of a URL that names none.
    pub fn default_port(is_https: bool) -> u16 {
        if is_https { 443 } else { 80 }
    }
}

/// Fields of app servers' responses that say nothing to the proxy: `proxy_ignore_headers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct IgnoreHeaders {
    pub accel_redirect: bool,
    pub accel_expires: bool,
    pub accel_buffering: bool,
    pub accel_limit_rate: bool,
    pub accel_charset: bool,
    pub expires: bool,
    pub cache_control: bool,
    pub set_cookie: bool,
    pub vary: bool,
}

/// `proxy_redirect`.
#[derive(Debug, Clone)]
pub enum Redirect {
    /// `off`.
    Off,
    /// `default` and explicit pairs, in order; the first that matches is applied.
    Rules(Vec<RedirectRule>),
}

/// One rule of `proxy_redirect`.
#[derive(Debug, Clone)]
pub enum RedirectRule {
    /// The text of `Location`/`Refresh` up to `from` is replaced by `to`.
    Prefix {
        /// What the value must start with.
        from: Template,
        /// What replaces it.
        to: Template,
    },
    /// `~` or `~*`.
    Regex {
        /// The expression.
        pattern: Pattern,
        /// The whole new value.
        to: Template,
    },
}

/// A `proxy_cookie_flags`.
#[derive(Debug, Clone)]
pub struct CookieFlags {
    /// The cookies that it is for.
    pub name: CookieName,
    /// `secure`, `nosecure`, `samesite=lax` and so on.
    pub flags: Vec<Template>,
}

/// The name of a cookie.
#[derive(Debug, Clone)]
pub enum CookieName {
    /// This name, in upper or lower case.
    Exact(Template),
    /// `~`.
    Regex(Pattern),
}
