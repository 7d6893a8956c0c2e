//! One level of the configuration, as written and not merged yet.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::autoindex::AutoindexSettings;
use super::cache::CacheSettings;
use super::gzip::GzipSettings;
use super::http2::Http2Settings;
use super::limit::{LimitConnSettings, LimitReqSettings};
use super::proxy_ssl::ProxySslSettings;
use super::referers::RefererSettings;
use super::ssl::SslSettings;
use super::sub::SubSettings;
use crate::error::ConfigError;
use crate::model::{
    AccessLog, AccessRule, AddHeader, CookieFlags, DirectiveId, ErrorLog, ErrorPage, Expires,
    IfModifiedSince, IgnoreHeaders, Inherit, LimitExcept, LocationId, LocationKind, NameServers, Network,
    NextUpstream, Op, Pattern, ProxyHttpVersion, ProxyPass, RealIpHeader, Redirect, RedirectRule, Root,
    Satisfy, SecureLink, TryFiles,
};
use crate::template::Template;

/// The number of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LevelId(pub usize);

/// `http`, a `server`, a `location` or the body of an `if`.
#[derive(Debug)]
pub(crate) struct Level {
    /// What it is; `None` for `http`.
    pub kind: Option<LocationKind>,
    /// What stands after `location`, without the modifier.
    pub name: String,
    /// `^~`.
    pub no_regex: bool,
    /// The expression of a regex location.
    pub pattern: Option<Pattern>,
    /// The level around it.
    pub parent: LevelId,
    /// The directive that it is the block of.
    pub directive: Option<DirectiveId>,
    /// The error to report if another location has the same name.
    pub duplicate_error: Option<ConfigError>,
    /// Its settings.
    pub settings: RawSettings,
    /// `limit_except`.
    pub limit_except: Option<LimitExcept>,
    /// Its share of the rewrite phase.
    pub rewrite: Vec<Op>,
}

