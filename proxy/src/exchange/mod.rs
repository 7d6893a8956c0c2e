//! A request while it is answered: nginx's `ngx_http_request_t`.

mod captures;
mod credentials;
mod evaluate;
mod forwarded;
mod geo;
mod limit_rate;
mod matching;
mod memory;
pub(crate) mod path;
mod referer;
mod secure_link;
mod status;
mod subrequest;
mod tls_values;
mod traced;
mod upstream_values;

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::net::SocketAddr;

use crate::cycle::Cycle;
use crate::limits::ConnectionSlot;
use crate::log::Escaped;
use crate::message::Headers;
use crate::message::proxy_protocol::ProxyHeader;
use crate::message::request::Request;
use crate::tls::TlsInfo;
use crate::trace::Trace;
use crate::turn::{self, Moment};
use captures::Captures;
pub(crate) use credentials::Credentials;
pub(crate) use forwarded::forwarded;
pub(crate) use memory::RequestMemory;
use nginx_conf::model::{Http, Level, LocationId, LocationKind, ProxyPass, Server, Settings};
pub(crate) use status::{Attempt, CacheStatus, LimitStatus};
pub(crate) use traced::shown_uri;

/// The most internal redirects of a request: `NGX_HTTP_MAX_URI_CHANGES`.
const MAX_URI_CHANGES: u8 = 10;

/// The client's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientInfo {
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// The local address.
    pub(crate) local: SocketAddr,
    /// The number of the connection (`$connection`).
    pub(crate) number: u64,
    /// When it connected (`$connection_time`).
    pub(crate) since: Moment,
    /// Requests on this connection so far, including this one (`$connection_requests`).
    pub(crate) requests: u64,
}

