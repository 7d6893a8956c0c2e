//! Request targets, split and normalised (RFC 9112 §3.2, RFC 3986 §6.2.2).
//!
//! Locations are chosen, and files found, by the normalised path: percent-decoded, `//` merged, `.` and `..` resolved.
//! This is nginx's `ngx_http_parse_complex_uri`, byte for byte.

use std::borrow::Cow;

use crate::text;

/// A request target, borrowed from the request line as far as possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    /// `$request_uri`: path and query as the client sent them, without the scheme and host of an absolute form.
    pub raw: &'a [u8],
    /// The host of an absolute form, with its port if it has one. It takes precedence over the `Host` field.
    pub authority: Option<&'a [u8]>,
    /// `$uri`: the normalised path. It may hold any byte except zero.
    pub path: Cow<'a, [u8]>,
    /// `$args`: what follows the `?`, or nothing.
    pub args: &'a [u8],
    /// Whether the path was percent-encoded somewhere, and has to be encoded again when it is passed on.
    pub quoted_uri: bool,
    /// Whether an absolute form has a query but no path: then `raw` has no path, and `path` is `/`.
    pub empty_path: bool,
}

/// An invalid target, which is answered with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("client sent invalid request target")]
pub struct BadTarget;

/// Parses a request target: `/path?query` or `http://host/path?query`.
///
/// ```
/// let target = reference_proxy::uri::parse(b"/a/./b//..%2Fc?q=1").unwrap();
/// assert_eq!((&*target.path, target.args), (&b"/a/c"[..], &b"q=1"[..]));
/// ```
///
/// # Errors
///
/// [`BadTarget`] for control characters, an invalid `%`, an encoded zero byte, a path that leads above the root, and
/// any other form (`*`, `host:port`).
pub fn parse(target: &[u8]) -> Result<Target<'_>, BadTarget> {
    parse_with(target, true)
}

/// The same, with `merge_slashes` off or on.
pub(crate) fn parse_with(target: &[u8], merge_slashes: bool) -> Result<Target<'_>, BadTarget> {
    if target.iter().fold(false, |found, &byte| found | (byte <= b' ') | (byte == 0x7f)) {
        return Err(BadTarget);
    }
    let (authority, raw) = match target.first() {
        Some(b'/') => (None, target),
        Some(_) => {
            let (authority, path) = absolute(target)?;
            (Some(authority), path)
        }
        None => return Err(BadTarget),
    };
    let empty_path = raw.first() == Some(&b'?');
    let end = memchr::memchr2(b'?', b'#', raw).unwrap_or(raw.len());
    let (path, rest) = raw.split_at(end);
    let args = match rest.split_first() {
        Some((b'?', args)) => args.split(|byte| *byte == b'#').next().unwrap_or_default(),
        _ => &[],
    };
    let (path, quoted_uri) = match () {
        () if path.is_empty() => (Cow::Borrowed(&b"/"[..]), false),
        () if is_plain(path, merge_slashes) => (Cow::Borrowed(path), false),
        () => (Cow::Owned(normalise(path, merge_slashes)?), path.contains(&b'%')),
    };
    Ok(Target { raw, authority, path, args, quoted_uri, empty_path })
}

/// Whether a path is normalised already.
fn is_plain(path: &[u8], merge_slashes: bool) -> bool {
    !path.contains(&b'%')
        && !text::has_pair(path, b'/', |next| ((next == b'/') & merge_slashes) | (next == b'.'))
}

/// The authority and the path of `scheme://host:port/path`.
fn absolute(target: &[u8]) -> Result<(&[u8], &[u8]), BadTarget> {
    let colon = target.iter().position(|byte| *byte == b':').ok_or(BadTarget)?;
    let (scheme, rest) = target.split_at(colon);
    let rest = rest.strip_prefix(b"://").ok_or(BadTarget)?;
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !scheme.first().is_some_and(u8::is_ascii_alphabetic) || !scheme.iter().all(is_scheme) {
        return Err(BadTarget);
    }
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if host_of(authority).is_none_or(<[u8]>::is_empty) {
        return Err(BadTarget);
    }
    Ok((authority, if path.is_empty() { b"/" } else { path }))
}

