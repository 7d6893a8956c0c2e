//! The values of all variables.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use super::credentials::Credentials;
use super::{Exchange, path};
use crate::log::{Escaped, describe};
use crate::message::Headers;
use crate::message::request::BodyLength;
use crate::text;
use crate::turn;
use crate::variables::Variables;
use crate::version::VERSION;
use nginx_conf::model::Level;
use nginx_conf::template::{Part, Template, Variable};

/// How deep variables may be nested before nginx reports a cycle.
const MAX_VARIABLE_DEPTH: u8 = 100;

impl Variables for Exchange<'_> {
    fn variable(&self, which: &Variable, out: &mut Vec<u8>) -> bool {
        let request = &self.request;
        match which {
            Variable::Http(name) => return self.field(&request.headers, name, out),
            Variable::SentHttp(name) => return sent_field(&self.response_head.borrow(), name, out),
            Variable::SentTrailer(name) => return sent_field(&self.sent_trailers, name, out),
            Variable::UpstreamHttp(name) => return self.field(&self.upstream_fields, name, out),
            Variable::UpstreamTrailer(_) => return false,
            Variable::UpstreamCookie(name) => return append(out, set_cookie(&self.upstream_fields, name)),
            Variable::Arg(name) => return append(out, argument(&self.args, name)),
            Variable::Cookie(name) => return append(out, cookie(&request.headers, name)),
            Variable::Capture(group) => {
                return append(out, self.variables.captures.borrow().get(usize::from(*group)));
            }
            Variable::Slot(slot) => {
                return append(out, self.variables.slots.borrow().get(*slot).and_then(Option::as_deref));
            }
            Variable::Geo(index) => return self.nested(|| self.geo_value(*index, out)),
            Variable::SplitClients(index) => return self.nested(|| self.split_value(*index, out)),
            Variable::Map(index) => return self.nested(|| self.map_value(*index, out)),
            Variable::Args | Variable::QueryString => {
                return append_non_empty(out, &self.args) || self.has_args;
            }
            Variable::BinaryRemoteAddr => match self.client.peer.ip() {
                IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
            },
            Variable::BodyBytesSent => text::decimal(out, self.body_sent()),
            Variable::BytesSent => text::decimal(out, self.sent),
            Variable::Connection => text::decimal(out, self.client.number),
            Variable::ConnectionRequests => text::decimal(out, self.client.requests),
            Variable::ConnectionTime => text::seconds(out, turn::moment() - self.client.since),
            Variable::ConnectionsActive => text::decimal(out, self.cycle.connections.counts().active.get()),
            Variable::ConnectionsReading => text::decimal(out, self.cycle.connections.counts().reading.get()),
            Variable::ConnectionsWaiting => text::decimal(out, self.cycle.connections.counts().waiting.get()),
            Variable::ConnectionsWriting => text::decimal(out, self.cycle.connections.counts().writing.get()),
            Variable::ContentLength => match (request.headers.get("Content-Length"), request.body) {
                (Some(length), _) => out.extend_from_slice(length),
                // It came in chunks, and has been read.
                (None, BodyLength::Known(length)) => text::decimal(out, length),
                (None, _) => return false,
            },
            Variable::ContentType => return append(out, request.headers.get("Content-Type")),
            Variable::DateGmt => out.extend_from_slice(self.cycle.clock.day_and_time_in_utc().as_bytes()),
            Variable::DateLocal => out.extend_from_slice(self.cycle.clock.day_and_time().as_bytes()),
            Variable::DocumentRoot => self.nested(|| path::directory(&self.settings.root, self, out)),
            // Gone to by `try_files`, it may be empty.
            Variable::DocumentUri | Variable::Uri => {
                return append_non_empty(out, &self.uri) || self.is_internal();
            }
            Variable::GzipRatio => return gzip_ratio(self.compressed, out),
            Variable::Host => out.extend_from_slice(self.host()),
            Variable::Hostname => out.extend_from_slice(hostname().as_bytes()),
            Variable::Http2 if !request.is_http2() => return false,
            Variable::Http2 => out.extend_from_slice(if self.tls.is_some() { b"h2" } else { b"h2c" }),
            // It is not spoken.
            Variable::Http3 => return false,
            Variable::Https => out.extend_from_slice(if self.tls.is_some() { b"on" } else { b"" }),
            Variable::InvalidReferer => {
                out.extend_from_slice(if self.has_valid_referer() { b"" } else { b"1" })
            }
            Variable::IsArgs => out.extend_from_slice(if self.args.is_empty() { b"" } else { b"?" }),
            Variable::IsRequestPort => {
                out.extend_from_slice(if request.port.is_some() { b":" } else { b"" });
            }
            Variable::LimitConnStatus => {
                return append(out, self.limit_conn_status.map(|it| it.name().as_bytes()));
            }
            Variable::LimitReqStatus => {
                return append(out, self.limit_req_status.map(|it| it.name().as_bytes()));
            }
            Variable::LimitRate => text::decimal(out, self.limit_rate.unwrap_or_default()),
            Variable::Msec => text::seconds(out, turn::since_epoch()),
            Variable::NginxVersion => out.extend_from_slice(VERSION.as_bytes()),
            Variable::Pid => text::decimal(out, u64::from(std::process::id())),
            Variable::Pipe => out.push(if self.is_pipelined { b'p' } else { b'.' }),
            Variable::ProxyAddXForwardedFor => {
                if joined(&request.headers, "x_forwarded_for", out) {
                    out.extend_from_slice(b", ");
                }
                text::ip(out, self.client.peer.ip());
            }
            Variable::ProxyHost => {
                return append(out, self.proxy_pass().map(|pass| pass.host.as_bytes()));
            }
            Variable::ProxyPort => match self.proxy_pass() {
                Some(pass) if pass.port == 0 => {}
                Some(pass) => text::decimal(out, u64::from(pass.port)),
                None => return false,
            },
            Variable::ProxyProtocolAddr => {
                return append(out, self.proxy_header.map(|header| header.source.as_bytes()));
            }
            Variable::ProxyProtocolServerAddr => {
                return append(out, self.proxy_header.map(|header| header.destination.as_bytes()));
            }
            Variable::ProxyProtocolPort => return port(out, self.proxy_header.map(|it| it.source_port)),
            Variable::ProxyProtocolServerPort => {
                return port(out, self.proxy_header.map(|header| header.destination_port));
            }
            Variable::RealipRemoteAddr => text::ip(out, self.connected.ip()),
            Variable::RealipRemotePort => text::decimal(out, u64::from(self.connected.port())),
            Variable::RealpathRoot => return self.nested(|| self.real_root(out)),
            Variable::RemoteAddr => text::ip(out, self.client.peer.ip()),
            // A header need not tell the port.
            Variable::RemotePort if self.client.peer.port() == 0 => {}
            Variable::RemotePort => text::decimal(out, u64::from(self.client.peer.port())),
            Variable::RemoteUser => match Credentials::of(&request.headers) {
                Some(Credentials { user, .. }) => out.extend_from_slice(&user),
                None => return false,
            },
            Variable::Request => return append_non_empty(out, request.line()),
            Variable::RequestBody => return append(out, self.request_body.as_deref()),
            // None is kept in a file.
            Variable::RequestBodyFile => return false,
            Variable::RequestCompletion => out.extend_from_slice(if self.is_complete { b"OK" } else { b"" }),
            Variable::RequestFilename => self.nested(|| {
                path::file_name(&self.settings.root, &self.uri, self.add_uri_to_alias, self, out);
            }),
            Variable::RequestId => self.request_id(out),
            Variable::RequestLength => text::decimal(out, self.request_length),
            Variable::RequestMethod => return append_non_empty(out, request.method()),
            Variable::RequestPort => {
                if let Some(port) = request.port {
                    text::decimal(out, u64::from(port));
                }
            }
            Variable::RequestTime => text::seconds(out, turn::moment() - self.started),
            Variable::RequestUri => return append_non_empty(out, request.target()),
            Variable::Scheme => out.extend_from_slice(if self.tls.is_some() { b"https" } else { b"http" }),
            Variable::SecureLink => return self.nested(|| append(out, self.secure_link().as_deref())),
            Variable::SecureLinkExpires => {
                return append(out, self.variables.link_expires.borrow().as_deref());
            }
            Variable::ServerAddr => text::ip(out, self.client.local.ip()),
            Variable::ServerName => out.extend_from_slice(self.server.name.as_bytes()),
            Variable::ServerPort => text::decimal(out, u64::from(self.client.local.port())),
            Variable::ServerProtocol => return append_non_empty(out, request.protocol()),
            Variable::Status => text::status(out, self.error_status.unwrap_or(self.status)),
            Variable::TimeIso8601 => out.extend_from_slice(self.cycle.clock.now().iso8601.as_bytes()),
            Variable::TimeLocal => out.extend_from_slice(self.cycle.clock.now().local.as_bytes()),
            Variable::Ssl(which) => return self.tls_value(*which, out),
            Variable::Upstream(which) => return self.upstream_value(*which, out),
        }
        true
    }
}