/// A request, its response, and all that is known in between.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) cycle: &'a Cycle,
    pub(crate) http: &'a Http,
    pub(crate) client: ClientInfo,
    /// Who connected, whatever `real_ip_header` makes of it (`$realip_remote_addr`).
    pub(crate) connected: SocketAddr,
    /// Whether `real_ip_header` has told the client's address.
    pub(crate) real_ip_found: bool,
    /// On a TLS connection, what the handshake negotiated.
    pub(crate) tls: Option<&'a TlsInfo>,
    /// On a connection from another proxy, what that has told of the client (`listen … proxy_protocol`).
    pub(crate) proxy_header: Option<&'a ProxyHeader>,
    pub(crate) request: Request,
    pub(crate) server: &'a Server,
    pub(crate) settings: &'a Settings,
    /// The level that has these settings.
    pub(crate) level: LocationId,
    /// The location that these are of; in an `if`, the one around it.
    location: LocationId,
    /// The normalised path (`$uri`).
    pub(crate) uri: Vec<u8>,
    /// The query (`$args`).
    pub(crate) args: Vec<u8>,
    /// Whether there is a query, even if it is empty: after the fallback of `try_files`, a log shows it as such.
    pub(crate) has_args: bool,
    /// Whether it is a request within another, which its client has not asked for and does not see answered.
    pub(crate) is_subrequest: bool,
    /// Whether it is a GET, whatever its client has sent: a request within another.
    pub(crate) is_get: bool,
    /// What refuses the client so far, while it is asked whether another rule lets it in (`satisfy any`).
    pub(crate) refused: Option<u16>,
    /// Whether a `rewrite` has replaced the URI, which makes the request an internal one.
    pub(crate) is_rewritten: bool,
    /// Whether a location has to be chosen for it.
    pub(crate) uri_changed: bool,
    /// Whether the URI begins with the location's name still, so that `proxy_pass` may replace that.
    pub(crate) valid_location: bool,
    /// Whether the target may be passed on as the client sent it.
    pub(crate) valid_unparsed_uri: bool,
    /// Whether the path has to be encoded when it is passed on: it came encoded, or from a redirect.
    pub(crate) quoted_uri: bool,
    /// See [`FileRequest::add_uri_to_alias`](crate::files::FileRequest::add_uri_to_alias).
    pub(crate) add_uri_to_alias: bool,
    /// Whether settings that an `if` has replaced had a `proxy_pass`.
    pub(crate) if_had_proxy_pass: bool,
    /// The `proxy_pass`, if it has variables and they were evaluated.
    pub(crate) evaluated_pass: Option<ProxyPass>,
    /// `$limit_rate`: what `set` or an app server says, and `limit_rate` once a response is sent.
    pub(crate) limit_rate: Option<u64>,
    /// What an app server says of the characters of its answer.
    pub(crate) accel_charset: Option<Vec<u8>>,
    /// The `Set-Cookie` of `sticky`.
    pub(crate) sticky_cookies: Vec<Vec<u8>>,
    /// The status that an `error_page` gives to the response.
    pub(crate) error_status: Option<u16>,
    /// Whether no other `error_page` applies (`recursive_error_pages off`).
    pub(crate) error_page_used: bool,
    uri_changes: u8,
    pub(crate) variables: VariableCache,
    pub(crate) started: Moment,
    /// Whether it had arrived before the one before it was answered (`$pipe`).
    pub(crate) is_pipelined: bool,
    pub(crate) status: u16,
    pub(crate) keep_alive: bool,
    /// Whether the client may still be sending, so that closing at once could lose the response.
    pub(crate) linger: bool,
    /// Whether a 100 was sent.
    pub(crate) sent_continue: bool,
    /// Bytes of the request's head and body (`$request_length`).
    pub(crate) request_length: u64,
    /// Bytes of the body that arrived with the head. nginx counts them only if the body is read.
    pub(crate) preread_body: u64,
    /// The body, if it was read and is short enough (`$request_body`).
    pub(crate) request_body: Option<Vec<u8>>,
    /// Whether all of the response has been sent (`$request_completion`).
    pub(crate) is_complete: bool,
    /// Bytes sent to the client (`$bytes_sent`).
    pub(crate) sent: u64,
    /// `WWW-Authenticate`, where passwords are asked for.
    pub(crate) challenges: Vec<Vec<u8>>,
    /// What `limit_req` has said (`$limit_req_status`). It is asked once.
    pub(crate) limit_req_status: Option<LimitStatus>,
    /// What `limit_conn` has said (`$limit_conn_status`).
    pub(crate) limit_conn_status: Option<LimitStatus>,
    /// What came of looking for the answer in a cache (`$upstream_cache_status`).
    pub(crate) cache_status: Option<CacheStatus>,
    /// Whether an app server has answered a request within this one. nginx says in its error log, until it goes to another
    /// URI, that it is sending to the client.
    pub(crate) is_sending: bool,
    /// Where the request counts as one that is being answered.
    pub(crate) connection_slots: Vec<ConnectionSlot>,
    /// Whether the response depends on who accepts gzip, so that `gzip_vary` applies.
    pub(crate) gzip_vary: Cell<bool>,
    /// How many bytes of the body `gzip` has compressed, and to how many (`$gzip_ratio`).
    pub(crate) compressed: (u64, u64),
    /// The head of the response as sent, for `$sent_http_…`.
    pub(crate) response_head: RefCell<Vec<u8>>,
    /// The fields that were sent behind its body, for `$sent_trailer_…`.
    pub(crate) sent_trailers: Vec<u8>,
    /// The app servers that were asked.
    pub(crate) attempts: Vec<Attempt>,
    /// Memory for the head of a request to an app server.
    pub(crate) upstream_head: RefCell<Vec<u8>>,
    /// Memory for the fields of a response of the proxy's own; they are empty.
    pub(crate) spare_headers: RefCell<Headers>,
    /// Fields of the app server's response, for `$upstream_http_…`.
    pub(crate) upstream_fields: Headers,
    /// Fields of an app server that has sent the request elsewhere by `X-Accel-Redirect`, for the response from there.
    pub(crate) kept_fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its `Content-Type`, for a file or a text.
    pub(crate) kept_content_type: Option<String>,
    /// Where its steps are told, if they are.
    pub(crate) trace: Option<Trace>,
}

