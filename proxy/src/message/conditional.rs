//! Conditional requests (RFC 9110 §13), in nginx's order and with dates compared for equality, as in nginx.

use super::Headers;
use super::date;
use nginx_conf::model::IfModifiedSince;

/// The result of a request's preconditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// They hold, or there are none.
    Holds,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates `If-Unmodified-Since` and `If-Match`, then `If-Modified-Since` and `If-None-Match`. The latter two must
/// both match for a 304, whereas RFC 9110 §13.2.2 ignores the date beside a tag.
///
/// `rule` is `if_modified_since`.
pub(crate) fn evaluate(
    headers: &Headers,
    modified: u64,
    etag: Option<&str>,
    rule: IfModifiedSince,
) -> Precondition {
    let date = |value: &[u8]| date::parse(value);
    if headers
        .get("if-unmodified-since")
        .is_some_and(|since| date(since).is_none_or(|since| since < modified))
    {
        return Precondition::Failed;
    }
    if headers.get("if-match").is_some_and(|list| !matches(list, etag, false)) {
        return Precondition::Failed;
    }
    let (since, none_match) = (headers.get("if-modified-since"), headers.get("if-none-match"));
    let is_new_enough = |since: &[u8]| match (rule, date(since)) {
        (IfModifiedSince::Exact, Some(since)) => since == modified,
        (IfModifiedSince::Before, Some(since)) => since >= modified,
        (IfModifiedSince::Off, _) | (_, None) => false,
    };
    let same_date = since.is_none_or(is_new_enough);
    let same_tag = none_match.is_none_or(|list| matches(list, etag, true));
    if (since.is_some() || none_match.is_some()) && same_date && same_tag {
        Precondition::NotModified
    } else {
        Precondition::Holds
    }
}

/// Whether a list of entity tags contains ours, or is `*`. Weak comparison (RFC 9110 §8.8.3.2) ignores `W/`.
fn matches(list: &[u8], etag: Option<&str>, weak: bool) -> bool {
    if list == b"*" {
        return true;
    }
    let Some(etag) = etag else { return false };
    // Our tag has no comma, so splitting tags that have one does no harm.
    list.split(|&byte| byte == b',').any(|tag| {
        let tag = tag.trim_ascii();
        let tag = if weak { tag.strip_prefix(b"W/").unwrap_or(tag) } else { tag };
        tag == etag.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: u64 = 1_700_000_000;
    const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const LATER: &str = "Tue, 14 Nov 2023 22:13:21 GMT";
    const ETAG: &str = "\"6553f100-24\"";

    fn verdict(fields: &[(&str, &str)]) -> Precondition {
        let mut headers = Headers::new();
        for (name, value) in fields {
            headers.push(*name, *value);
        }
        evaluate(&headers, MODIFIED, Some(ETAG), IfModifiedSince::Exact)
    }

    #[test]
    fn a_tag_in_the_client_s_list_is_not_sent_again() {
        for list in
            [ETAG, "*", "W/\"6553f100-24\"", "\"x\", \"6553f100-24\"", "\"x\",W/\"6553f100-24\" ,\"y\""]
        {
            assert_eq!(verdict(&[("If-None-Match", list)]), Precondition::NotModified, "{list}");
        }
        for list in ["\"x\"", "", "\"6553f100-24", "6553f100-24", "\"6553f100-24\"x"] {
            assert_eq!(verdict(&[("If-None-Match", list)]), Precondition::Holds, "{list}");
        }
    }

    #[test]
    fn dates_must_be_the_very_same() {
        assert_eq!(verdict(&[("If-Modified-Since", DATE)]), Precondition::NotModified);
        assert_eq!(verdict(&[("If-Modified-Since", LATER)]), Precondition::Holds);
        assert_eq!(verdict(&[("If-Modified-Since", "garbage")]), Precondition::Holds);
    }

    #[test]
    fn date_and_tag_must_both_be_good() {
        assert_eq!(
            verdict(&[("If-None-Match", ETAG), ("If-Modified-Since", DATE)]),
            Precondition::NotModified
        );
        assert_eq!(verdict(&[("If-None-Match", ETAG), ("If-Modified-Since", LATER)]), Precondition::Holds);
        assert_eq!(verdict(&[("If-None-Match", "\"x\""), ("If-Modified-Since", DATE)]), Precondition::Holds);
    }

    #[test]
    fn a_failed_precondition_goes_before_a_good_copy() {
        assert_eq!(verdict(&[("If-Match", "\"x\""), ("If-None-Match", ETAG)]), Precondition::Failed);
        assert_eq!(verdict(&[("If-Match", "W/\"6553f100-24\"")]), Precondition::Failed, "strong comparison");
        assert_eq!(verdict(&[("If-Match", ETAG)]), Precondition::Holds);
        assert_eq!(verdict(&[("If-Unmodified-Since", DATE)]), Precondition::Holds);
        assert_eq!(
            verdict(&[("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT")]),
            Precondition::Failed
        );
        assert_eq!(verdict(&[("If-Unmodified-Since", "garbage")]), Precondition::Failed);
    }

    #[test]
    fn without_a_tag_only_the_star_matches() {
        assert!(matches(b"*", None, true));
        assert!(!matches(ETAG.as_bytes(), None, true));
    }
}
