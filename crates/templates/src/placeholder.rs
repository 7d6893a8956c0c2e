//! Finding placeholders as gettext's `envsubst` does: `$NAME` and `${NAME}`, and nothing else.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::interpolation::name_length;

/// `$NAME` or `${NAME}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder<'t> {
    pub(crate) name: &'t str,
    pub(crate) range: Range<usize>,
}

/// `${NAME:-default}` and the like, which `envsubst` does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShellDefault<'t> {
    pub(crate) name: &'t str,
    /// As written.
    pub(crate) text: &'t str,
    pub(crate) at: usize,
}

/// The placeholders of `text`, in order.
pub(crate) fn placeholders(text: &str) -> Vec<Placeholder<'_>> {
    let mut found = Vec::new();
    for (dollar, _) in text.match_indices('$') {
        let rest = &text[dollar + 1..];
        let (rest, braced) = rest.strip_prefix('{').map_or((rest, 0), |rest| (rest, 1));
        let length = name_length(rest);
        if length > 0 && (braced == 0 || rest[length..].starts_with('}')) {
            let ends = dollar + 1 + 2 * braced + length;
            found.push(Placeholder { name: &rest[..length], range: dollar..ends });
        }
    }
    found
}

/// The defaults of `text`, in order.
pub(crate) fn shell_defaults(text: &str) -> Vec<ShellDefault<'_>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("${") {
        let rest = &text[at + 2..];
        let length = name_length(rest);
        if length > 0 && rest[length..].starts_with([':', '-', '=', '?', '+']) {
            let line = rest.split('\n').next().unwrap_or_default();
            let ends = line.find('}').map_or(line.len(), |brace| brace + 1);
            found.push(ShellDefault { name: &rest[..length], text: &text[at..at + 2 + ends], at });
        }
    }
    found
}

/// The line of what stands at `at`, counted from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// The variables that `text` itself defines (`set`, `map`, `geo`, captures), in lower case, as nginx compares them.
pub(crate) fn defined_in(text: &str) -> BTreeSet<String> {
    static DEFINITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?x) \bset \s+ \$\{?(\w+)
              | \b(?:map|geo|split_clients|js_set|perl_set) \s [^;{}]* \$(\w+) \s* \{
              | \(\?P?[<'](\w+)",
        )
        .ok()
    });
    let Some(definition) = &*DEFINITION else { return BTreeSet::new() };
    let name = |found: regex::Captures<'_>| {
        found.iter().skip(1).flatten().next().map(|name| name.as_str().to_lowercase())
    };
    definition.captures_iter(text).filter_map(name).collect()
}

/// Whether nginx has a variable of that name, in which case does not matter.
pub(crate) fn is_of_nginx(name: &str) -> bool {
    const FAMILIES: [&str; 10] = [
        "http_",
        "arg_",
        "cookie_",
        "upstream_",
        "sent_http_",
        "sent_trailer_",
        "ssl_",
        "proxy_protocol_",
        "geoip_",
        "geoip2_",
    ];
    let name = name.to_ascii_lowercase();
    FAMILIES.iter().any(|family| name.starts_with(family))
        || nginx_conf::table::variables().any(|known| known == name)
}

/// Whether a name is written as those of an environment are, and `defined` does not have it.
pub(crate) fn is_environment_name(name: &str, defined: &BTreeSet<String>) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_lowercase())
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
        && !defined.contains(&name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_those_of_envsubst() {
        let text = "$A ${B} ${C:-d} $1 $$E ${F $g_1-x ${}$";
        let found: Vec<_> = placeholders(text).into_iter().map(|found| &text[found.range]).collect();
        assert_eq!(found, ["$A", "${B}", "$E", "$g_1"]);
        let found: Vec<_> = shell_defaults(text).into_iter().map(|found| found.text).collect();
        assert_eq!(found, ["${C:-d}"]);
        assert_eq!(shell_defaults("x ${A:-b c\n}")[0].text, "${A:-b c");
    }

    #[test]
    fn what_the_file_defines_is_no_name_of_the_environment() {
        let text = "set $API a; map $http_upgrade $CONN { } location ~ ^/(?<REST>.*)$ { proxy_pass $URL; }";
        let defined = defined_in(text);
        for (name, wanted) in
            [("API", false), ("CONN", false), ("REST", false), ("URL", true), ("host", false)]
        {
            assert_eq!(is_environment_name(name, &defined), wanted, "{name}");
        }
        assert!(is_of_nginx("host") && is_of_nginx("HTTP_HOST") && !is_of_nginx("API_URL"));
    }
}
