//! How credentials are recognized: by the name before them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Names of headers, and fields, whose whole value is a credential.
const NAMES: &str = "(?:proxy-)?authorization|passcode|x-api-key|x-auth-token|x-csrf-token|x-xsrf-token";

/// Names of parameters whose value is a credential wherever they stand.
const TOKENS: &str =
    "access_token|refresh_token|id_token|auth_token|client_secret|api_key|apikey|passwd|password";

/// Names of parameters whose value is a credential in a query.
const QUERY_TOKENS: &str = "token|key|jwt|sid|session|sessionid|secret|sig|signature|x-amz-signature|\
    x-amz-security-token|x-goog-signature";

/// Where a name may begin: not within another. A text may have been escaped, with `\n` in letters, or painted.
const BEGIN: &str = r"(?:^|\\[rnt]|\x1b\[[\d;]*m|[^\w-])";

/// Where a header's value ends: with its line.
const TO_END: &str = r"[ \t]*(?P<value>\S.*?)[ \t\r]*(?:\\[rn]|\x1b|$)";

/// What is a credential within the value of a pattern.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// All of it.
    Whole,
    /// The values of its pairs: `a=1; b=2`.
    Pairs,
    /// The value of its first pair; attributes follow.
    FirstPair,
}

/// One way to recognize credentials.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: &'static LazyLock<Option<Regex>>,
    part: Part,
}

/// Those of messages, of what is said about them, and of URLs.
pub(super) fn in_messages() -> [Pattern; 8] {
    let pattern = |regex, part| Pattern { regex, part };
    [
        pattern(&HEADER, Part::Whole),
        pattern(&SET_COOKIE, Part::FirstPair),
        pattern(&COOKIE, Part::Pairs),
        pattern(&QUOTED, Part::Whole),
        pattern(&QUOTED_COOKIE, Part::FirstPair),
        pattern(&PARAMETER, Part::Whole),
        pattern(&USER_INFO, Part::Whole),
        pattern(&BEARER, Part::Whole),
    ]
}

/// Those of an `nginx.conf`.
pub(super) fn in_configurations() -> [Pattern; 1] {
    [Pattern { regex: &SET_HEADER, part: Part::Whole }]
}

/// `Authorization: Bearer …`, of which the scheme stays.
static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let scheme = "(?:(?:Basic|Bearer|Digest|Negotiate|Token)[ ]+)?";
    compiled(&format!("(?im){BEGIN}(?:{NAMES}):[ \\t]*{scheme}{TO_END}"))
});

/// `Set-Cookie: sid=…; Path=/`.
static SET_COOKIE: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(&format!("(?im){BEGIN}set-cookie:{TO_END}")));

/// `Cookie: sid=…; theme=…`.
static COOKIE: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(&format!("(?im){BEGIN}cookie:{TO_END}")));

/// `"access_token": "…"`, and a header's name and value in quotes; these may be escaped.
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let value = r#"(?P<value>(?:[^"\\]|\\[^"])*)"#;
    compiled(&format!(r#"(?i)"(?:{NAMES}|{TOKENS}|token|secret|jwt)\\?"\s*[:,]\s*\\?"{value}"#))
});

/// The same for cookies.
static QUOTED_COOKIE: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(r#"(?i)"(?:set-)?cookie\\?"\s*[:,]\s*\\?"(?P<value>(?:[^"\\]|\\[^"])*)"#));

/// `?access_token=…`.
static PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(&format!(r#"(?i)(?:\b(?:{TOKENS})|[?&#](?:{QUERY_TOKENS}))=(?P<value>[^&#;,\s"'<>\\`]+)"#))
});

/// `https://user:password@host`.
static USER_INFO: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(r#"(?i)\b[a-z][a-z0-9+.-]*://(?P<value>[^/\s"'?#<>]+)@"#));

/// A bearer token (RFC 6750 §2.1), or a JSON Web Token (RFC 7519), without a name.
static BEARER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(r"(?:\bBearer +(?P<value>[\w.~+/=-]{16,})|\b(?P<jwt>eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*))")
});

/// `proxy_set_header Authorization "Basic …";`, without variables.
static SET_HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(&format!(
        r#"(?im)\b(?:proxy|grpc)_set_header\s+["']?(?:{NAMES}|cookie)["']?\s+["']?(?:(?:Basic|Bearer)\s+)?(?P<value>[^"';$\n]+?)["']?\s*;"#
    ))
});

/// A test of each pattern finds one that is none.
fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

impl Pattern {
    /// Where the credentials of `text` stand, in order.
    pub(super) fn credentials(&self, text: &str) -> Vec<Range<usize>> {
        let Some(regex) = self.regex.as_ref() else { return Vec::new() };
        let found = regex.captures_iter(text).filter_map(|found| value(&found));
        found
            .flat_map(|(at, value)| {
                self.part.of(value).into_iter().map(move |part| part.start + at..part.end + at)
            })
            .collect()
    }
}

/// The value that was found, and where.
fn value<'t>(found: &Captures<'t>) -> Option<(usize, &'t str)> {
    let value = found.name("value").or_else(|| found.name("jwt"))?;
    Some((value.start(), value.as_str()))
}

impl Part {
    /// The places of the credentials in `value`.
    fn of(self, value: &str) -> Vec<Range<usize>> {
        let pairs = value.split(';').scan(0, |at, pair| {
            let begin = *at + pair.find('=').map_or(0, |sign| sign + 1);
            let end = *at + pair.len();
            *at = end + 1;
            Some(begin..end)
        });
        let parts: Vec<Range<usize>> = match self {
            Part::Whole => std::iter::once(0..value.len()).collect(),
            Part::Pairs => pairs.collect(),
            Part::FirstPair => pairs.take(1).collect(),
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }
}
