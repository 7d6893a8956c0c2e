//! Merges levels from the outside in: what a level does not set is inherited from the one around it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::cache::cache;
use super::checks::PAGE_SIZE;
use super::content;
use super::gzip::gzip;
use super::limit::limits;
use crate::model::{
    AccessLog, AddHeader, Autoindex, Charset, Expires, Gzip, HeadRules, Http2, IfModifiedSince,
    IgnoreHeaders, Inherit, Limits, LocationKind, LogTarget, NextUpstream, ProxyCache, ProxyHttpVersion,
    ProxySettings, RealIp, Redirect, Root, Satisfy, SecureLink, Settings, SubFilter, UpstreamSsl,
};
use crate::read::draft::{Level, LevelId, RawSettings};
use crate::template::Template;
use crate::version::Version;

const MINUTE: Duration = Duration::from_secs(60);
const MEGABYTE: u64 = 1 << 20;
/// The version that speaks HTTP/1.1 to app servers, and keeps their connections, where the file does not say.
const KEEPALIVE_BY_DEFAULT: Version = Version::new(29, 7);

/// What a server says about request heads.
pub(super) struct RequestHeads {
    pub(super) timeout: Duration,
    pub(super) first_buffer: usize,
    pub(super) large_buffers: (usize, usize),
    pub(super) rules: HeadRules,
}

/// The settings of every level, `http` itself being the first.
///
/// `error_log` stays empty where only the main context says something, which may still come after `http`.
pub(super) fn settings(levels: &[Level], prefix: &Path, version: Option<Version>) -> Vec<Settings> {
    let mut defaults = defaults(prefix);
    if version.is_some_and(|version| version < KEEPALIVE_BY_DEFAULT) {
        defaults.proxy.http_version = Some(ProxyHttpVersion::Http10);
    }
    let mut merged: Vec<Settings> = Vec::with_capacity(levels.len());
    for level in levels {
        // A level stands after the one around it; only `http` is around itself.
        let outer = merged.get(level.parent.0).unwrap_or(&defaults);
        let mut settings = merge(level, outer);
        settings.proxy.closes = match version {
            None => settings.proxy.http_version == Some(ProxyHttpVersion::Http10),
            Some(version) => version < KEEPALIVE_BY_DEFAULT,
        };
        merged.push(settings);
    }
    merged
}

/// What a server says, or else `http`.
fn first<T>(levels: &[Level], server: LevelId, value: impl Fn(&RawSettings) -> Option<T>) -> Option<T> {
    [server, LevelId::HTTP]
        .into_iter()
        .find_map(|id| levels.get(id.0).and_then(|level| value(&level.settings)))
}

/// What a server says about HTTP/2.
pub(super) fn http2(levels: &[Level], server: LevelId) -> Http2 {
    Http2 {
        on: first(levels, server, |raw| raw.http2.on).unwrap_or(false),
        max_concurrent_streams: first(levels, server, |raw| raw.http2.max_concurrent_streams).unwrap_or(128),
        body_preread_size: first(levels, server, |raw| raw.http2.body_preread_size).unwrap_or(64 * 1024),
    }
}

/// The settings of a server that have no place in a location.
pub(super) fn request_heads(levels: &[Level], server: LevelId, version: Option<Version>) -> RequestHeads {
    let is_newest = version.is_some_and(|version| version >= Version::V1_30);
    RequestHeads {
        timeout: first(levels, server, |raw| raw.client_header_timeout).unwrap_or(MINUTE),
        first_buffer: first(levels, server, |raw| raw.client_header_buffer_size).unwrap_or(1024),
        large_buffers: first(levels, server, |raw| raw.large_client_header_buffers).unwrap_or((4, 8192)),
        rules: HeadRules {
            max_headers: first(levels, server, |raw| raw.max_headers).unwrap_or(1000),
            merge_slashes: first(levels, server, |raw| raw.merge_slashes).unwrap_or(true),
            underscores_in_headers: first(levels, server, |raw| raw.underscores_in_headers).unwrap_or(false),
            ignore_invalid_headers: first(levels, server, |raw| raw.ignore_invalid_headers).unwrap_or(true),
            checks_ports: is_newest,
            knows_authority_form: is_newest,
        },
    }
}