/// Appends a port, which is empty if it is 0; false if there is none.
fn port(out: &mut Vec<u8>, port: Option<u16>) -> bool {
    if let Some(port @ 1..) = port {
        text::decimal(out, u64::from(port));
    }
    port.is_some()
}

/// The value of a cookie that the app server sets, without its attributes.
fn set_cookie<'h>(fields: &'h Headers, name: &str) -> Option<&'h [u8]> {
    fields.get_all("Set-Cookie").find_map(|cookie| {
        let (found, rest) = cookie.split_at_checked(name.len())?;
        let value = rest.strip_prefix(b"=").filter(|_| found.eq_ignore_ascii_case(name.as_bytes()))?;
        value.split(|&byte| byte == b';').next()
    })
}

impl Exchange<'_> {
    /// Appends 16 random bytes in hexadecimal, the same throughout the request.
    fn request_id(&self, out: &mut Vec<u8>) {
        let id = self.variables.request_id.get_or_init(|| {
            let mut id = [0; 16];
            // A system without random numbers has no identifiers.
            let _ = getrandom::fill(&mut id);
            u128::from_be_bytes(id)
        });
        out.extend_from_slice(format!("{id:032x}").as_bytes());
    }

    /// Appends the directory of `root` or `alias` without links; false if it is not there.
    fn real_root(&self, out: &mut Vec<u8>) -> bool {
        let mut path = Vec::new();
        path::directory(&self.settings.root, self, &mut path);
        match std::fs::canonicalize(OsStr::from_bytes(&path)) {
            Ok(real) => out.extend_from_slice(real.as_os_str().as_bytes()),
            Err(error) => {
                let (path, error) = (Escaped(&path), describe(&error));
                self.log(Level::Crit, format_args!("realpath() \"{path}\" failed ({error})"));
                return false;
            }
        }
        true
    }

    /// Evaluates a variable that is made of others; empty if it is, in the end, made of itself.
    fn nested<T: Default>(&self, value: impl FnOnce() -> T) -> T {
        let depth = self.variables.depth.get();
        if depth >= MAX_VARIABLE_DEPTH {
            self.log(Level::Error, format_args!("cycle while evaluating a variable"));
            return T::default();
        }
        self.variables.depth.set(depth + 1);
        let value = value();
        self.variables.depth.set(depth);
        value
    }

    /// The value of a template, borrowed if possible: an `if` most often looks at `$request_method`.
    pub(crate) fn value<'v>(&'v self, template: &'v Template) -> Cow<'v, [u8]> {
        match &template.parts[..] {
            [Part::Literal(text)] => Cow::Borrowed(text.as_bytes()),
            [Part::Variable(Variable::RequestMethod)] => Cow::Borrowed(self.request.method()),
            _ => Cow::Owned(self.evaluate(template)),
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&[u8]> {
        cookie(&self.request.headers, name)
    }

    /// `$host`: from the request line or `Host`, or else the server's name.
    pub(crate) fn host(&self) -> &[u8] {
        self.request.host().unwrap_or(self.server.name.as_bytes())
    }

    /// A field of a message: all values of that name, or the first in the place of nginx before 1.23.0, but for a few.
    fn field(&self, headers: &Headers, name: &str, out: &mut Vec<u8>) -> bool {
        const ALWAYS_JOINED: [&str; 4] = ["cookie", "x_forwarded_for", "cache_control", "link"];
        if !self.cycle.config.is_before(23, 0) || ALWAYS_JOINED.contains(&name) {
            return joined(headers, name, out);
        }
        append(out, headers.iter().find(|(field, _)| is_named(field, name)).map(|(_, value)| value))
    }
}

/// A field that was sent. It is looked up in the text, since logs rarely ask for one.
fn sent_field(text: &[u8], name: &str, out: &mut Vec<u8>) -> bool {
    let before = out.len();
    for line in text.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (field, value) = line.split_at(colon);
        if is_named(field, name) {
            separate(out, before, b", ");
            out.extend_from_slice(value.get(1..).unwrap_or_default().trim_ascii());
        }
    }
    out.len() > before
}

