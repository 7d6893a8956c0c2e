//! The typed configuration: what the directives say, merged and ready to be used on the request path.
//!
//! Everything is plain data that each worker clones for itself, so that no request shares a counter with
//! another thread. Locations live in one arena ([`Http::locations`]) and name each other by [`LocationId`];
//! the body of an `if` is a location of its own, as it is in nginx.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::template::Template;

/// A whole configuration: nginx calls it a cycle.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where relative paths start (`-p`), with the trailing slash nginx prints.
    pub prefix: PathBuf,
    /// The configuration file (`-c`), absolute.
    pub file: PathBuf,
    /// `user`, looked up; `None` when not started as root (nginx ignores it then, with a warning).
    pub user: Option<User>,
    /// `worker_processes`, `auto` resolved; at least 1.
    pub worker_processes: usize,
    /// `worker_connections`, per worker.
    pub worker_connections: usize,
    /// `pid`.
    pub pid: PathBuf,
    /// `error_log` of the main context; never empty (nginx's default is `logs/error.log error`).
    pub error_log: Vec<ErrorLog>,
    /// The `http` block, if there is one.
    pub http: Option<Http>,
    /// What nginx would print as `[warn]` while reading the file, each a message with its place and without `[warn]`.
    pub warnings: Vec<String>,
}

/// An account to drop to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Numeric user id.
    pub uid: u32,
    /// Numeric group id.
    pub gid: u32,
}

/// One `error_log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorLog {
    /// Where lines go.
    pub target: LogTarget,
    /// The least severe level that is written.
    pub level: Level,
}

/// Where a log is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LogTarget {
    /// A file, absolute.
    File(PathBuf),
    /// `stderr`.
    Stderr,
}

/// Severity, the most severe first, as in nginx's `error_log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Emerg,
    Alert,
    Crit,
    Error,
    Warn,
    Notice,
    Info,
    Debug,
}

/// The `http` block.
#[derive(Debug, Clone)]
pub struct Http {
    /// Every virtual server, in file order.
    pub servers: Vec<Server>,
    /// Every location, `if` body and server-level configuration, by [`LocationId`].
    pub locations: Vec<Location>,
    /// The listening sockets, each with the servers behind it.
    pub listen: Vec<Listen>,
    /// Every `upstream`, and one implicit upstream for each literal `proxy_pass` address.
    pub upstreams: Vec<Upstream>,
    /// Every `map`.
    pub maps: Vec<Map>,
    /// Names of the variables made by `set` and by named captures; a slot is an index here.
    pub slots: Vec<String>,
    /// Every log format that an `access_log` uses, compiled; [`AccessLog::format`] is an index here.
    pub log_formats: Vec<LogFormat>,
}

/// One listening address and the virtual servers that share it.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Where to listen; port 0 is not possible. An IPv6 address is for IPv6 only (`IPV6_V6ONLY`), as in nginx.
    pub address: SocketAddr,
    /// `backlog=`, if given.
    pub backlog: Option<i32>,
    /// The default server (`default_server`, or the first in the file), an index into [`Http::servers`].
    pub default_server: usize,
    /// Servers reachable here by name.
    pub names: ServerNames,
}

/// The `server_name`s of one listening address, looked up as nginx does: exact, longest leading wildcard,
/// longest trailing wildcard, then regular expressions in file order.
#[derive(Debug, Clone, Default)]
pub struct ServerNames {
    /// Lower-case exact names.
    pub exact: std::collections::HashMap<String, usize>,
    /// `*.example.com` as `.example.com`, longest first. A `.example.com` name is here and in `exact`.
    pub leading: Vec<(String, usize)>,
    /// `www.*` as `www.`, longest first.
    pub trailing: Vec<(String, usize)>,
    /// `~regex`, in file order.
    pub regex: Vec<(Pattern, usize)>,
}

