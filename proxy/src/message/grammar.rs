//! Values of header fields: lists and lengths (RFC 9110 §5.6).

/// Whether a comma-separated list contains `token`, ignoring case.
pub(crate) fn list_contains(list: &[u8], token: &str) -> bool {
    list.split(|&byte| byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// A length: only digits, and small enough for nginx's signed 64 bits.
pub(crate) fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok().filter(|&length| length <= i64::MAX as u64)
}
