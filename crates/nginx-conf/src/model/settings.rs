//! The settings of a location.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{
    AccessLog, Autoindex, Charset, ErrorLog, Gzip, LimitConn, LimitReq, Limits, NameServers, Network,
    ProxyPass, ProxySettings, RealIp, Referers, SecureLink, SubFilter,
};
use crate::template::Template;
use crate::units::parse_seconds;

/// The settings of a location after inheritance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `root` or `alias`.
    pub root: Root,
    /// `index`, in order. A value starting with `/` may only come last.
    pub index: Vec<Template>,
    /// `try_files`; not inherited (nor by nginx).
    pub try_files: Option<TryFiles>,
    /// `types`: lower-case extension without the dot → type.
    pub types: Arc<HashMap<String, String>>,
    /// `default_type`.
    pub default_type: String,
    /// `etag`.
    pub etag: bool,
    /// `if_modified_since`.
    pub if_modified_since: IfModifiedSince,
    /// `autoindex` and what goes with it.
    pub autoindex: Autoindex,
    /// `sendfile`.
    pub sendfile: bool,
    /// `tcp_nopush`.
    pub tcp_nopush: bool,
    /// `tcp_nodelay`.
    pub tcp_nodelay: bool,
    /// `keepalive_time`: a client connection that is older is closed after its next response.
    pub keepalive_time: Duration,
    /// `log_not_found`.
    pub log_not_found: bool,
    /// `max_ranges`; `None` for any number.
    pub max_ranges: Option<u64>,
    /// `chunked_transfer_encoding`.
    pub chunked_transfer_encoding: bool,
    /// `absolute_redirect`.
    pub absolute_redirect: bool,
    /// `port_in_redirect`.
    pub port_in_redirect: bool,
    /// `server_name_in_redirect`.
    pub server_name_in_redirect: bool,
    /// `keepalive_timeout`, first value; zero turns keep-alive off.
    pub keepalive_timeout: Duration,
    /// `keepalive_timeout`, second value: the `Keep-Alive: timeout=` response header, in seconds.
    pub keepalive_header: Option<u64>,
    /// `keepalive_requests`.
    pub keepalive_requests: u64,
    /// `client_max_body_size`, bytes; `None` for no limit (written 0).
    pub client_max_body_size: Option<u64>,
    /// `client_body_buffer_size`: how long a body is that `$request_body` tells.
    pub client_body_buffer_size: usize,
    /// `client_body_timeout`, between two reads.
    pub client_body_timeout: Duration,
    /// `early_hints`: with one that is neither empty nor `0`, a 103 is passed on. This level's or the inherited ones.
    pub early_hints: Vec<Template>,
    /// `send_timeout`, between two writes.
    pub send_timeout: Duration,
    /// `limit_rate`: bytes in a second; 0 for no limit.
    pub limit_rate: Option<Template>,
    /// `limit_rate_after`: bytes that are sent before that.
    pub limit_rate_after: Option<Template>,
    /// `server_tokens`.
    pub server_tokens: bool,
    /// `internal`: only internal redirects reach this location.
    pub internal: bool,
    /// `allow` and `deny`, this level's or the inherited ones, never both; the first that matches counts.
    pub access: Vec<AccessRule>,
    /// `set_real_ip_from` and what goes with it.
    pub real_ip: RealIp,
    /// `secure_link` and what goes with it.
    pub secure_link: SecureLink,
    /// `valid_referers`; `None` where every request is valid.
    pub referers: Option<Arc<Referers>>,
    /// `resolver`; `None` where there is none.
    pub resolver: Option<Arc<NameServers>>,
    /// `resolver_timeout`.
    pub resolver_timeout: Duration,
    /// `rewrite_log`: what becomes of URIs is logged as a notice.
    pub rewrite_log: bool,
    /// `auth_basic`: the realm; `off` for everybody.
    pub auth_basic: Option<Template>,
    /// `auth_basic_user_file`.
    pub auth_basic_user_file: Option<Template>,
    /// `auth_request`; `None` for `off`.
    pub auth_request: Option<String>,
    /// `auth_request_set`, this level's or the inherited ones, never both: indices into [`super::Http::slots`], and values.
    pub auth_request_set: Vec<(usize, Template)>,
    /// `auth_delay`: how long a 401 takes.
    pub auth_delay: Duration,
    /// `satisfy`.
    pub satisfy: Satisfy,
    /// `limit_req` and what goes with it.
    pub limit_req: Limits<LimitReq>,
    /// `limit_conn` and what goes with it.
    pub limit_conn: Limits<LimitConn>,
    /// `error_page`, this level's or the inherited ones, never both.
    pub error_page: Vec<ErrorPage>,
    /// `recursive_error_pages`.
    pub recursive_error_pages: bool,
    /// `expires`.
    pub expires: Expires,
    /// `add_header`, this level's or the inherited ones, or both by `add_header_inherit`.
    pub add_header: Vec<AddHeader>,
    /// `add_header_inherit`.
    pub add_header_inherit: Inherit,
    /// `add_trailer`, as `add_header`.
    pub add_trailer: Vec<AddHeader>,
    /// `add_trailer_inherit`.
    pub add_trailer_inherit: Inherit,
    /// `charset` and what goes with it.
    pub charset: Charset,
    /// `gzip` and what goes with it.
    pub gzip: Gzip,
    /// `sub_filter` and what goes with it.
    pub sub: SubFilter,
    /// `access_log`; empty when off.
    pub access_log: Vec<AccessLog>,
    /// `error_log` in force here.
    pub error_log: Vec<ErrorLog>,
    /// `stub_status`; for an `if` body without a content handler of its own, its location's.
    pub stub_status: bool,
    /// `mirror`, this level's or the inherited ones, never both.
    pub mirror: Vec<String>,
    /// `mirror_request_body`.
    pub mirror_request_body: bool,
    /// `proxy_pass`; for an `if` body without its own, its location's.
    pub proxy_pass: Option<ProxyPass>,
    /// The other `proxy_*` settings.
    pub proxy: ProxySettings,
}