/// A virtual server.
#[derive(Debug, Clone)]
pub struct Server {
    /// The first `server_name`, or an empty string: the value of `$server_name`.
    pub name: String,
    /// The server-level configuration and rewrite phase; also what applies when no location matches.
    pub root: LocationId,
    /// The locations to choose from.
    pub tree: LocationTree,
    /// `client_header_timeout`.
    pub client_header_timeout: Duration,
    /// `client_header_buffer_size`, bytes.
    pub client_header_buffer_size: usize,
    /// `large_client_header_buffers`: how many.
    pub large_client_header_buffers: usize,
    /// `large_client_header_buffers`: bytes of each. A request line or header field longer than this is refused.
    pub large_client_header_size: usize,
}

/// An index into [`Http::locations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocationId(pub usize);

/// Locations of one level.
#[derive(Debug, Clone, Default)]
pub struct LocationTree {
    /// `location = /uri`.
    pub exact: std::collections::HashMap<Vec<u8>, LocationId>,
    /// `location /uri` and `location ^~ /uri`, longest first.
    pub prefix: Vec<PrefixLocation>,
    /// `location ~` and `~*`, in file order.
    pub regex: Vec<(Pattern, LocationId)>,
    /// A URI that lacks only the last slash of a location with a `proxy_pass`, exact or prefix, and that location: the
    /// request is redirected (301) to its name. Looked up after `exact` and a prefix of the same length.
    pub redirect: std::collections::HashMap<Vec<u8>, LocationId>,
    /// `location @name`, names with the `@`.
    pub named: std::collections::HashMap<String, LocationId>,
}

/// A prefix location.
#[derive(Debug, Clone)]
pub struct PrefixLocation {
    /// The prefix, compared byte for byte with the normalised URI.
    pub prefix: Vec<u8>,
    /// `^~`: when this is the longest match, regexes are not tried.
    pub no_regex: bool,
    /// Set for `location /x/` with a `proxy_pass`: a request for exactly `/x` is redirected (301) to `/x/`.
    pub auto_redirect: bool,
    /// The location.
    pub id: LocationId,
}

/// A regular expression with its spelling and the slots of its named captures.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As written in the configuration.
    pub source: String,
    /// Compiled for bytes, as PCRE without its UTF mode: match it on a `[u8]`. `~*` sets the case-insensitive flag.
    pub regex: fancy_regex::Regex,
    /// Named captures: group number and slot.
    pub named: Vec<(usize, usize)>,
}

/// A location, an `if` body in one, or a server's own level: its merged settings, its share of the rewrite
/// phase and its content handler.
#[derive(Debug, Clone)]
pub struct Location {
    /// As written after `location` (without the modifier), for logs and `alias`; empty for server level and `if`.
    pub name: String,
    /// How it is chosen.
    pub kind: LocationKind,
    /// Rewrite-phase operations in file order.
    pub rewrite: Vec<Op>,
    /// Nested locations; `None` where there are none.
    pub nested: Option<LocationTree>,
    /// `internal`-like: only for named locations and `if` bodies.
    pub settings: Settings,
}

/// What makes a location apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LocationKind {
    ServerLevel,
    Exact,
    Prefix,
    Regex,
    Named,
    If,
}

/// One operation of the rewrite phase (`ngx_http_rewrite_module`).
#[derive(Debug, Clone)]
pub enum Op {
    /// `set $slot value`.
    Set {
        /// Index into [`Http::slots`].
        slot: usize,
        /// The value.
        value: Template,
    },
    /// `if (condition) { … }`: when true, the body's settings apply from here on and its operations run.
    If {
        /// What is asked.
        condition: Condition,
        /// The body.
        then: LocationId,
    },
    /// `return`.
    Return {
        /// The status; 302 where only a URL was given.
        code: u16,
        /// Text, or URL for 301, 302, 303, 307, 308. `None`: the status' own page (or nothing, for 204 and 444).
        text: Option<Template>,
    },
}

/// The condition of an `if`.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A bare variable: false when empty or `0`.
    True(Template),
    /// `=`, or `!=` when negated.
    Equal {
        /// Left-hand side.
        left: Template,
        /// Right-hand side.
        right: Template,
        /// `!=`.
        negated: bool,
    },
    /// `~`, `~*`; `!~`, `!~*` when negated.
    Matches {
        /// What is matched.
        subject: Template,
        /// The expression.
        pattern: Pattern,
        /// `!~`, `!~*`.
        negated: bool,
    },
}

