//! Values of header fields: lists and lengths (RFC 9110 §5.6).

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
