//! The `http` block: servers, addresses, names and maps.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use super::{
    CacheZone, Geo, LimitZone, Location, LocationId, LocationTree, LogFormat, Pattern, SplitClients,
    Upstream, WildcardNames,
};
use crate::template::Template;
use crate::tls::Verification;

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
    /// Every `geo`.
    pub geos: Vec<Geo>,
    /// Every `split_clients`.
    pub splits: Vec<SplitClients>,
    /// Every `limit_req_zone` and `limit_conn_zone`.
    pub limit_zones: Vec<LimitZone>,
    /// Every `charset` without variables, which is what `X-Accel-Charset` may name.
    pub charsets: Vec<String>,
    /// Every `proxy_cache_path`.
    pub caches: Vec<CacheZone>,
    /// Whether `$request_body` stands anywhere.
    pub keeps_request_body: bool,
    /// Names of the variables defined by `set` and by named captures; a slot is an index here.
    pub slots: Vec<String>,
    /// Every log format that an `access_log` uses, compiled; [`super::AccessLog::format`] is an index here.
    pub log_formats: Vec<LogFormat>,
}

/// One listening address and the virtual servers that share it.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Where to listen; port 0 is not possible.
    pub address: SocketAddr,
    /// `ipv6only=off`: an IPv6 address is for IPv4, too. Otherwise it is for IPv6 only (`IPV6_V6ONLY`).
    pub dual_stack: bool,
    /// `backlog=`, if given.
    pub backlog: Option<i32>,
    /// `ssl`: clients begin with a TLS handshake.
    pub tls: bool,
    /// `proxy_protocol`: connections begin with what another proxy tells of the client.
    pub proxy_protocol: bool,
    /// `http2`: clients may speak HTTP/2, whichever server they ask for.
    pub http2: bool,
    /// The default server (`default_server`, or the first in the file), an index into [`super::Http::servers`].
    pub default_server: usize,
    /// Servers reachable here by name.
    pub names: ServerNames,
}

/// The `server_name`s of one listening address, looked up as nginx does: exact, longest leading wildcard,
/// longest trailing wildcard, then regular expressions in file order.
#[derive(Debug, Clone, Default)]
pub struct ServerNames {
    /// Lower-case exact names.
    pub exact: HashMap<String, usize>,
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
    /// `ssl_certificate` and the other `ssl_…` directives; `None` where no certificate is named. The default server of
    /// an address with TLS has one, unless it rejects every handshake.
    pub tls: Option<ServerTls>,
    /// `ssl_verify_client`: what is asked of those who ask this server.
    pub verify_client: VerifyClient,
    /// `ssl_reject_handshake`: handshakes for this server's name are rejected.
    pub rejects_handshake: bool,
    /// `http2`.
    pub http2: Http2,
    /// `client_header_timeout`.
    pub client_header_timeout: Duration,
    /// `client_header_buffer_size`, bytes.
    pub client_header_buffer_size: usize,
    /// `large_client_header_buffers`: how many.
    pub large_client_header_buffers: usize,
    /// `large_client_header_buffers`: bytes of each. A request line or header field longer than this is refused.
    pub large_client_header_size: usize,
    /// What a request head may look like.
    pub head_rules: HeadRules,
}

/// What a request head may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadRules {
    /// `merge_slashes`: `//` in a path is one slash.
    pub merge_slashes: bool,
    /// `underscores_in_headers`: names may have underscores.
    pub underscores_in_headers: bool,
    /// `ignore_invalid_headers`: fields with other names are left out.
    pub ignore_invalid_headers: bool,
    /// `max_headers`: how many lines a head may have.
    pub max_headers: usize,
    /// Whether a port that is none makes a host invalid, as from 1.30 on.
    pub checks_ports: bool,
    /// Whether the target of a CONNECT is a host and a port (RFC 9112 §3.2.3), as from 1.30 on.
    pub knows_authority_form: bool,
}

impl Default for HeadRules {
    fn default() -> HeadRules {
        HeadRules {
            merge_slashes: true,
            underscores_in_headers: false,
            ignore_invalid_headers: true,
            max_headers: 1000,
            checks_ports: false,
            knows_authority_form: false,
        }
    }
}

/// What a handshake needs.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// For clients to whom HTTP/1.1 is spoken.
    pub http1: Arc<ServerConfig>,
    /// The same, with HTTP/2 for those who can.
    pub http2: Arc<ServerConfig>,
    /// What certificates of clients are verified by; `None` where none are asked for.
    pub clients: Option<Arc<Verification>>,
}

/// `ssl_verify_client`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VerifyClient {
    /// No client is asked for a certificate.
    #[default]
    Off,
    /// Each needs one that can be verified.
    On,
    /// If a client has one, it must be one that can be verified.
    Optional,
    /// The same, though nobody need know who has issued it.
    OptionalNoCa,
}

/// `http2` and `http2_…`.
#[derive(Debug, Clone, Copy)]
pub struct Http2 {
    /// `http2`: clients that ask for this server may speak HTTP/2, whatever its addresses say.
    pub on: bool,
    /// `http2_max_concurrent_streams`.
    pub max_concurrent_streams: u32,
    /// `http2_body_preread_size`, bytes.
    pub body_preread_size: u32,
}

/// A `map`.
#[derive(Debug, Clone)]
pub struct Map {
    /// The variable it defines, without the `$`.
    pub name: String,
    /// What is looked up.
    pub source: Template,
    /// `hostnames`.
    pub hostnames: bool,
    /// `volatile`: the value is looked up each time, and not once for a request.
    pub volatile: bool,
    /// Exact keys, lower case (nginx compares without case).
    pub exact: HashMap<Vec<u8>, Template>,
    /// `*.example.com` and `www.*` keys of a `hostnames` map.
    pub wildcards: WildcardNames<Template>,
    /// `~` and `~*` keys, in file order.
    pub regex: Vec<(Pattern, Template)>,
    /// `default`, or empty.
    pub default: Template,
}
