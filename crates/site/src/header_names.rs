//! Names of headers that are one slip of the keyboard away from one that is known.
//!
//! nginx takes any name, and a variable for any: `$http_upgrage` is just empty. Who reads headers looks for names that are known.

use crate::tree::Node;

/// Directives whose first argument is a header's name.
const DIRECTIVES: [&str; 6] = [
    "proxy_set_header",
    "add_header",
    "proxy_hide_header",
    "proxy_pass_header",
    "add_trailer",
    "real_ip_header",
];

/// Variables that end with a header's name, with underscores for hyphens.
const VARIABLES: [&str; 3] = ["$http_", "$sent_http_", "$upstream_http_"];

/// Shorter names are one letter away from too much.
const MIN_LENGTH: usize = 6;

/// What is known: the fields of RFC 9110, 9111, 6455 and 6265, of Fetch and of pages' security, those that proxies add, and names
/// that resemble them. Lower case.
const KNOWN: [&str; 113] = [
    "accept",
    "accept-ch",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-patch",
    "accept-post",
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "alt-svc",
    "authentication-info",
    "authorization",
    "cache-control",
    "cf-connecting-ip",
    "clear-site-data",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-security-policy-report-only",
    "content-type",
    "cookie",
    "cookie2",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "early-data",
    "etag",
    "expect",
    "expect-ct",
    "expires",
    "feature-policy",
    "forwarded",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-event-id",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "nel",
    "origin",
    "origins",
    "permissions-policy",
    "pragma",
    "prefer",
    "priority",
    "proxy",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "ranges",
    "referer",
    "referrer-policy",
    "report-to",
    "retry-after",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "server",
    "service",
    "server-timing",
    "service-worker-allowed",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "surrogate-control",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "x-content-type-options",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-frame-options",
    "x-real-ip",
    "x-requested-with",
    "x-xss-protection",
];

/// The names in these directives and within them that are one letter away from a known one, as
/// ``nginx.conf:12: `X-Forwarded-Fo` is not X-Forwarded-For``.
pub(crate) fn misspelt(nodes: &[Node]) -> Vec<String> {
    let mut found = Vec::new();
    for node in nodes {
        let named = DIRECTIVES.iter().any(|name| node.is(name)).then(|| node.arg(0));
        // In a comparison, `"$http_upgrade"`; in a value, `$http_upgrade$http_origin`.
        let variables = node.args.iter().flat_map(|word| in_variables(word));
        for name in named.filter(|name| !name.contains('$')).into_iter().chain(variables) {
            if let Some(known) = resembled(name) {
                found.push(format!(
                    "`{name}` is no known header, `{known}` is: in {}:{}",
                    node.file, node.line
                ));
            }
        }
        found.extend(misspelt(&node.inner));
    }
    found
}

/// The headers that the variables in a word name, as `upgrade` in `$http_upgrade`.
pub fn in_variables(word: &str) -> impl Iterator<Item = &str> {
    let starts = VARIABLES.iter().flat_map(|prefix| word.match_indices(prefix));
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    starts.map(move |(at, prefix)| {
        let name = &word[at + prefix.len()..];
        &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())]
    })
}

/// The known name that `name`, which is none, is one letter away from, as it would be written there.
pub fn resembled(name: &str) -> Option<String> {
    let asked = name.to_ascii_lowercase().replace('_', "-");
    if asked.len() < MIN_LENGTH || KNOWN.contains(&asked.as_str()) {
        return None;
    }
    let near = KNOWN.iter().filter(|known| known.len() >= MIN_LENGTH);
    let near = near.filter(|known| strsim::osa_distance(&asked, known) == 1);
    // `…-Prot` lacks a letter of `…-Proto` rather than having those of `…-Port` the wrong way round.
    let known = near.min_by_key(|known| strsim::levenshtein(&asked, known))?;
    let in_variable = name.contains('_') && !name.contains('-');
    Some(if in_variable { known.replace('-', "_") } else { (*known).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_letter_away_from_known_ones_are_told() {
        assert_eq!(resembled("X-Forwarded-Fo").as_deref(), Some("x-forwarded-for"));
        assert_eq!(resembled("X-Forwared-For").as_deref(), Some("x-forwarded-for"));
        assert_eq!(resembled("upgrage").as_deref(), Some("upgrade"));
        assert_eq!(resembled("x_forwarded_prot").as_deref(), Some("x_forwarded_proto"));
        assert_eq!(resembled("referrer").as_deref(), Some("referer"));
    }

    #[test]
    fn known_names_and_names_of_ones_own_are_not() {
        for name in
            KNOWN.into_iter().chain(["X-Forwarded-Proto", "StorelId", "X-App-Pool", "Hose", "X-Real-IPs2"])
        {
            assert_eq!(resembled(name), None, "{name}");
        }
    }

    #[test]
    fn variables_are_read_out_of_words() {
        let names: Vec<&str> = in_variables("\"$http_upgrage:$sent_http_x-y$upstream_http_etag\"").collect();
        assert_eq!(names, ["upgrage", "x", "etag"]);
    }
}