/// Whether a field's name is that of the variable: in lower case, with `-` as `_`.
fn is_named(field: &[u8], name: &str) -> bool {
    let fold = |byte: &u8| if *byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    field.len() == name.len() && field.iter().map(fold).eq(name.bytes())
}

/// All fields of a name, joined as in nginx.
fn joined(headers: &Headers, name: &str, out: &mut Vec<u8>) -> bool {
    let separator: &[u8] = if name == "cookie" { b"; " } else { b", " };
    let (before, mut found) = (out.len(), false);
    for (_, value) in headers.iter().filter(|(field, _)| is_named(field, name)) {
        separate(out, before, separator);
        out.extend_from_slice(value);
        found = true;
    }
    found
}

/// How often the compressed body goes into the body, with two digits after the point; nothing where it was not compressed.
fn gzip_ratio((from, to): (u64, u64), out: &mut Vec<u8>) -> bool {
    if to == 0 {
        return false;
    }
    let hundredths = from * 100 / to + u64::from(from * 1000 / to % 10 > 4);
    text::decimal(out, hundredths / 100);
    out.push(b'.');
    out.extend([hundredths / 10 % 10, hundredths % 10].map(|digit| b'0' + digit as u8));
    true
}

fn separate(out: &mut Vec<u8>, before: usize, separator: &[u8]) {
    if out.len() > before {
        out.extend_from_slice(separator);
    }
}

