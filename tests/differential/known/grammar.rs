//! What the standards have messages made of, for telling those that are not.

use crate::stream::View;

/// A field's name (RFC 9110 §5.6.2).
pub(super) fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// `uri-host [ ":" port ]`.
pub(super) fn is_host(value: &[u8]) -> bool {
    let colon = value.iter().rposition(|&byte| byte == b':').filter(|_| !value.ends_with(b"]"));
    let (host, port) = value.split_at(colon.unwrap_or(value.len()));
    let inner = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]"));
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(byte);
    let named = match inner {
        Some(literal) => literal.iter().all(|byte| good(byte) || *byte == b':'),
        None => host.iter().all(good),
    };
    named && port.iter().skip(1).all(u8::is_ascii_digit)
}

/// Chunks, the last of them, trailers and an empty line, with CRLF throughout.
pub(super) fn is_well_chunked(mut body: &[u8]) -> bool {
    loop {
        let Some(end) = body.windows(2).position(|two| two == b"\r\n") else { return false };
        let line = &body[..end];
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (size, extension) = line.split_at(digits);
        let size = std::str::from_utf8(size).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let extension = extension.trim_ascii_start();
        let extended = extension.is_empty() || extension.starts_with(b";");
        let Some(size) =
            size.filter(|_| extended && !line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'))
        else {
            return false;
        };
        body = &body[end + 2..];
        if size == 0 {
            return trailers(body);
        }
        if body.get(size..size.saturating_add(2)) != Some(b"\r\n") {
            return false;
        }
        body = &body[size + 2..];
    }
}

fn trailers(mut body: &[u8]) -> bool {
    loop {
        let Some(end) = body.windows(2).position(|two| two == b"\r\n") else { return false };
        let line = &body[..end];
        body = &body[end + 2..];
        if line.is_empty() {
            return body.is_empty();
        }
        if !View::name(line).is_some_and(is_token)
            || line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            return false;
        }
    }
}