/// Whether a target is a host and a port, as that of a CONNECT is (RFC 9112 §3.2.3). Either may be empty.
pub(crate) fn is_authority(target: &[u8]) -> bool {
    host_of(target).is_some_and(|host| host.len() < target.len())
}

/// Whether a target may become one, by how it begins.
pub(crate) fn begins_authority(target: &[u8]) -> bool {
    target.starts_with(b"[") || host_of(target).is_some()
}

/// The host of an authority, behind which there is nothing but a port, if that.
fn host_of(authority: &[u8]) -> Option<&[u8]> {
    let host_end = match authority.first() {
        Some(b'[') => authority.iter().position(|byte| *byte == b']')? + 1,
        _ => authority.iter().position(|byte| *byte == b':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_end);
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let is_address = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b':' | b'.' | b'-' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'')
            || matches!(byte, b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
    };
    let host_is_good = match host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        Some(address) => address.iter().all(is_address),
        None => host.iter().all(is_host),
    };
    let (colon, digits) = port.split_at(port.len().min(1));
    let port_is_good = matches!(colon, b"" | b":") && digits.iter().all(u8::is_ascii_digit);
    (host_is_good && port_is_good).then_some(host)
}

/// Where in a segment the next byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Segment,
    AfterSlash,
    AfterDot,
    AfterDotDot,
}

/// Decodes and resolves a path that starts with `/` and has no query.
fn normalise(path: &[u8], merge_slashes: bool) -> Result<Vec<u8>, BadTarget> {
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    let mut state = State::Segment;
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let mut byte = first;
        if first == b'%' {
            (byte, rest) = decode(after)?;
            // Encoded, these have no meaning of their own; `/` and `.` do.
            if matches!(byte, b'%' | b'#' | b'?') {
                out.push(byte);
                state = State::Segment;
                continue;
            }
        }
        state = match (state, byte) {
            (State::AfterSlash, b'/') if merge_slashes => State::AfterSlash,
            (State::AfterSlash, b'/') => {
                out.push(byte);
                State::AfterSlash
            }
            (State::AfterDot, b'/') => {
                out.pop();
                State::AfterSlash
            }
            (State::AfterDotDot, b'/') => {
                pop_segment(&mut out)?;
                State::AfterSlash
            }
            (State::Segment, b'/') => {
                out.push(byte);
                State::AfterSlash
            }
            (State::AfterSlash, b'.') => {
                out.push(byte);
                State::AfterDot
            }
            (State::AfterDot, b'.') => {
                out.push(byte);
                State::AfterDotDot
            }
            (_, byte) => {
                out.push(byte);
                State::Segment
            }
        };
    }
    match state {
        State::AfterDot => drop(out.pop()),
        State::AfterDotDot => pop_segment(&mut out)?,
        State::Segment | State::AfterSlash => {}
    }
    Ok(out)
}

/// Removes `segment/..` from the end.
fn pop_segment(out: &mut Vec<u8>) -> Result<(), BadTarget> {
    // The path without `/..`, cut after its last slash.
    let parent = out.len().checked_sub(3).and_then(|end| out.get(..end)).ok_or(BadTarget)?;
    let slash = parent.iter().rposition(|byte| *byte == b'/').ok_or(BadTarget)?;
    out.truncate(slash + 1);
    Ok(())
}

fn decode(after_percent: &[u8]) -> Result<(u8, &[u8]), BadTarget> {
    let [high, low, rest @ ..] = after_percent else { return Err(BadTarget) };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match (digit(*high), digit(*low)) {
        (Some(0), Some(0)) | (None, _) | (_, None) => Err(BadTarget),
        (Some(high), Some(low)) => Ok((high * 16 + low, rest)),
    }
}