fn append(out: &mut Vec<u8>, value: Option<&[u8]>) -> bool {
    out.extend_from_slice(value.unwrap_or_default());
    value.is_some()
}

/// Appends a value; an empty one counts as none.
fn append_non_empty(out: &mut Vec<u8>, value: &[u8]) -> bool {
    out.extend_from_slice(value);
    !value.is_empty()
}

/// `$arg_name`, not decoded.
fn argument<'q>(query: &'q [u8], name: &str) -> Option<&'q [u8]> {
    query.split(|&byte| byte == b'&').find_map(|pair| {
        let (key, value) = pair.split_at_checked(name.len())?;
        if key.eq_ignore_ascii_case(name.as_bytes()) { value.strip_prefix(b"=") } else { None }
    })
}

/// `$cookie_name`.
fn cookie<'h>(headers: &'h Headers, name: &str) -> Option<&'h [u8]> {
    headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(b"cookie")).find_map(|(_, value)| {
        value.split(|&byte| byte == b';').find_map(|pair| {
            let (key, value) = pair.trim_ascii().split_at_checked(name.len())?;
            if key.eq_ignore_ascii_case(name.as_bytes()) { value.strip_prefix(b"=") } else { None }
        })
    })
}

fn hostname() -> Cow<'static, str> {
    static NAME: OnceLock<String> = OnceLock::new();
    let read =
        || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_lowercase();
    Cow::Borrowed(NAME.get_or_init(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_cookies_are_found_by_name() {
        assert_eq!(argument(b"ab=1&A=2%20&a=3", "a"), Some(&b"2%20"[..]));
        assert_eq!(argument(b"ab=1&a", "a"), None);
        let mut headers = Headers::new();
        headers.push("Cookie", "xa=1; a=2");
        headers.push("cookie", "b=3");
        assert_eq!(cookie(&headers, "a"), Some(&b"2"[..]));
        assert_eq!(cookie(&headers, "b"), Some(&b"3"[..]));
        let mut all = Vec::new();
        assert!(joined(&headers, "cookie", &mut all));
        assert_eq!(all, b"xa=1; a=2; b=3");
    }

    #[test]
    fn a_ratio_is_rounded() {
        let ratio = |totals| {
            let mut out = Vec::new();
            gzip_ratio(totals, &mut out).then(|| String::from_utf8(out).unwrap())
        };
        assert_eq!(
            [(0, 0), (1999, 1000), (5, 100), (12345, 1000)].map(ratio).map(Option::unwrap_or_default),
            ["", "2.00", "0.05", "12.35"]
        );
    }
}