/// The settings of a location after inheritance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `root` or `alias`.
    pub root: Root,
    /// `index`, in order. A value starting with `/` may only come last.
    pub index: Vec<Template>,
    /// `try_files`; not inherited (nginx does not, either).
    pub try_files: Option<TryFiles>,
    /// `types`: lower-case extension without the dot → type.
    pub types: std::sync::Arc<std::collections::HashMap<String, String>>,
    /// `default_type`.
    pub default_type: String,
    /// `etag`.
    pub etag: bool,
    /// `sendfile`.
    pub sendfile: bool,
    /// `tcp_nopush`.
    pub tcp_nopush: bool,
    /// `tcp_nodelay`.
    pub tcp_nodelay: bool,
    /// `keepalive_timeout`, first value; zero turns keep-alive off.
    pub keepalive_timeout: Duration,
    /// `keepalive_timeout`, second value: the `Keep-Alive: timeout=` response header, in seconds.
    pub keepalive_header: Option<u64>,
    /// `keepalive_requests`.
    pub keepalive_requests: u64,
    /// `client_max_body_size`, bytes; `None` for no limit (written 0).
    pub client_max_body_size: Option<u64>,
    /// `client_body_timeout`, between two reads.
    pub client_body_timeout: Duration,
    /// `send_timeout`, between two writes.
    pub send_timeout: Duration,
    /// `server_tokens`.
    pub server_tokens: bool,
    /// `add_header`, this level's or the inherited ones, never both.
    pub add_header: Vec<AddHeader>,
    /// `access_log`; empty when off.
    pub access_log: Vec<AccessLog>,
    /// `error_log` in force here.
    pub error_log: Vec<ErrorLog>,
    /// `proxy_pass`; for an `if` body without its own, its location's.
    pub proxy_pass: Option<ProxyPass>,
    /// The other `proxy_*` settings.
    pub proxy: ProxySettings,
}

/// `root` or `alias`.
#[derive(Debug, Clone)]
pub struct Root {
    /// The directory (absolute unless a variable stands first), without a trailing slash for `root`.
    pub path: Template,
    /// `alias`: replaces the location's prefix instead of being put before the URI.
    pub alias: bool,
    /// Bytes of the location's name that `alias` replaces (0 for a regex location: the path is the whole file name).
    pub alias_prefix: usize,
}

/// `try_files file… last`.
#[derive(Debug, Clone)]
pub struct TryFiles {
    /// What is tried in turn.
    pub files: Vec<TryFile>,
    /// What happens when none is there.
    pub last: TryFilesFallback,
}

/// One argument of `try_files`.
#[derive(Debug, Clone)]
pub struct TryFile {
    /// The path below `root`, without the trailing slash of a directory test.
    pub path: Template,
    /// A trailing slash was written: a directory is asked for.
    pub directory: bool,
}

/// The last argument of `try_files`.
#[derive(Debug, Clone)]
pub enum TryFilesFallback {
    /// `/uri`: an internal redirect.
    Uri(Template),
    /// `@name`.
    Named(String),
    /// `=404`.
    Status(u16),
}

/// One `add_header`.
#[derive(Debug, Clone)]
pub struct AddHeader {
    /// Field name, as written.
    pub name: String,
    /// Field value; an empty result adds nothing.
    pub value: Template,
    /// `always`: on every status. Otherwise on 200, 201, 204, 206, 301, 302, 303, 304, 307, 308 only.
    pub always: bool,
}

/// One `access_log`.
#[derive(Debug, Clone)]
pub struct AccessLog {
    /// Where lines go.
    pub target: LogTarget,
    /// Index into [`Http::log_formats`].
    pub format: usize,
    /// `if=`: nothing is written when this is empty or `0`.
    pub condition: Option<Template>,
    /// `buffer=`, bytes.
    pub buffer: Option<usize>,
    /// `flush=`.
    pub flush: Option<Duration>,
}

/// A `log_format`.
#[derive(Debug, Clone)]
pub struct LogFormat {
    /// Its name.
    pub name: String,
    /// Its text.
    pub template: Template,
    /// `escape=`.
    pub escape: LogEscape,
}

