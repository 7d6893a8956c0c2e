//! The small parts of which heads are made: lists, lengths, methods, versions (RFC 9110 §5.6, RFC 9112 §2.3).

use super::refusal::{Refusal, bad};

/// Whether a comma-separated list names `token`, compared without case.
pub(crate) fn lists(list: &[u8], token: &str) -> bool {
    list.split(|&byte| byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// A length: digits only, small enough to count with.
pub(crate) fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok().filter(|&length| length <= i64::MAX as u64)
}

/// How many bytes at the front of a request line may be a method.
pub(crate) fn method_length(line: &[u8]) -> usize {
    line.iter().take_while(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-')).count()
}

/// Where the request line begins: empty lines before it are ignored (RFC 9112 §2.2).
pub(super) fn after_line_ends(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len())
}

/// Where what follows the spaces at `from` begins.
pub(super) fn skip_spaces(line: &[u8], from: usize) -> usize {
    from + line.get(from..).unwrap_or_default().iter().take_while(|&&byte| byte == b' ').count()
}

/// `HTTP/1.x`. An HTTP/0.9 request, which has no version and would be answered without a head, is refused.
pub(super) fn version(protocol: &[u8]) -> Result<u8, Refusal> {
    const INVALID: Refusal = bad("client sent invalid request");
    const UNKNOWN: Refusal = Refusal { status: 505, reason: "client sent invalid version" };
    let minor = match protocol.strip_prefix(b"HTTP/").ok_or(INVALID)? {
        [b'2'..=b'9', ..] | [b'1', b'0'..=b'9', ..] => return Err(UNKNOWN),
        [b'1', b'.', minor @ ..] => minor,
        _ => return Err(INVALID),
    };
    if !(1..=3).contains(&minor.len()) || !minor.iter().all(u8::is_ascii_digit) {
        return Err(INVALID);
    }
    Ok(if minor.iter().all(|&digit| digit == b'0') { 10 } else { 11 })
}