fn merge(level: &Level, outer: &Settings) -> Settings {
    let raw = &level.settings;
    let (keepalive_timeout, keepalive_header) =
        raw.keepalive_timeout.unwrap_or((outer.keepalive_timeout, outer.keepalive_header));
    let add_header_inherit = raw.add_header_inherit.unwrap_or(outer.add_header_inherit);
    let add_trailer_inherit = raw.add_trailer_inherit.unwrap_or(outer.add_trailer_inherit);
    Settings {
        root: raw.root.clone().unwrap_or_else(|| outer.root.clone()),
        index: if raw.index.is_empty() { outer.index.clone() } else { raw.index.clone() },
        try_files: raw.try_files.clone(),
        types: raw.types.clone().map_or_else(|| Arc::clone(&outer.types), Arc::new),
        default_type: raw.default_type.clone().unwrap_or_else(|| outer.default_type.clone()),
        etag: raw.etag.unwrap_or(outer.etag),
        if_modified_since: raw.if_modified_since.unwrap_or(outer.if_modified_since),
        autoindex: content::autoindex(&raw.autoindex, outer.autoindex),
        sendfile: raw.sendfile.unwrap_or(outer.sendfile),
        tcp_nopush: raw.tcp_nopush.unwrap_or(outer.tcp_nopush),
        tcp_nodelay: raw.tcp_nodelay.unwrap_or(outer.tcp_nodelay),
        keepalive_time: raw.keepalive_time.unwrap_or(outer.keepalive_time),
        log_not_found: raw.log_not_found.unwrap_or(outer.log_not_found),
        max_ranges: raw.max_ranges.or(outer.max_ranges),
        chunked_transfer_encoding: raw.chunked_transfer_encoding.unwrap_or(outer.chunked_transfer_encoding),
        absolute_redirect: raw.absolute_redirect.unwrap_or(outer.absolute_redirect),
        port_in_redirect: raw.port_in_redirect.unwrap_or(outer.port_in_redirect),
        server_name_in_redirect: raw.server_name_in_redirect.unwrap_or(outer.server_name_in_redirect),
        keepalive_timeout,
        keepalive_header,
        keepalive_requests: raw.keepalive_requests.unwrap_or(outer.keepalive_requests),
        client_max_body_size: match raw.client_max_body_size {
            Some(0) => None,
            Some(bytes) => Some(bytes),
            None => outer.client_max_body_size,
        },
        client_body_buffer_size: raw.client_body_buffer_size.unwrap_or(outer.client_body_buffer_size),
        client_body_timeout: raw.client_body_timeout.unwrap_or(outer.client_body_timeout),
        early_hints: if raw.early_hints.is_empty() {
            outer.early_hints.clone()
        } else {
            raw.early_hints.clone()
        },
        send_timeout: raw.send_timeout.unwrap_or(outer.send_timeout),
        limit_rate: raw.limit_rate.clone().or_else(|| outer.limit_rate.clone()),
        limit_rate_after: raw.limit_rate_after.clone().or_else(|| outer.limit_rate_after.clone()),
        server_tokens: raw.server_tokens.unwrap_or(outer.server_tokens),
        internal: raw.internal.unwrap_or(outer.internal),
        access: if raw.access.is_empty() { outer.access.clone() } else { raw.access.clone() },
        real_ip: RealIp {
            from: raw.real_ip_from.clone().unwrap_or_else(|| outer.real_ip.from.clone()),
            header: raw.real_ip_header.clone().unwrap_or_else(|| outer.real_ip.header.clone()),
            recursive: raw.real_ip_recursive.unwrap_or(outer.real_ip.recursive),
        },
        // Put together when the names of servers are known.
        referers: None,
        rewrite_log: raw.rewrite_log.unwrap_or(outer.rewrite_log),
        resolver: raw.resolver.clone().or_else(|| outer.resolver.clone()),
        resolver_timeout: raw.resolver_timeout.unwrap_or(outer.resolver_timeout),
        auth_basic: raw.auth_basic.clone().or_else(|| outer.auth_basic.clone()),
        auth_basic_user_file: raw.auth_basic_user_file.clone().or_else(|| outer.auth_basic_user_file.clone()),
        auth_request: raw.auth_request.clone().unwrap_or_else(|| outer.auth_request.clone()),
        auth_request_set: match raw.auth_request_set.is_empty() {
            true => outer.auth_request_set.clone(),
            false => raw.auth_request_set.clone(),
        },
        auth_delay: raw.auth_delay.unwrap_or(outer.auth_delay),
        satisfy: raw.satisfy.unwrap_or(outer.satisfy),
        limit_req: limits(&raw.limit_req, &outer.limit_req),
        limit_conn: limits(&raw.limit_conn, &outer.limit_conn),
        error_page: if raw.error_page.is_empty() { outer.error_page.clone() } else { raw.error_page.clone() },
        recursive_error_pages: raw.recursive_error_pages.unwrap_or(outer.recursive_error_pages),
        expires: raw.expires.clone().unwrap_or_else(|| outer.expires.clone()),
        add_header: added(&raw.add_header, &outer.add_header, add_header_inherit),
        add_header_inherit,
        add_trailer: added(&raw.add_trailer, &outer.add_trailer, add_trailer_inherit),
        add_trailer_inherit,
        charset: Charset {
            name: raw.charset.clone().unwrap_or_else(|| outer.charset.name.clone()),
            source: raw.source_charset.clone().or_else(|| outer.charset.source.clone()),
            types: match &raw.charset_types {
                Some(types) => types.clone().map(Arc::new),
                None => outer.charset.types.clone(),
            },
            overrides: raw.override_charset.unwrap_or(outer.charset.overrides),
        },
        gzip: gzip(&raw.gzip, &outer.gzip),
        sub: content::sub(&raw.sub, &outer.sub),
        secure_link: content::secure_link(&raw.secure_link, &outer.secure_link),
        access_log: access_log(raw, outer),
        error_log: if raw.error_log.is_empty() { outer.error_log.clone() } else { raw.error_log.clone() },
        stub_status: match (raw.stub_status, level.kind) {
            (Some(own), _) => own,
            (None, Some(LocationKind::If)) => outer.stub_status,
            (None, _) => false,
        },
        mirror: raw.mirror.clone().unwrap_or_else(|| outer.mirror.clone()),
        mirror_request_body: raw.mirror_request_body.unwrap_or(outer.mirror_request_body),
        proxy_pass: match (&raw.proxy_pass, level.kind) {
            (Some(own), _) => Some(own.clone()),
            (None, Some(LocationKind::If | LocationKind::LimitExcept)) => outer.proxy_pass.clone(),
            (None, _) => None,
        },
        proxy: proxy(raw, &outer.proxy),
    }
}

