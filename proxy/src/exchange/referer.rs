//! Whether a request comes from a page that may lead here: `valid_referers`.

use super::Exchange;
use nginx_conf::model::{Pattern, Referers};

/// The shortest URL that is taken for one: `http://i.ru`.
const MIN_URL_LENGTH: usize = 11;

/// The longest host of a URL.
const MAX_HOST_LENGTH: usize = 256;

impl Exchange<'_> {
    /// Whether `Referer` is one of `valid_referers`: `ngx_http_referer_variable`.
    pub(super) fn has_valid_referer(&self) -> bool {
        let Some(referers) = &self.settings.referers else { return true };
        match self.request.headers.get("Referer") {
            None => referers.none,
            Some(referer) => match after_scheme(referer) {
                Some(url) => is_valid(referers, url),
                None => referers.blocked,
            },
        }
    }
}

fn after_scheme(referer: &[u8]) -> Option<&[u8]> {
    let schemes = [&b"http://"[..], b"https://"];
    let strip = |scheme: &[u8]| {
        let (start, rest) = referer.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    schemes.into_iter().find_map(strip).filter(|_| referer.len() >= MIN_URL_LENGTH)
}

/// Whether a URL without its scheme is valid.
fn is_valid(referers: &Referers, url: &[u8]) -> bool {
    let end = url.iter().position(|byte| matches!(byte, b'/' | b':')).unwrap_or(url.len());
    let (host, rest) = url.split_at(end);
    if host.len() > MAX_HOST_LENGTH {
        return false;
    }
    let host = host.to_ascii_lowercase();
    let leading = || referers.wildcards.leading.iter().find(|(name, _)| host.ends_with(name.as_bytes()));
    let trailing = || referers.wildcards.trailing.iter().find(|(name, _)| host.starts_with(name.as_bytes()));
    let wildcard = || leading().or_else(trailing).map(|(_, path)| path);
    if let Some(start) = referers.exact.get(&host).or_else(wildcard) {
        let path = rest.iter().position(|&byte| byte == b'/').and_then(|at| rest.get(at..));
        return path.unwrap_or_default().starts_with(start.as_bytes());
    }
    let matches = |patterns: &[Pattern], text: &[u8]| {
        patterns.iter().any(|pattern| pattern.regex.is_match(text).unwrap_or(false))
    };
    matches(&referers.server_names, &host) || matches(&referers.patterns, url)
}
