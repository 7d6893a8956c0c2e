//! The head of a request, from its text.

use http::header::{HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Uri, Version};

use crate::text;

/// Reads the text of a head that the proxy has made; `None` if HTTP/2 has no way to say it.
///
/// `:authority` is a line of its own where it is to be sent, before the fields it replaces one of. Over TLS it is always sent: h2
/// would take a request without it for one of `http`.
pub(super) fn parse(head: &[u8], is_tls: bool) -> Option<Request<()>> {
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next()?.split(|&byte| byte == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let path = path(words.next()?)?;
    let mut request = Request::new(());
    let mut authority = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        // The name of a pseudo-header field begins with a colon.
        let colon = line.iter().skip(1).position(|&byte| byte == b':')? + 1;
        let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?.trim_ascii());
        if name == b":authority" {
            authority = Some(Authority::try_from(value).ok()?);
            continue;
        }
        request
            .headers_mut()
            .append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    if is_tls && authority.is_none() {
        authority = request
            .headers_mut()
            .remove(http::header::HOST)
            .and_then(|host| Authority::try_from(host.as_bytes()).ok());
    }
    *request.uri_mut() = match authority {
        None => Uri::from(path),
        Some(authority) => {
            let scheme = if is_tls { Scheme::HTTPS } else { Scheme::HTTP };
            Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()?
        }
    };
    *request.method_mut() = method;
    // Without an authority, h2 takes the scheme for `http` in what is no HTTP/2 yet.
    *request.version_mut() = Version::HTTP_11;
    Some(request)
}

/// The target; what may not stand there (RFC 3986 §3.3), and h2 does not send, is percent-encoded.
fn path(target: &[u8]) -> Option<PathAndQuery> {
    if let Ok(path) = PathAndQuery::try_from(target) {
        return Some(path);
    }
    let mut encoded = Vec::with_capacity(target.len() + 16);
    for &byte in target {
        match byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte) {
            true => encoded.push(byte),
            false => {
                encoded.push(b'%');
                text::hex_pair(&mut encoded, byte);
            }
        }
    }
    PathAndQuery::try_from(encoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str, is_tls: bool) -> Option<(String, Vec<(String, String)>)> {
        let request = parse(head.as_bytes(), is_tls)?;
        let fields = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Some((format!("{} {}", request.method(), request.uri()), fields.collect()))
    }

    #[test]
    fn an_authority_is_sent_where_no_host_is_set() {
        let head = "GET /a?b HTTP/2.0\r\n:authority: app:80\r\nX-A: 1\r\n\r\n";
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parsed(head, false), Some(("GET http://app:80/a?b".to_owned(), vec![field("x-a", "1")])));
        let head = "GET /a HTTP/2.0\r\nHost: site\r\nX-A:  b \r\n\r\nHost: body";
        let fields = vec![field("host", "site"), field("x-a", "b")];
        assert_eq!(parsed(head, false), Some(("GET /a".to_owned(), fields)));
        assert_eq!(parsed(head, true), Some(("GET https://site/a".to_owned(), vec![field("x-a", "b")])));
    }

    #[test]
    fn a_target_is_sent_as_it_is_where_it_can_be() {
        let target =
            |target: &str| parsed(&format!("GET {target} HTTP/2.0\r\n\r\n"), false).map(|(line, _)| line);
        assert_eq!(target("/a%2F?b=%20&c").as_deref(), Some("GET /a%2F?b=%20&c"));
        assert_eq!(target("/<a>?^").as_deref(), Some("GET /%3Ca%3E?%5E"));
        assert_eq!(target("*").as_deref(), Some("GET *"));
    }

    #[test]
    fn what_cannot_be_said_is_not_sent() {
        for head in ["GET /a HTTP/2.0\r\nX(Y): b\r\n\r\n", "GET /a HTTP/2.0\r\nA: \u{1}\r\n\r\n", "GET"] {
            assert_eq!(parsed(head, false), None, "{head:?}");
        }
    }
}