fn proxy(raw: &RawSettings, outer: &ProxySettings) -> ProxySettings {
    ProxySettings {
        set_header: if raw.set_header.is_empty() { outer.set_header.clone() } else { raw.set_header.clone() },
        http_version: raw.http_version.or(outer.http_version),
        // By the version.
        closes: false,
        connect_timeout: raw.connect_timeout.unwrap_or(outer.connect_timeout),
        send_timeout: raw.proxy_send_timeout.unwrap_or(outer.send_timeout),
        read_timeout: raw.read_timeout.unwrap_or(outer.read_timeout),
        next_upstream: match raw.next_upstream {
            Some((_, true)) => NextUpstream::default(),
            Some((when, false)) => when,
            None => outer.next_upstream,
        },
        next_upstream_tries: raw.next_upstream_tries.unwrap_or(outer.next_upstream_tries),
        next_upstream_timeout: raw.next_upstream_timeout.unwrap_or(outer.next_upstream_timeout),
        buffering: raw.buffering.unwrap_or(outer.buffering),
        request_buffering: raw.request_buffering.unwrap_or(outer.request_buffering),
        buffer_size: raw.proxy_buffer_size.unwrap_or(outer.buffer_size),
        redirect: redirect(raw, &outer.redirect),
        cookie_domain: raw.cookie_domain.clone().unwrap_or_else(|| outer.cookie_domain.clone()),
        cookie_path: raw.cookie_path.clone().unwrap_or_else(|| outer.cookie_path.clone()),
        cookie_flags: raw.cookie_flags.clone().unwrap_or_else(|| outer.cookie_flags.clone()),
        hide_header: if raw.hide_header.is_empty() {
            outer.hide_header.clone()
        } else {
            raw.hide_header.clone()
        },
        intercept_errors: raw.intercept_errors.unwrap_or(outer.intercept_errors),
        pass_request_headers: raw.pass_request_headers.unwrap_or(outer.pass_request_headers),
        pass_header: if raw.pass_header.is_empty() {
            outer.pass_header.clone()
        } else {
            raw.pass_header.clone()
        },
        method: raw.proxy_method.clone().or_else(|| outer.method.clone()),
        set_body: raw.proxy_set_body.clone().or_else(|| outer.set_body.clone()),
        ignore_client_abort: raw.ignore_client_abort.unwrap_or(outer.ignore_client_abort),
        pass_request_body: raw.pass_request_body.unwrap_or(outer.pass_request_body),
        ignore_headers: raw.ignore_headers.unwrap_or(outer.ignore_headers),
        cache: cache(&raw.cache, &outer.cache),
        // Put together when all levels are known.
        ssl: UpstreamSsl::default(),
    }
}

/// `proxy_redirect default` holds where there is a `proxy_pass` and nothing was said here or further out.
fn redirect(raw: &RawSettings, outer: &Redirect) -> Redirect {
    match (&raw.redirect, outer, &raw.default_redirect) {
        (Some(own), _, _) => own.clone(),
        (None, Redirect::Off, _) => Redirect::Off,
        (None, Redirect::Rules(rules), Some(rule)) if rules.is_empty() => Redirect::Rules(vec![rule.clone()]),
        (None, rules, _) => rules.clone(),
    }
}