/// What the directives of one level say.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct RawSettings {
    /// What was said that changes nothing.
    pub tuning: HashSet<String>,
    pub root: Option<Root>,
    pub index: Vec<Template>,
    pub try_files: Option<TryFiles>,
    pub types: Option<HashMap<String, String>>,
    pub default_type: Option<String>,
    pub etag: Option<bool>,
    pub if_modified_since: Option<IfModifiedSince>,
    pub autoindex: AutoindexSettings,
    pub sendfile: Option<bool>,
    pub tcp_nopush: Option<bool>,
    pub tcp_nodelay: Option<bool>,
    pub keepalive_time: Option<Duration>,
    pub log_not_found: Option<bool>,
    pub max_ranges: Option<u64>,
    pub chunked_transfer_encoding: Option<bool>,
    pub absolute_redirect: Option<bool>,
    pub port_in_redirect: Option<bool>,
    pub server_name_in_redirect: Option<bool>,
    pub max_headers: Option<usize>,
    pub merge_slashes: Option<bool>,
    pub underscores_in_headers: Option<bool>,
    pub ignore_invalid_headers: Option<bool>,
    pub keepalive_timeout: Option<(Duration, Option<u64>)>,
    pub keepalive_requests: Option<u64>,
    pub client_max_body_size: Option<u64>,
    pub client_body_timeout: Option<Duration>,
    pub client_body_buffer_size: Option<usize>,
    pub client_header_timeout: Option<Duration>,
    pub client_header_buffer_size: Option<usize>,
    pub large_client_header_buffers: Option<(usize, usize)>,
    pub send_timeout: Option<Duration>,
    pub limit_rate: Option<Template>,
    pub limit_rate_after: Option<Template>,
    pub auth_delay: Option<Duration>,
    pub server_tokens: Option<bool>,
    pub internal: Option<bool>,
    pub access: Vec<AccessRule>,
    pub error_page: Vec<ErrorPage>,
    pub recursive_error_pages: Option<bool>,
    pub intercept_errors: Option<bool>,
    pub expires: Option<Expires>,
    pub add_header: Vec<AddHeader>,
    pub add_header_inherit: Option<Inherit>,
    pub add_trailer: Vec<AddHeader>,
    pub add_trailer_inherit: Option<Inherit>,
    pub access_log: Vec<AccessLog>,
    pub access_log_off: bool,
    pub error_log: Vec<ErrorLog>,
    /// Whether `stub_status` is the last of the content handlers named here.
    pub stub_status: Option<bool>,
    /// `Some` of nothing for `off`.
    pub mirror: Option<Vec<String>>,
    pub mirror_request_body: Option<bool>,
    pub proxy_pass: Option<ProxyPass>,
    /// The address of `proxy_pass` as written, and what `proxy_redirect default` makes of it.
    pub default_redirect: Option<RedirectRule>,
    pub set_header: Vec<(String, Template)>,
    pub http_version: Option<ProxyHttpVersion>,
    pub connect_timeout: Option<Duration>,
    pub proxy_send_timeout: Option<Duration>,
    pub read_timeout: Option<Duration>,
    /// When another server is tried, and whether `off` was among it.
    pub next_upstream: Option<(NextUpstream, bool)>,
    pub next_upstream_tries: Option<usize>,
    pub next_upstream_timeout: Option<Duration>,
    pub buffering: Option<bool>,
    pub request_buffering: Option<bool>,
    pub proxy_buffer_size: Option<usize>,
    pub proxy_buffers: Option<(usize, usize)>,
    pub proxy_busy_buffers_size: Option<usize>,
    pub redirect: Option<Redirect>,
    /// `Some` of nothing for `off`.
    pub cookie_domain: Option<Vec<RedirectRule>>,
    pub cookie_path: Option<Vec<RedirectRule>>,
    pub cookie_flags: Option<Vec<CookieFlags>>,
    pub hide_header: Vec<String>,
    pub pass_header: Vec<String>,
    pub proxy_method: Option<Template>,
    pub proxy_set_body: Option<Template>,
    pub ignore_client_abort: Option<bool>,
    pub proxy_ssl: ProxySslSettings,
    pub pass_request_headers: Option<bool>,
    pub pass_request_body: Option<bool>,
    pub auth_basic: Option<Template>,
    pub auth_basic_user_file: Option<Template>,
    /// `Some` of nothing for `off`.
    pub auth_request: Option<Option<String>>,
    pub auth_request_set: Vec<(usize, Template)>,
    pub satisfy: Option<Satisfy>,
    pub rewrite_log: Option<bool>,
    pub resolver: Option<Arc<NameServers>>,
    pub resolver_timeout: Option<Duration>,
    pub referers: Option<RefererSettings>,
    /// `referer_hash_max_size` and `referer_hash_bucket_size`, which have no effect.
    pub referer_hash: (Option<u32>, Option<u32>),
    pub real_ip_from: Option<Vec<Network>>,
    pub real_ip_header: Option<RealIpHeader>,
    pub real_ip_recursive: Option<bool>,
    /// `Some` of nothing for `off`.
    pub charset: Option<Option<Template>>,
    pub source_charset: Option<Template>,
    /// `Some` of nothing for `*`.
    pub charset_types: Option<Option<HashSet<String>>>,
    pub override_charset: Option<bool>,
    pub cache: CacheSettings,
    pub ignore_headers: Option<IgnoreHeaders>,
    pub gzip: GzipSettings,
    pub sub: SubSettings,
    pub secure_link: SecureLink,
    pub early_hints: Vec<Template>,
    pub limit_req: LimitReqSettings,
    pub limit_conn: LimitConnSettings,
    pub tls: SslSettings,
    pub http2: Http2Settings,
}

impl LevelId {
    /// The `http` block.
    pub(crate) const HTTP: LevelId = LevelId(0);

    /// The location this level becomes: `http` itself becomes none.
    pub(crate) fn location(self) -> LocationId {
        LocationId(self.0.saturating_sub(1))
    }
}

impl Level {
    /// The `http` block.
    pub(crate) fn http() -> Level {
        Level {
            kind: None,
            name: String::new(),
            no_regex: false,
            pattern: None,
            parent: LevelId::HTTP,
            directive: None,
            duplicate_error: None,
            settings: RawSettings::default(),
            limit_except: None,
            rewrite: Vec::new(),
        }
    }

    /// A level of some kind, empty.
    pub(crate) fn new(kind: LocationKind, name: &str) -> Level {
        Level { kind: Some(kind), name: name.to_owned(), ..Level::http() }
    }
}
