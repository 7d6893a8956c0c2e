//! Whether a response is compressed, and what becomes of its head then: `ngx_http_gzip_filter_module`.

use std::collections::HashSet;

use crate::exchange::Exchange;
use crate::response::fields::{field, field_values};
use nginx_conf::model::GzipProxied;

/// What `gzip` does to a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct GzipFilter {
    /// The body is compressed.
    pub(crate) compress: bool,
    /// It depends on the client whether it is: `Vary: Accept-Encoding`.
    pub(crate) vary: bool,
}

impl Exchange<'_> {
    /// Whether a response may be compressed, whoever asks, and whether it is for this client. `head` has the fields of
    /// `expires` already.
    pub(super) fn gzip_filter(
        &self,
        head: &[u8],
        content_type: Option<&[u8]>,
        length: Option<u64>,
    ) -> GzipFilter {
        let gzip = &self.settings.gzip;
        let may_be = gzip.on
            && length.is_none_or(|length| length >= gzip.min_length)
            && is_among(gzip.types.as_deref(), content_type);
        GzipFilter { compress: may_be && self.accepts_gzip(head), vary: may_be }
    }

    /// Whether this client gets compressed responses: `ngx_http_gzip_ok`.
    pub(crate) fn accepts_gzip(&self, head: &[u8]) -> bool {
        let (gzip, fields) = (&self.settings.gzip, &self.request.headers);
        if !fields.get("Accept-Encoding").is_some_and(accepts_gzip) {
            return false;
        }
        let agent = fields.get("User-Agent");
        if gzip.disable_msie6 && agent.is_some_and(is_msie6) {
            return false;
        }
        if self.request.version < gzip.min_version {
            return false;
        }
        if fields.get("Via").is_some()
            && !for_proxies(gzip.proxied, head, fields.get("Authorization").is_some())
        {
            return false;
        }
        let is_match =
            |agent| gzip.disable.iter().any(|pattern| pattern.regex.is_match(agent).unwrap_or(false));
        !agent.is_some_and(is_match)
    }
}

/// Whether a type is among those of `gzip_types` or `sub_filter_types`: `ngx_http_test_content_type`. Among all of them
/// is even none.
pub(super) fn is_among(types: Option<&HashSet<String>>, content_type: Option<&[u8]>) -> bool {
    types.is_none_or(|types| {
        let name = content_type.unwrap_or_default().to_ascii_lowercase();
        std::str::from_utf8(&name).is_ok_and(|name| types.contains(name))
    })
}

/// A `Content-Type` without its `charset`, as `gzip_types` names it.
pub(crate) fn without_charset(content_type: &[u8]) -> &[u8] {
    let is_charset = |at: &usize| {
        let parameter = without_spaces(content_type.get(at + 1..).unwrap_or_default());
        parameter.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"charset="))
    };
    let end = memchr::memchr_iter(b';', content_type).find(is_charset);
    content_type.get(..end.unwrap_or(content_type.len())).unwrap_or_default()
}

/// `gzip_proxied`: whether a response may be compressed for a client behind a proxy.
fn for_proxies(when: GzipProxied, head: &[u8], authorized: bool) -> bool {
    if when.off {
        return false;
    }
    if when.any || (authorized && when.auth) {
        return true;
    }
    if let Some(expires) = field(head, "Expires") {
        let parse = |value: &[u8]| httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok();
        return when.expired && parse(expires).is_some_and(|expires| expires < std::time::SystemTime::now());
    }
    if field(head, "Cache-Control").is_some() {
        let says = |option: &str| field_values(head, "Cache-Control").any(|value| lists(value, option));
        return (when.no_cache && says("no-cache"))
            || (when.no_store && says("no-store"))
            || (when.private && says("private"));
    }
    let lacks = |name: &str| field(head, name).is_none();
    (!when.no_last_modified || lacks("Last-Modified")) && (!when.no_etag || lacks("ETag"))
}

/// Whether a list has this element: `ngx_http_parse_multi_header_lines`.
fn lists(value: &[u8], option: &str) -> bool {
    value
        .split(|byte| matches!(byte, b',' | b';'))
        .any(|element| element.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
}

/// Whether an `Accept-Encoding` has gzip, with a quality above zero: `ngx_http_gzip_accept_encoding`.
fn accepts_gzip(value: &[u8]) -> bool {
    if value.starts_with(b"gzip,") {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    let starts_element = |at: &usize| *at == 0 || matches!(lower.get(at - 1), Some(b',' | b' '));
    let Some(at) = memchr::memmem::find_iter(&lower, b"gzip").find(starts_element) else { return false };
    let rest = without_spaces(lower.get(at + 4..).unwrap_or_default());
    match rest.split_first() {
        None | Some((b',', _)) => true,
        Some((b';', rest)) => match without_spaces(rest) {
            [] => true,
            [b'q', b'=', quality @ ..] if !quality.is_empty() => has_quality(quality),
            _ => false,
        },
        Some(_) => false,
    }
}

/// Whether a quality is above zero and at most one.
fn has_quality(value: &[u8]) -> bool {
    let end = value.iter().position(|byte| matches!(byte, b',' | b' ')).unwrap_or(value.len());
    let (digit, rest) = match value.get(..end) {
        Some([digit @ (b'0' | b'1'), rest @ ..]) => (*digit, rest),
        _ => return false,
    };
    let digits = match rest {
        [] => return digit == b'1',
        [b'.', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => digits,
        _ => return false,
    };
    let is_zero = digits.iter().all(|&digit| digit == b'0');
    digits.len() <= 3 && if digit == b'1' { is_zero } else { !is_zero }
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b' ').unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// Whether a `User-Agent` is an Internet Explorer before 7, but not 6 with Service Pack 1.
fn is_msie6(agent: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(agent, b"MSIE ") else { return false };
    match agent.get(at + 5..) {
        Some([b'4' | b'5', b'.', _, ..]) => true,
        Some([b'6', b'.', rest @ ..]) if !rest.is_empty() => {
            memchr::memmem::find(rest.get(1..).unwrap_or_default(), b"SV1").is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_by_its_name_and_quality() {
        for yes in [
            "gzip",
            "gzip,x",
            "deflate, gzip",
            "GZIP",
            "x,gzip;q=1",
            "gzip ; q=0.1",
            "gzip;",
            "gzip;q=1.000, x",
        ] {
            assert!(accepts_gzip(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "gz",
            "xgzip",
            "gzipx",
            "gzip;q=0",
            "gzip;q=0.000",
            "gzip;q=2",
            "gzip;q=1.1",
            "gzip;x",
            "gzip;q=0.0001",
            "*",
        ] {
            assert!(!accepts_gzip(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn old_explorers_are_told_by_their_version() {
        let old = |version: &str| {
            is_msie6(format!("Mozilla/4.0 (compatible; MSIE {version}; Windows NT)").as_bytes())
        };
        assert_eq!(["4.0", "5.5", "6.0", "6.0; SV1", "7.0"].map(old), [true, true, true, false, false]);
    }
}