/// Values of variables that are kept for the rest of the request.
#[derive(Debug, Default)]
pub(crate) struct VariableCache {
    pub(crate) slots: RefCell<Vec<Option<Vec<u8>>>>,
    pub(crate) maps: RefCell<Vec<Option<Vec<u8>>>>,
    /// When the link of the request expires (`$secure_link_expires`), once that is known.
    link_expires: RefCell<Option<Vec<u8>>>,
    pub(crate) captures: RefCell<Captures>,
    /// `$request_id`, once it was asked for.
    pub(crate) request_id: OnceCell<u128>,
    /// How deep the variables being evaluated are nested.
    pub(crate) depth: Cell<u8>,
}

impl<'a> Exchange<'a> {
    /// A new request, with the settings of this server and the memory of an earlier request; `None` only if there are no
    /// such settings.
    pub(crate) fn new(
        cycle: &'a Cycle,
        http: &'a Http,
        server: &'a Server,
        client: ClientInfo,
        memory: &mut RequestMemory,
    ) -> Option<Exchange<'a>> {
        let settings = &http.locations.get(server.root.0)?.settings;
        Some(Exchange {
            cycle,
            http,
            client,
            connected: client.peer,
            real_ip_found: false,
            tls: None,
            proxy_header: None,
            request: std::mem::take(&mut memory.request),
            server,
            settings,
            level: server.root,
            location: server.root,
            uri: Vec::new(),
            args: Vec::new(),
            has_args: false,
            is_subrequest: false,
            is_get: false,
            refused: None,
            is_rewritten: false,
            uri_changed: false,
            valid_location: true,
            valid_unparsed_uri: true,
            quoted_uri: false,
            add_uri_to_alias: false,
            if_had_proxy_pass: false,
            evaluated_pass: None,
            limit_rate: None,
            accel_charset: None,
            sticky_cookies: Vec::new(),
            error_status: None,
            error_page_used: false,
            uri_changes: 0,
            variables: VariableCache::default(),
            started: turn::moment(),
            is_pipelined: false,
            status: 0,
            keep_alive: false,
            linger: false,
            sent_continue: false,
            request_length: 0,
            preread_body: 0,
            request_body: None,
            is_complete: false,
            sent: 0,
            challenges: Vec::new(),
            limit_req_status: None,
            limit_conn_status: None,
            cache_status: None,
            is_sending: false,
            connection_slots: Vec::new(),
            gzip_vary: Cell::new(false),
            compressed: (0, 0),
            sent_trailers: Vec::new(),
            response_head: std::mem::take(&mut memory.response_head).into(),
            upstream_head: std::mem::take(&mut memory.upstream_head).into(),
            spare_headers: std::mem::take(&mut memory.spare_headers).into(),
            attempts: std::mem::take(&mut memory.attempts),
            upstream_fields: std::mem::take(&mut memory.upstream_fields),
            kept_fields: Vec::new(),
            kept_content_type: None,
            trace: cycle.trace.as_ref().map(Trace::begin),
        })
    }

    /// The method by which it is answered. `$request_method` is that of the client, even of a request within another.
    pub(crate) fn method(&self) -> &[u8] {
        if self.is_get { b"GET" } else { self.request.method() }
    }

    /// What is in the place of a location for the method of the request: `limit_except`.
    pub(crate) fn limited(&self, id: LocationId) -> LocationId {
        let limit = self.http.locations.get(id.0).and_then(|location| location.limit_except.as_ref());
        let is_named = |method: &String| method.as_bytes() == self.method();
        limit.filter(|limit| !limit.methods.iter().any(is_named)).map_or(id, |limit| limit.location)
    }

    /// Switches to the settings of a location; the body of an `if` is one too.
    pub(crate) fn enter(&mut self, id: LocationId) {
        if let Some(location) = self.http.locations.get(id.0) {
            self.settings = &location.settings;
            self.level = id;
            if location.kind != LocationKind::If {
                self.location = id;
            }
        }
    }

    /// The name of the current location, as written.
    pub(crate) fn location_name(&self) -> &'a str {
        self.http.locations.get(self.location.0).map_or("", |location| &location.name)
    }

    /// Whether a body of unknown length is sent in chunks: `chunked_transfer_encoding`.
    pub(crate) fn has_chunks(&self) -> bool {
        self.settings.chunked_transfer_encoding && self.request.has_chunks()
    }

    /// Whether one ends with the connection: in HTTP/1.0, and without chunks.
    pub(crate) fn ends_with_connection(&self) -> bool {
        !self.request.is_http2() && !self.has_chunks()
    }

    /// Applies `keepalive_timeout 0`, `keepalive_time` and `keepalive_requests` of the current settings. Later settings cannot undo it.
    pub(crate) fn limit_keep_alive(&mut self) {
        let age = self.started - self.client.since;
        self.keep_alive &= !self.settings.keepalive_timeout.is_zero()
            && age <= self.settings.keepalive_time
            && self.client.requests < self.settings.keepalive_requests;
    }

    /// Whether there can be no more internal redirects.
    pub(crate) fn uri_changes_exhausted(&self) -> bool {
        self.uri_changes > MAX_URI_CHANGES
    }

    /// The current `proxy_pass`, once its variables are evaluated.
    pub(crate) fn proxy_pass(&self) -> Option<&ProxyPass> {
        self.evaluated_pass.as_ref().or(self
            .settings
            .proxy_pass
            .as_ref()
            .filter(|pass| pass.computed.is_none()))
    }

    /// Whether it was redirected internally.
    pub(crate) fn is_internal(&self) -> bool {
        self.uri_changes > 0 || self.is_rewritten || self.is_subrequest
    }

    /// Counts an internal redirect; false if there were too many.
    pub(crate) fn count_uri_change(&mut self) -> bool {
        self.uri_changes += 1;
        self.add_uri_to_alias = false;
        self.uri_changes <= MAX_URI_CHANGES
    }

    /// Bytes of the response's body (`$body_bytes_sent`).
    pub(crate) fn body_sent(&self) -> u64 {
        self.sent.saturating_sub(self.response_head.borrow().len() as u64)
    }

    /// Writes to the current error log, with nginx's description of the request after the message.
    pub(crate) fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        match self.is_sending {
            true => self.log_upstream(level, format_args!("{message} while sending to client"), None),
            false => self.log_upstream(level, message, None),
        }
    }

    /// The same, also naming an app server as `http://address/uri`.
    pub(crate) fn log_upstream(
        &self,
        level: Level,
        message: fmt::Arguments<'_>,
        upstream: Option<&dyn fmt::Display>,
    ) {
        if !self.settings.error_log.iter().any(|log| level <= log.level) {
            return;
        }
        let context = LogContext { exchange: self, upstream };
        let (logs, number) = (&self.cycle.logs, self.client.number);
        logs.error(&self.settings.error_log, level, format_args!("*{number} {message}{context}"));
    }
}

