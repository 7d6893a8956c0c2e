//! What to look at where the error log says why.

/// Words of the error log that name a cause, and what to look at then: more to the point than what a scenario can say that fails for
/// many reasons.
const HINTS: [(&str, &str); 1] = [(
    "upstream rejected request with error 1 ",
    "`Connection` and `Upgrade` are no fields of HTTP/2 (RFC 9113 §8.2.2), and app servers reject every request that has one. Where \
         `proxy_http_version 2` is in force, leave out `proxy_set_header Connection` and `proxy_set_header Upgrade`; WebSockets need a \
         location of their own with `proxy_http_version 1.1`.",
)];

/// What to look at, by the lines of the error log that a failure has brought.
pub(super) fn hint(error_log: &str) -> Option<&'static str> {
    HINTS.iter().find(|(words, _)| error_log.contains(words)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn the_error_log_may_name_the_cause() {
        let said = "2026/11/30 [error] 7#7: *2 upstream rejected request with error 1 while reading response header from upstream";
        assert!(hint(said).is_some_and(|hint| hint.contains("`Connection` and `Upgrade`")));
        assert_eq!(hint("upstream rejected request with error 11 while reading"), None);
        assert_eq!(hint(""), None);
    }
}
