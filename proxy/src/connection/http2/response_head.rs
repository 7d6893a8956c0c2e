//! Heads of responses, from text to fields.

use crate::message::grammar::parse_length;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

/// Fields of one connection, which HTTP/2 does not have (RFC 9113 §8.2.2).
const CONNECTION_FIELDS: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// The head that is written in `text`. What HTTP/2 does not allow to be said is left out; `None` without a status.
pub(super) fn parse(text: &[u8]) -> Option<Response<()>> {
    let mut lines = lines(text);
    let status = lines.next()?.split(|&byte| byte == b' ').nth(1)?;
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_bytes(status).ok()?;
    *response.version_mut() = http::Version::HTTP_2;
    *response.headers_mut() = fields(lines);
    Some(response)
}

/// The trailers that are written in `text`, with the same left out.
pub(super) fn parse_trailers(text: &[u8]) -> HeaderMap {
    fields(lines(text))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn fields<'t>(lines: impl Iterator<Item = &'t [u8]>) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            && !CONNECTION_FIELDS.contains(&name.as_str())
        {
            fields.append(name, value);
        }
    }
    fields
}

/// How long the body is, if the head says it.
pub(super) fn content_length(response: &Response<()>) -> Option<u64> {
    response.headers().get(http::header::CONTENT_LENGTH).and_then(|value| parse_length(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_keeps_its_fields_but_those_of_the_connection() {
        let text = b"HTTP/1.1 404 Not Found\r\nServer: x\r\nConnection: close\r\nKeep-Alive: timeout=5\r\n\
            Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nProxy-Connection: close\r\nSet-Cookie: a=1\r\nX-Bad: a\x01b\r\n\
            X Y: 1\r\nSet-Cookie: b=2\r\nX-Empty: \r\nX-Colon: a: b\r\n\r\n";
        let response = parse(text).unwrap();
        assert_eq!(response.status(), 404);
        let fields: Vec<String> = response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(fields, ["server: x", "set-cookie: a=1", "set-cookie: b=2", "x-empty: ", "x-colon: a: b"]);
    }

    #[test]
    fn there_is_no_head_without_a_status() {
        assert!(parse(b"").is_none() && parse(b"HTTP/1.1 OK\r\n\r\n").is_none());
    }
}