/// `root` or `alias`.
#[derive(Debug, Clone)]
pub struct Root {
    /// The directory, without a trailing slash for `root`.
    pub path: Template,
    /// Where the directory starts if the variable that stands first in `path` makes it relative; `None` where `path`
    /// starts with a slash.
    pub prefix: Option<String>,
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
    /// `/uri` or `@name`: an internal redirect.
    Uri(Template),
    /// `=404`.
    Status(u16),
}

/// An `allow` or `deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRule {
    /// `allow`.
    pub allow: bool,
    /// The clients; `None` for `all`. A rule for `unix:` is left out.
    pub clients: Option<Network>,
}

impl AccessRule {
    /// Whether it applies to the client at `address`.
    pub fn fits(&self, address: IpAddr) -> bool {
        self.clients.is_none_or(|clients| clients.contains(address))
    }
}

/// Whether all of `allow`, `deny`, `auth_basic` and `auth_request` have to let a client in, or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Satisfy {
    #[default]
    All,
    Any,
}

/// `if_modified_since`: when the copy of a client is new enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfModifiedSince {
    /// `off`: never.
    Off,
    /// `exact`: it is of the same second.
    #[default]
    Exact,
    /// `before`: it is not older.
    Before,
}

/// What an `error_page` says of one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPage {
    /// The status.
    pub status: u16,
    /// What it becomes.
    pub answer: ErrorStatus,
    /// A path, a URL or the name of a location.
    pub page: Template,
}

/// The status of an answer in place of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorStatus {
    /// The error's own.
    Same,
    /// `=CODE`.
    Fixed(u16),
    /// `=`: that of whatever answers.
    Answer,
}

/// `expires`: what `Expires` and `Cache-Control` say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expires {
    /// `off`: nothing.
    #[default]
    Off,
    /// `epoch`: a time long past, and `no-cache`.
    Epoch,
    /// `max`: the end of 2037, and `max-age` of ten years.
    Max,
    /// So many seconds after the request; `no-cache` if negative.
    Access(i64),
    /// `modified`: so many seconds after the file was changed.
    Modified(i64),
    /// `@`: the next time that it is this second of the day.
    Daily(u32),
    /// A text with variables, evaluated for each response; anything that is not a time is `off`.
    Computed {
        /// The text.
        value: Template,
        /// `modified`.
        modified: bool,
    },
}

impl Expires {
    /// What `text` says, after `modified` or without.
    ///
    /// # Errors
    ///
    /// Why it is invalid, in nginx's words.
    pub fn parse(text: &str, modified: bool) -> Result<Expires, &'static str> {
        match (text, modified) {
            ("off", false) => return Ok(Expires::Off),
            ("epoch", false) => return Ok(Expires::Epoch),
            ("max", false) => return Ok(Expires::Max),
            _ => {}
        }
        let (daily, rest) = match text.strip_prefix('@') {
            Some(_) if modified => return Err("daily time cannot be used with \"modified\" parameter"),
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (sign, digits) = match rest.as_bytes().first() {
            Some(b'-') if !daily => (-1, &rest[1..]),
            Some(b'+') if !daily => (1, &rest[1..]),
            _ => (1, rest),
        };
        let seconds = parse_seconds(digits).and_then(|time| i64::try_from(time.as_secs()).ok());
        let seconds = sign * seconds.ok_or("invalid value")?;
        match (daily, modified) {
            (true, _) => match u32::try_from(seconds) {
                Ok(second) if second <= 86_400 => Ok(Expires::Daily(second)),
                _ => Err("daily time value must be less than 24 hours"),
            },
            (false, true) => Ok(Expires::Modified(seconds)),
            (false, false) => Ok(Expires::Access(seconds)),
        }
    }
}

/// What becomes of the directives of the level around one: `add_header_inherit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inherit {
    /// `on`: they hold where a level has none of its own.
    On,
    /// `off`: they do not hold.
    Off,
    /// `merge`: they hold, too.
    Merge,
}

/// One `add_header` or `add_trailer`.
#[derive(Debug, Clone)]
pub struct AddHeader {
    /// Field name, as written.
    pub name: String,
    /// Field value; an empty result adds nothing.
    pub value: Template,
    /// `always`: on every status. Otherwise on 200, 201, 204, 206, 301, 302, 303, 304, 307, 308 only.
    pub always: bool,
}