/// `, client: …, server: …, request: "…", subrequest: "…", upstream: "…", host: "…", referrer: "…"`.
struct LogContext<'e, 'a> {
    exchange: &'e Exchange<'a>,
    upstream: Option<&'e dyn fmt::Display>,
}

impl fmt::Display for LogContext<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchange = self.exchange;
        write!(f, ", client: {}, server: {}", exchange.client.peer.ip(), exchange.server.name)?;
        if !exchange.request.line().is_empty() {
            write!(f, ", request: \"{}\"", Escaped(exchange.request.line()))?;
        }
        if exchange.is_subrequest {
            write!(f, ", subrequest: \"{}\"", Escaped(&exchange.uri))?;
        }
        if let Some(upstream) = self.upstream {
            write!(f, ", upstream: \"{upstream}\"")?;
        }
        for (word, name) in [("host", "Host"), ("referrer", "Referer")] {
            if let Some(value) = exchange.request.headers.get(name) {
                write!(f, ", {word}: \"{}\"", Escaped(value))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn what_is_logged_cannot_end_its_line_or_its_quotes() {
        assert_eq!(Escaped(b"a\"b\x01\r\n\x7f\xff\xc3\xa9").to_string(), "a\\x22b\\x01\\x0D\\x0A\\x7F\\xFFé");
    }
}
