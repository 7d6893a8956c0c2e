//! The head of a request to an app server: `ngx_http_proxy_create_request`.

use crate::exchange::Exchange;
use crate::message::grammar::list_contains;
use crate::response::{write_field, write_number};
use crate::text;
use crate::variables::Variables;
use nginx_conf::model::{ProxyHttpVersion, ProxyPass, Settings};

/// How the body of a request to an app server is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestBody {
    /// There is no body.
    None,
    /// By `Content-Length`.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// The head of a request to an app server, and the body of `proxy_set_body`; sent to as many servers as needed.
#[derive(Debug, Default)]
pub(crate) struct RequestHead {
    /// The text.
    pub(crate) head: Vec<u8>,
    /// The target in it, for the error log.
    pub(crate) target: std::ops::Range<usize>,
    /// Whether it asks for an upgrade, as the client did.
    pub(crate) upgrade: bool,
    /// Whether the connection may be kept alive.
    pub(crate) persistent: bool,
    /// Whether it is a HEAD.
    pub(crate) is_head: bool,
}

/// Fields of the client that are not passed on: those of one connection (RFC 9110 §7.6.1), and those that the proxy
/// writes itself.
const DROPPED_HEADERS: [&str; 10] = [
    "Host",
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "TE",
    "Keep-Alive",
    "Expect",
    "Upgrade",
    "Proxy-Connection",
    "Trailer",
];

/// Fields that are not passed on where the answer is for a cache, and so for others, too.
const UNSHARED_HEADERS: [&str; 6] =
    ["If-Modified-Since", "If-Unmodified-Since", "If-None-Match", "If-Match", "Range", "If-Range"];

/// What HTTP/2 has in place of `Host`, where no `proxy_set_header` sets that (RFC 9113 §8.3.1).
pub(crate) const AUTHORITY: &[u8] = b":authority";

/// How a request for a cache differs from that of its client.
#[derive(Debug, Clone, Default)]
pub(crate) struct ForCache {
    /// It is a GET, though the client's is a HEAD.
    pub(crate) get: bool,
    /// Its answer may be kept, and so must not depend on what this client has already.
    pub(crate) shared: bool,
    /// `Last-Modified` and `ETag` of the answer that is there: it is asked whether they have changed.
    pub(crate) validators: [Option<Vec<u8>>; 2],
}

/// The target of a request to a server of `pass`.
pub(crate) fn target(x: &Exchange<'_>, pass: &ProxyPass) -> Vec<u8> {
    let mut target = Vec::new();
    write_target(x, pass, &mut target);
    target
}

/// Creates the head for a server of `pass`; `None` if its target would be empty.
pub(crate) fn create(
    x: &Exchange<'_>,
    pass: &ProxyPass,
    body: RequestBody,
    cache: &ForCache,
) -> Option<RequestHead> {
    let settings = x.settings;
    let version = settings.proxy.http_version.unwrap_or(ProxyHttpVersion::Http11);
    let mut head = x.upstream_head.take();
    head.clear();
    head.reserve(256);
    let set_method = settings.proxy.method.as_ref().map(|method| x.evaluate(method));
    let method = set_method.as_deref().filter(|method| !method.is_empty()).unwrap_or(x.method());
    let method = if cache.get { b"GET" } else { method };
    let is_head = method == b"HEAD";
    head.extend_from_slice(method);
    head.push(b' ');
    let start = head.len();
    write_target(x, pass, &mut head);
    let target = start..head.len();
    if target.is_empty() {
        return None;
    }
    head.extend_from_slice(match version {
        ProxyHttpVersion::Http10 => b" HTTP/1.0\r\n",
        ProxyHttpVersion::Http11 => b" HTTP/1.1\r\n",
        ProxyHttpVersion::Http2 => b" HTTP/2.0\r\n",
    });
    let persistent =
        version > ProxyHttpVersion::Http10 && (!settings.proxy.closes || is_set(settings, b"Connection"));
    let mut request = RequestHead { head, target, upgrade: false, persistent, is_head };
    let set_body = settings.proxy.set_body.as_ref().map(|body| x.evaluate(body));
    let body = set_body.as_ref().map_or(body, |body| RequestBody::Length(body.len() as u64));
    write_set_fields(x, &mut request);
    write_own_fields(settings, pass, body, version, &mut request.head);
    for (name, value) in ["If-Modified-Since", "If-None-Match"].into_iter().zip(&cache.validators) {
        if let Some(value) = value.as_ref().filter(|_| !is_set(settings, name.as_bytes())) {
            write_field(&mut request.head, name.as_bytes(), value);
        }
    }
    if settings.proxy.pass_request_headers {
        write_client_fields(x, cache.shared, &mut request.head);
    }
    request.head.extend_from_slice(b"\r\n");
    request.head.extend_from_slice(set_body.as_deref().unwrap_or_default());
    Some(request)
}