/// The fields of a level, and those of the one around it where `add_header_inherit` says so.
fn added(own: &[AddHeader], outer: &[AddHeader], inherit: Inherit) -> Vec<AddHeader> {
    match inherit {
        Inherit::On if own.is_empty() => outer.to_vec(),
        Inherit::On | Inherit::Off => own.to_vec(),
        Inherit::Merge => [own, outer].concat(),
    }
}

fn access_log(raw: &RawSettings, outer: &Settings) -> Vec<AccessLog> {
    match (raw.access_log_off, raw.access_log.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => outer.access_log.clone(),
        (false, false) => raw.access_log.clone(),
    }
}

fn defaults(prefix: &Path) -> Settings {
    let path = |name: &str| Template::literal(&prefix.join(name).to_string_lossy());
    let types = [("html", "text/html"), ("gif", "image/gif"), ("jpg", "image/jpeg")];
    let types: HashMap<String, String> = types.map(|(ext, name)| (ext.to_owned(), name.to_owned())).into();
    Settings {
        root: Root { path: path("html"), prefix: None, alias: false, alias_prefix: 0 },
        index: vec![Template::literal("index.html")],
        try_files: None,
        types: Arc::new(types),
        default_type: "text/plain".into(),
        etag: true,
        if_modified_since: IfModifiedSince::default(),
        autoindex: Autoindex::default(),
        sendfile: false,
        tcp_nopush: false,
        tcp_nodelay: true,
        keepalive_time: 60 * MINUTE,
        log_not_found: true,
        max_ranges: None,
        chunked_transfer_encoding: true,
        absolute_redirect: true,
        port_in_redirect: true,
        server_name_in_redirect: false,
        keepalive_timeout: Duration::from_secs(75),
        keepalive_header: None,
        keepalive_requests: 1000,
        client_max_body_size: Some(MEGABYTE),
        client_body_buffer_size: 16 * 1024,
        client_body_timeout: MINUTE,
        early_hints: Vec::new(),
        send_timeout: MINUTE,
        limit_rate: None,
        limit_rate_after: None,
        server_tokens: true,
        internal: false,
        access: Vec::new(),
        real_ip: RealIp::default(),
        referers: None,
        rewrite_log: false,
        resolver: None,
        resolver_timeout: Duration::from_secs(30),
        auth_basic: None,
        auth_basic_user_file: None,
        auth_request: None,
        auth_request_set: Vec::new(),
        auth_delay: Duration::ZERO,
        satisfy: Satisfy::All,
        limit_req: Limits::default(),
        limit_conn: Limits::default(),
        error_page: Vec::new(),
        recursive_error_pages: false,
        expires: Expires::Off,
        add_header: Vec::new(),
        add_header_inherit: Inherit::On,
        add_trailer: Vec::new(),
        add_trailer_inherit: Inherit::On,
        charset: Charset::default(),
        gzip: Gzip::default(),
        sub: SubFilter::default(),
        secure_link: SecureLink::default(),
        access_log: vec![AccessLog {
            target: LogTarget::File(prefix.join("logs/access.log")),
            // `combined`, which is always the first.
            format: 0,
            condition: None,
            buffer: None,
            flush: None,
            gzip: None,
        }],
        error_log: Vec::new(),
        stub_status: false,
        mirror: Vec::new(),
        mirror_request_body: true,
        proxy_pass: None,
        proxy: ProxySettings {
            set_header: Vec::new(),
            http_version: None,
            closes: false,
            connect_timeout: MINUTE,
            send_timeout: MINUTE,
            read_timeout: MINUTE,
            next_upstream: NextUpstream { error: true, timeout: true, ..NextUpstream::default() },
            next_upstream_tries: 0,
            next_upstream_timeout: Duration::ZERO,
            buffering: true,
            request_buffering: true,
            buffer_size: PAGE_SIZE,
            redirect: Redirect::Rules(Vec::new()),
            cookie_domain: Vec::new(),
            cookie_path: Vec::new(),
            cookie_flags: Vec::new(),
            hide_header: Vec::new(),
            pass_header: Vec::new(),
            method: None,
            set_body: None,
            ignore_client_abort: false,
            intercept_errors: false,
            pass_request_headers: true,
            pass_request_body: true,
            ignore_headers: IgnoreHeaders::default(),
            cache: ProxyCache::default(),
            ssl: UpstreamSsl::default(),
        },
    }
}
