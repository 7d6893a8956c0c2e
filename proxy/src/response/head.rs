//! The head of a response, in nginx's order.

use std::borrow::Cow;

use super::fields::{field, remove_field, set_field, write_field, write_number, write_value};
use super::filter::{BodyChanges, FilteredHead, without_charset};
use super::pages::reason;
use super::traced::{trace_add_header, trace_field};
use crate::clock::http_date;
use crate::exchange::Exchange;
use crate::log::Escaped;
use crate::message::status::client_status;
use crate::text;
use crate::variables::Variables;
use crate::version;
use nginx_conf::model::{Expires, Level};
use nginx_conf::template::Template;

/// The fields that nginx writes itself: `ngx_http_headers_out_t`.
#[derive(Debug, Default)]
pub(crate) struct HeadersOut<'r> {
    /// The status code.
    pub(crate) status: u16,
    /// Status code and reason from an app server; otherwise nginx's own.
    pub(crate) status_text: Option<&'r [u8]>,
    /// `Content-Type`.
    pub(crate) content_type: Option<&'r [u8]>,
    /// What `gzip_types` is compared with, if that is only a part of `Content-Type`.
    pub(crate) media_type: Option<&'r [u8]>,
    /// `Content-Length`.
    pub(crate) length: Option<u64>,
    /// `Last-Modified`, in seconds since the epoch.
    pub(crate) last_modified: Option<u64>,
    /// `Location`; a path is made absolute.
    pub(crate) location: Option<&'r [u8]>,
    /// `Transfer-Encoding: chunked`.
    pub(crate) chunked: bool,
    /// `Accept-Ranges` or `Content-Range`, which follows the fields of `expires` and `add_header`.
    pub(crate) range: Option<(&'r [u8], &'r [u8])>,
    /// Whether an app server's `Server` is among the fields, in place of the proxy's own.
    pub(crate) has_server: bool,
    /// The same of `Date`.
    pub(crate) has_date: bool,
}

/// Statuses to which `add_header` applies without `always`.
pub(super) const ADD_HEADER_STATUSES: [u16; 10] = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

/// Fields that `add_header` replaces.
const REPLACED_HEADERS: [&str; 2] = ["ETag", "Last-Modified"];