/// `proxy_set_header`; an empty value leaves the field out. Framing fields cannot be set: with a wrong length, two
/// readers would disagree about where the request ends.
fn write_set_fields(x: &Exchange<'_>, request: &mut RequestHead) {
    let mut value = Vec::new();
    for (name, template) in &x.settings.proxy.set_header {
        if is_framing(name.as_bytes()) {
            continue;
        }
        value.clear();
        x.evaluate_into(template, &mut value);
        if value.is_empty() {
            continue;
        }
        if name.eq_ignore_ascii_case("Upgrade") {
            let is_http2 = x.settings.proxy.http_version == Some(ProxyHttpVersion::Http2);
            request.upgrade = x.request.upgrade && request.persistent && !is_http2;
        } else if name.eq_ignore_ascii_case("Connection") && list_contains(&value, "close") {
            request.persistent = false;
        }
        write_field(&mut request.head, name.as_bytes(), &value);
    }
}

fn write_own_fields(
    settings: &Settings,
    pass: &ProxyPass,
    body: RequestBody,
    version: ProxyHttpVersion,
    out: &mut Vec<u8>,
) {
    let is_http2 = version == ProxyHttpVersion::Http2;
    if !is_set(settings, b"Host") {
        write_field(out, if is_http2 { AUTHORITY } else { b"Host" }, pass.host.as_bytes());
    }
    if settings.proxy.closes && !is_set(settings, b"Connection") {
        write_field(out, b"Connection", b"close");
    }
    match body {
        RequestBody::None => {}
        RequestBody::Length(length) => write_number(out, b"Content-Length: ", length),
        // Frames say where it ends.
        RequestBody::Chunked if is_http2 => {}
        RequestBody::Chunked => write_field(out, b"Transfer-Encoding", b"chunked"),
    }
}

fn write_client_fields(x: &Exchange<'_>, shared: bool, out: &mut Vec<u8>) {
    let headers = &x.request.headers;
    let nominated = |name: &[u8]| {
        let name = std::str::from_utf8(name).unwrap_or_default();
        headers.get_all("Connection").any(|options| list_contains(options, name))
    };
    let has_options = headers.get("Connection").is_some();
    let is_http2 = x.settings.proxy.http_version == Some(ProxyHttpVersion::Http2);
    for (name, value) in headers.iter() {
        let is_one_of =
            |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        let own = (is_one_of(&DROPPED_HEADERS) && !(is_http2 && is_one_of(&["Trailer"])))
            || (shared && is_one_of(&UNSHARED_HEADERS));
        if own || is_set(x.settings, name) || (has_options && nominated(name)) {
            continue;
        }
        write_field(out, name, value);
    }
}

fn is_set(settings: &Settings, name: &[u8]) -> bool {
    settings.proxy.set_header.iter().any(|(set, _)| name.eq_ignore_ascii_case(set.as_bytes()))
}

fn is_framing(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"Transfer-Encoding")
}

/// The target: as the client sent it if nothing changed it, otherwise built from path and query.
fn write_target(x: &Exchange<'_>, pass: &ProxyPass, out: &mut Vec<u8>) {
    match &pass.uri {
        None if x.valid_unparsed_uri => return out.extend_from_slice(x.request.target()),
        None => write_path(&x.uri, x.quoted_uri, out),
        Some(uri) if pass.is_whole => return write_encoded(uri, ends_target, out),
        // After `rewrite … break` there is no name of a location in it to replace.
        Some(_) if !x.valid_location => write_path(&x.uri, x.quoted_uri, out),
        Some(uri) => {
            out.extend_from_slice(uri);
            write_path(x.uri.get(pass.replaces..).unwrap_or_default(), x.quoted_uri, out);
        }
    }
    if !x.args.is_empty() {
        out.push(b'?');
        write_encoded(&x.args, ends_target, out);
    }
}

/// A decoded path, encoded again if it came encoded.
fn write_path(path: &[u8], encode: bool, out: &mut Vec<u8>) {
    match encode {
        true => write_encoded(
            path,
            |byte| byte >= 0x80 || b"\"#%<>?\\^`{|}".contains(&byte) || ends_target(byte),
            out,
        ),
        false => write_encoded(path, ends_target, out),
    }
}

/// Whether a byte would end the target or the line (RFC 9112 §3.2). A client cannot send one, but `try_files` may bring
/// one into the path or query with a variable (a decoded `$uri`, or `$remote_user`). nginx sends it as it is.
fn ends_target(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

fn write_encoded(bytes: &[u8], is_special: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    if !bytes.iter().any(|&byte| is_special(byte)) {
        return out.extend_from_slice(bytes);
    }
    for &byte in bytes {
        if is_special(byte) {
            out.push(b'%');
            text::hex_pair(out, byte);
        } else {
            out.push(byte);
        }
    }
}