/// How variables are escaped in an access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEscape {
    /// `"`, `\` and bytes outside 32–126 as `\xXX`; an unset variable is `-`.
    Default,
    /// As a JSON string needs; an unset variable is empty.
    Json,
    /// Not at all.
    None,
}

/// `proxy_pass`.
#[derive(Debug, Clone)]
pub struct ProxyPass {
    /// What stands after `http://`, for `$proxy_host` (and the default `Host`): the upstream's name or `host[:port]`.
    pub host: String,
    /// For `$proxy_port`.
    pub port: u16,
    /// Index into [`Http::upstreams`].
    pub upstream: usize,
    /// The URI part, if one was written: replaces `replaces` bytes of the normalised URI.
    pub uri: Option<Vec<u8>>,
    /// Bytes of the location's name that `uri` replaces.
    pub replaces: usize,
}

/// The `proxy_*` settings other than `proxy_pass`.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// `proxy_set_header`, this level's or the inherited ones. `Host` and `Connection` defaults are *not* in it
    /// unless set by the file.
    pub set_header: Vec<(String, Template)>,
    /// `proxy_http_version`: 1.0 is `false`, 1.1 is `true`; `None` where the file does not say.
    pub http11: Option<bool>,
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
    /// `proxy_request_buffering`. Accepted; see `docs/directives.md` for what it changes.
    pub request_buffering: bool,
    /// `proxy_redirect`.
    pub redirect: Redirect,
    /// `proxy_hide_header`, lower case, in addition to nginx's own list.
    pub hide_header: Vec<String>,
    /// `proxy_pass_request_headers`.
    pub pass_request_headers: bool,
}

/// Upon what another server is tried: `proxy_next_upstream`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct NextUpstream {
    pub error: bool,
    pub timeout: bool,
    pub invalid_header: bool,
    pub http_500: bool,
    pub http_502: bool,
    pub http_503: bool,
    pub http_504: bool,
    pub http_403: bool,
    pub http_404: bool,
    pub http_429: bool,
    pub non_idempotent: bool,
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
        /// What must stand first.
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

/// An `upstream`.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// Its servers, one per address (a name with several addresses gives several).
    pub servers: Vec<UpstreamServer>,
    /// `keepalive`: idle connections kept per worker; `None` where the file does not say.
    pub keepalive: Option<usize>,
    /// `keepalive_requests` of the upstream.
    pub keepalive_requests: u64,
    /// `keepalive_timeout` of the upstream.
    pub keepalive_timeout: Duration,
}

/// A `server` of an upstream.
#[derive(Debug, Clone)]
pub struct UpstreamServer {
    /// As written, for logs.
    pub name: String,
    /// Where it is.
    pub address: SocketAddr,
    /// `weight=`, at least 1.
    pub weight: u32,
    /// `max_fails=`; 0 never marks it as failed.
    pub max_fails: u32,
    /// `fail_timeout=`.
    pub fail_timeout: Duration,
    /// `backup`.
    pub backup: bool,
    /// `down`.
    pub down: bool,
}

/// A `map`.
#[derive(Debug, Clone)]
pub struct Map {
    /// The variable it makes, without the `$`.
    pub name: String,
    /// What is looked up.
    pub source: Template,
    /// `hostnames`.
    pub hostnames: bool,
    /// Exact keys, lower case (nginx compares without case).
    pub exact: std::collections::HashMap<Vec<u8>, Template>,
    /// `*.example.com` and `www.*` keys of a `hostnames` map.
    pub wildcards: ServerNamesOf<Template>,
    /// `~` and `~*` keys, in file order.
    pub regex: Vec<(Pattern, Template)>,
    /// `default`, or empty.
    pub default: Template,
}

/// Wildcard names with a value each; both lists longest first.
#[derive(Debug, Clone)]
pub struct ServerNamesOf<T> {
    /// `*.example.com` as `.example.com`.
    pub leading: Vec<(String, T)>,
    /// `www.*` as `www.`.
    pub trailing: Vec<(String, T)>,
}