/// The path, decoded, and the query of a target that an app server names: `ngx_http_parse_unsafe_uri`. `None` where it would
/// lead up.
pub(crate) fn parse_unsafe(target: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (path, args) = match target.iter().position(|&byte| byte == b'?') {
        Some(mark) => (target.get(..mark)?, target.get(mark + 1..)?),
        None => (target, &b""[..]),
    };
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let (byte, after) = decode(after).ok()?;
        decoded.push(byte);
        rest = after;
    }
    let is_safe = !decoded.is_empty()
        && !decoded.contains(&0)
        && decoded.split(|&byte| byte == b'/').all(|part| part != b"..");
    is_safe.then(|| (decoded, args.to_vec()))
}

/// Appends a piece of a path, escaped for arguments as nginx does (`NGX_ESCAPE_ARGS`).
pub(crate) fn escape_args(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if byte <= b' ' || byte >= 0x7f || b"\"#%&+;<>?\\^`{|}".contains(&byte) {
            out.push(b'%');
            text::hex_pair(out, byte);
        } else {
            out.push(byte);
        }
    }
}

/// Appends a name as one segment of a path (`NGX_ESCAPE_URI_COMPONENT`).
pub(crate) fn escape_component(name: &[u8], out: &mut Vec<u8>) {
    for &byte in name {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ if byte.is_ascii_alphanumeric() => out.push(byte),
            _ => {
                out.push(b'%');
                text::hex_pair(out, byte);
            }
        }
    }
}

/// Decodes the path of a redirect as far as that leaves it a path (`NGX_UNESCAPE_REDIRECT`).
pub(crate) fn decode_redirect(url: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(url.len());
    let mut rest = url;
    while let [byte, after @ ..] = rest {
        rest = after;
        let pair = after.get(..2).filter(|_| *byte == b'%');
        let decoded = pair.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match decoded {
            Some(decoded) => {
                rest = after.get(2..).unwrap_or_default();
                if decoded == b'?' {
                    out.push(decoded);
                    out.extend_from_slice(rest);
                    return out;
                } else if decoded > b'%' && decoded < 0x7f {
                    out.push(decoded);
                } else {
                    out.push(b'%');
                    out.extend_from_slice(pair.unwrap_or_default());
                }
            }
            None if *byte == b'?' => {
                out.push(b'?');
                out.extend_from_slice(rest);
                return out;
            }
            None => out.push(*byte),
        }
    }
    out
}

/// Appends a normalised path, escaped for a `Location` as nginx does (`NGX_ESCAPE_URI`).
pub(crate) fn escape(uri: &[u8], out: &mut Vec<u8>) {
    for &byte in uri {
        match byte {
            ..=b' '
            | b'"'
            | b'#'
            | b'%'
            | b'<'
            | b'>'
            | b'?'
            | b'\\'
            | b'^'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | 0x7f.. => {
                out.push(b'%');
                text::hex_pair(out, byte);
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_header_is_encoded_as_nginx_encodes_it() {
        let mut out = Vec::new();
        escape("/q?\"<>#%\\^`{|}é a&=+;:@!$'()*,~[]-._".as_bytes(), &mut out);
        let wanted = "/q%3F%22%3C%3E%23%25%5C%5E%60%7B%7C%7D%C3%A9%20a&=+;:@!$'()*,~[]-._";
        assert_eq!(String::from_utf8_lossy(&out), wanted);
    }

    #[test]
    fn a_redirect_is_decoded_as_far_as_it_stays_one() {
        let decoded = |url: &str| String::from_utf8(decode_redirect(url.as_bytes())).unwrap();
        let urls = ["/a%41%20%25b?%41", "/%3f%41", "/%", "/%4", "/%zz", "/%e9"];
        assert_eq!(urls.map(decoded), ["/aA%20%25b?%41", "/?%41", "/%", "/%4", "/%zz", "/%e9"]);
        let mut out = Vec::new();
        escape_args("a \"#%&+;<>?\\^`{|}~=/é".as_bytes(), &mut out);
        assert_eq!(out, b"a%20%22%23%25%26%2B%3B%3C%3E%3F%5C%5E%60%7B%7C%7D~=/%C3%A9");
    }
}