impl Exchange<'_> {
    /// Appends a whole head. `fields` writes the fields between nginx's own and those of `add_header`. Returns what
    /// the filters make of the body; the head says so.
    pub(crate) fn write_head(
        &self,
        out: &mut Vec<u8>,
        headers: &HeadersOut<'_>,
        fields: impl FnOnce(&mut Vec<u8>),
    ) -> BodyChanges {
        let status = client_status(headers.status);
        out.extend_from_slice(b"HTTP/1.1 ");
        match headers.status_text {
            Some(text) => out.extend_from_slice(text),
            None => {
                text::status(out, status);
                out.push(b' ');
                out.extend_from_slice(reason(status).as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
        if !headers.has_server {
            let product =
                if self.settings.server_tokens { version::PRODUCT_WITH_VERSION } else { version::PRODUCT };
            out.extend_from_slice(b"Server: ");
            out.extend_from_slice(product.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if !headers.has_date {
            out.extend_from_slice(b"Date: ");
            out.extend_from_slice(self.cycle.clock.now().http.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        let content_type = headers.content_type.filter(|kind| !kind.is_empty());
        let before_type = out.len();
        if let Some(kind) = content_type {
            write_field(out, b"Content-Type", kind);
        }
        let after_type = out.len();
        // As in nginx, where it is decided before a range turns out to be none of the file's.
        let trailers = match (status, headers.range) {
            (416, Some(_)) => self.has_trailers(200),
            _ => self.has_trailers(status),
        };
        // Trailers need chunks, which have no length (RFC 9112 §6.2); in HTTP/2 they go with one.
        let gets_chunks = trailers && self.has_chunks();
        if let Some(length) = headers.length.filter(|_| !gets_chunks) {
            write_number(out, b"Content-Length: ", length);
        }
        if let Some(second) = headers.last_modified {
            write_field(out, b"Last-Modified", http_date(second).as_bytes());
        }
        let absolute =
            headers.location.filter(|location| self.settings.absolute_redirect && location.starts_with(b"/"));
        if let Some(path) = absolute {
            out.extend_from_slice(b"Location: ");
            self.write_absolute(out, path);
            out.extend_from_slice(b"\r\n");
        }
        if headers.chunked || gets_chunks {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        out.extend_from_slice(match (status, self.keep_alive) {
            (101, _) => b"Connection: upgrade\r\n",
            (_, true) => b"Connection: keep-alive\r\n",
            (_, false) => b"Connection: close\r\n",
        });
        if let (true, Some(seconds)) = (self.keep_alive && status != 101, self.settings.keepalive_header) {
            write_number(out, b"Keep-Alive: timeout=", seconds);
        }
        if let (Some(location), None) = (headers.location, absolute) {
            write_field(out, b"Location", location);
        }
        for challenge in &self.challenges {
            write_field(out, b"WWW-Authenticate", challenge);
        }
        for cookie in &self.sticky_cookies {
            write_field(out, b"Set-Cookie", cookie);
        }
        for (name, value) in &self.kept_fields {
            write_field(out, name, value);
        }
        fields(out);
        let added = out.len();
        self.write_expires(out, status, headers.last_modified);
        for (nth, add) in self.settings.add_header.iter().enumerate() {
            if !add.always && !ADD_HEADER_STATUSES.contains(&status) {
                trace_add_header(self, nth, &add.name, None);
                continue;
            }
            let value = match add.value.as_literal() {
                Some(text) => Cow::Borrowed(text.as_bytes()),
                None => Cow::Owned(self.evaluate_with_head(&add.value, out)),
            };
            // There can only be one of these: `add_header` replaces it.
            if REPLACED_HEADERS.iter().any(|name| add.name.eq_ignore_ascii_case(name)) {
                remove_field(out, add.name.as_bytes());
            }
            trace_add_header(self, nth, &add.name, Some(&value));
            if !value.is_empty() {
                write_field(out, add.name.as_bytes(), &value);
            }
        }
        // As in nginx, fields of `add_header` do not know of the charset yet.
        let changed_type = content_type.and_then(|kind| {
            let changed = match &self.charset(kind, status)?[..] {
                [] => without_charset(kind).to_vec(),
                charset => [without_charset(kind), b"; charset=", charset].concat(),
            };
            (changed != kind).then_some(changed)
        });
        let mut added = added;
        if let Some(kind) = changed_type {
            trace_field(self, "charset", "Content-Type", &kind);
            let mut field = Vec::new();
            write_field(&mut field, b"Content-Type", &kind);
            added = added + field.len() - (after_type - before_type);
            out.splice(before_type..after_type, field);
        }
        let content_type = headers.media_type.or(headers.content_type);
        let mut changes =
            self.filter_head(out, &FilteredHead { status, content_type, length: headers.length, added });
        if let Some((name, value)) = headers.range.filter(|_| !changes.any() || status == 416) {
            write_field(out, name, value);
        }
        out.extend_from_slice(b"\r\n");
        changes.trailers = trailers;
        changes
    }

    /// The charset of a type, or nothing where it is to have none: `ngx_http_charset_header_filter`.
    fn charset(&self, kind: &[u8], status: u16) -> Option<Vec<u8>> {
        if self.settings.charset.name.is_none() && self.accel_charset.is_none() {
            return None;
        }
        let media_type = without_charset(kind);
        let name = self.destination_charset(kind, media_type)?;
        // One takes the place of another only where a `charset_map` makes one of the other, and there are none here.
        let said = kind.get(media_type.len()..).and_then(charset_in).map(Cow::Borrowed);
        let said = said.or_else(|| Some(self.evaluate(self.settings.charset.source.as_ref()?).into()));
        if let Some(said) = said.filter(|said| !said.eq_ignore_ascii_case(&name)) {
            let (said, name) = (Escaped(&said), Escaped(&name));
            self.log(
                Level::Error,
                format_args!("no \"charset_map\" between the charsets \"{said}\" and \"{name}\""),
            );
            return None;
        }
        // As in nginx, which remembers a browser that took it for that of the next page.
        Some(if matches!(status, 301 | 302) { Vec::new() } else { name })
    }

    /// What `X-Accel-Charset` says, or `charset`: `ngx_http_destination_charset`.
    fn destination_charset(&self, kind: &[u8], media_type: &[u8]) -> Option<Vec<u8>> {
        if let Some(name) = self.accel_charset.as_deref().filter(|name| !name.is_empty()) {
            // One of those that the configuration names.
            if !self.http.charsets.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)) {
                self.log(Level::Error, format_args!("unknown charset \"{}\" to override", Escaped(name)));
                return None;
            }
            return Some(name.to_vec());
        }
        let charset = &self.settings.charset;
        let name = charset.name.as_ref()?;
        let is_meant = match (media_type.len() < kind.len(), &charset.types) {
            (true, _) => charset.overrides,
            (false, None) => true,
            (false, Some(types)) => {
                std::str::from_utf8(media_type).is_ok_and(|kind| types.contains(&kind.to_ascii_lowercase()))
            }
        };
        is_meant.then(|| self.evaluate(name)).filter(|name| !name.is_empty())
    }

    /// `Expires` and `Cache-Control` of `expires`, which replace those of an app server: `ngx_http_set_expires`.
    fn write_expires(&self, out: &mut Vec<u8>, status: u16, last_modified: Option<u64>) {
        if self.settings.expires == Expires::Off || !ADD_HEADER_STATUSES.contains(&status) {
            return;
        }
        let computed = match &self.settings.expires {
            Expires::Computed { value, modified } => {
                let text = self.evaluate_with_head(value, out);
                Expires::parse(&String::from_utf8_lossy(&text), *modified).unwrap_or_default()
            }
            expires => expires.clone(),
        };
        let now = i64::try_from(self.cycle.clock.now().second).unwrap_or(i64::MAX);
        // From the file, or from the app server's response.
        let modified = || {
            let said =
                || httpdate::parse_http_date(&String::from_utf8_lossy(field(out, "Last-Modified")?)).ok();
            let said = || said()?.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs());
            last_modified.or_else(said).and_then(|second| i64::try_from(second).ok())
        };
        let (at, age) = match computed {
            Expires::Off | Expires::Computed { .. } => return,
            Expires::Epoch => (1, -1),
            Expires::Max => (2_145_916_555, 315_360_000),
            Expires::Access(seconds) => (now.saturating_add(seconds), seconds),
            Expires::Daily(second) => {
                let at = self.cycle.clock.next_time_of_day(second);
                (at, at - now)
            }
            Expires::Modified(seconds) => {
                let from = modified().unwrap_or(now);
                (
                    from.saturating_add(seconds),
                    if seconds < 0 { -1 } else { from.saturating_add(seconds) - now },
                )
            }
        };
        let date = http_date(u64::try_from(at).unwrap_or_default());
        set_field(out, "Expires", date.as_bytes());
        let control = if age < 0 { "no-cache".to_owned() } else { format!("max-age={age}") };
        set_field(out, "Cache-Control", control.as_bytes());
        trace_field(self, "expires", "Expires", date.as_bytes());
        trace_field(self, "expires", "Cache-Control", control.as_bytes());
    }

    /// Evaluates a template that may refer to fields of the head so far.
    fn evaluate_with_head(&self, template: &Template, head: &mut Vec<u8>) -> Vec<u8> {
        self.response_head.replace(std::mem::take(head));
        let value = self.evaluate(template);
        *head = self.response_head.take();
        value
    }

    /// Appends `http://host[:port]` (or `https`) and a path: `absolute_redirect on`.
    fn write_absolute(&self, out: &mut Vec<u8>, path: &[u8]) {
        let (scheme, port): (&[u8], _) =
            if self.tls.is_some() { (b"https://", 443) } else { (b"http://", 80) };
        out.extend_from_slice(scheme);
        match self.request.host().unwrap_or_default() {
            _ if self.settings.server_name_in_redirect => out.extend_from_slice(self.server.name.as_bytes()),
            [] => out.extend_from_slice(text::ip_literal(self.client.local.ip()).as_bytes()),
            host => out.extend_from_slice(host),
        }
        if self.settings.port_in_redirect && self.client.local.port() != port {
            out.push(b':');
            text::decimal(out, u64::from(self.client.local.port()));
        }
        write_value(out, path);
    }
}

/// The charset in the parameters of a type, without quotes.
pub(crate) fn charset_in(parameters: &[u8]) -> Option<&[u8]> {
    let at = parameters.windows(8).position(|word| word.eq_ignore_ascii_case(b"charset="))?;
    let value = parameters.get(at + 8..)?.split(|&byte| byte == b';').next()?.trim_ascii();
    Some(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}
