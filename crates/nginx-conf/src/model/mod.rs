//! The typed configuration: directives merged and ready for use on the request path.
//!
//! Everything is plain data that each worker clones for itself, so that no request shares a counter with
//! another thread. Locations live in one arena ([`Http::locations`]) and name each other by [`LocationId`];
//! the body of an `if` is a location of its own, as it is in nginx.

mod autoindex;
mod cache;
mod charset;
mod geo;
mod gzip;
mod http;
mod limit;
mod location;
mod log;
mod outline;
mod pattern;
mod proxy;
mod real_ip;
mod referers;
mod resolver;
mod secure_link;
mod settings;
mod sticky;
mod sub;
mod upstream;
mod wildcard_names;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::version::Version;

pub use autoindex::{Autoindex, AutoindexFormat};
pub use cache::{CacheName, CacheValid, CacheZone, ProxyCache};
pub use charset::Charset;
pub use geo::{Geo, GeoValues, SplitClients};
pub use gzip::{Gzip, GzipProxied, GzipStatic};
pub use http::{HeadRules, Http, Http2, Listen, Map, Server, ServerNames, ServerTls, VerifyClient};
pub use limit::{LimitConn, LimitKind, LimitReq, LimitZone, Limits};
pub use location::{
    Condition, FileTest, LimitExcept, Location, LocationId, LocationKind, LocationTree, Op, PrefixLocation,
    Rewrite,
};
pub use log::{AccessLog, ErrorLog, Level, LogEscape, LogFormat, LogTarget, Syslog, SyslogServer};
pub use outline::{DirectiveId, Outline, WrittenDirective};
pub use pattern::Pattern;
pub use proxy::{
    CookieFlags, CookieName, IgnoreHeaders, ProxyHttpVersion, ProxyPass, ProxySettings, Redirect,
    RedirectRule, UpstreamSsl,
};
pub use real_ip::{Network, RealIp, RealIpHeader};
pub use referers::Referers;
pub use resolver::NameServers;
pub use secure_link::SecureLink;
pub use settings::{
    AccessRule, AddHeader, ErrorPage, ErrorStatus, Expires, IfModifiedSince, Inherit, Root, Satisfy,
    Settings, TryFile, TryFiles, TryFilesFallback,
};
pub use sticky::{Sticky, StickyCookie, StickyExpires, StickyLearn};
pub use sub::{SubFilter, SubRule};
pub use upstream::{
    Balance, NextUpstream, ResolvedServer, ResolvedServers, ServerAddress, Upstream, UpstreamServer,
};
pub use wildcard_names::WildcardNames;

/// A whole configuration: nginx calls it a cycle.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where relative paths start (`-p`), with the trailing slash nginx prints.
    pub prefix: PathBuf,
    /// The version of nginx that it was read for, if for one.
    pub version: Option<Version>,
    /// The configuration file (`-c`), absolute.
    pub file: PathBuf,
    /// That file and every one it includes, in the order they were read, each once.
    pub files: Vec<PathBuf>,
    /// `user`, looked up; `None` when not started as root (nginx ignores it then, with a warning).
    pub user: Option<User>,
    /// `worker_processes`, `auto` resolved; at least 1.
    pub worker_processes: usize,
    /// `worker_connections`, per worker.
    pub worker_connections: usize,
    /// `worker_shutdown_timeout`; `None` for no limit.
    pub worker_shutdown_timeout: Option<Duration>,
    /// `pid`.
    pub pid: PathBuf,
    /// `error_log` of the main context; never empty (nginx's default is `logs/error.log error`).
    pub error_log: Vec<ErrorLog>,
    /// The `http` block, if there is one.
    pub http: Option<Http>,
    /// What nginx would print as `[warn]` while reading the file, each a message with its place and without `[warn]`.
    pub warnings: Vec<String>,
    /// Every directive as it was written, with its place. Nothing that serves requests depends on it.
    pub outline: Arc<Outline>,
}

impl Config {
    /// Whether it stands for nginx before 1.`minor`.`patch`.
    pub fn is_before(&self, minor: u16, patch: u16) -> bool {
        self.version.is_some_and(|version| version < Version::new(minor, patch))
    }

    /// Whether it stands for nginx from 1.`minor`.`patch` on.
    pub fn is_from(&self, minor: u16, patch: u16) -> bool {
        self.version.is_some_and(|version| version >= Version::new(minor, patch))
    }
}

/// The account that workers run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Numeric user id.
    pub uid: u32,
    /// Numeric group id.
    pub gid: u32,
}
