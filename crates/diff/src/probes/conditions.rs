//! Requests that meet what `if` and `map` ask for, and requests that just do not.

use hopcheck_site::Node;

use crate::pattern;
use crate::probe::Probe;

/// So many requests of one server are for its conditions.
const MAX_CONDITIONS: usize = 96;

/// Longer than any value of a header that is asked for.
const MAX_VALUE: usize = 300;

/// Adds what the conditions in `block` ask for, at `path`.
pub(super) fn add(
    block: &Node,
    port: &str,
    host: &str,
    path: Option<&String>,
    seed: u64,
    probes: &mut Vec<Probe>,
) {
    let Some(path) = path else { return };
    for node in &block.inner {
        let found: Vec<(String, String)> = match node.name.as_str() {
            "if" => of_if(node, seed),
            "map" => of_map(node, seed),
            "valid_referers" => {
                let named = node.args.iter().map(|word| word.replace('*', "www"));
                named.map(|word| ("http_referer".to_owned(), format!("https://{word}/"))).collect()
            }
            _ => continue,
        };
        for (variable, value) in found {
            let meant = made(&Probe::get(port, host, path), &variable, &value);
            if let Some(probe) =
                meant.filter(|probe| probes.len() < MAX_CONDITIONS && !probes.contains(probe))
            {
                probes.push(probe);
            }
        }
    }
}

/// The variable that an `if` is about, with values for it.
fn of_if(node: &Node, seed: u64) -> Vec<(String, String)> {
    let words: Vec<&str> =
        node.args.iter().flat_map(|word| word.trim_matches(['(', ')']).split_whitespace()).collect();
    let Some(variable) = words.first().and_then(|word| name_of(word)) else { return Vec::new() };
    let value = words.get(2..).unwrap_or_default().join(" ");
    let values = match words.get(1).copied() {
        None => vec!["1".to_owned(), "0".to_owned()],
        Some("=" | "!=") => vec![value.clone(), format!("{value}x")],
        Some("~" | "~*" | "!~" | "!~*") => of_pattern(&value, seed),
        Some(_) => Vec::new(),
    };
    values.into_iter().map(|value| (variable.to_owned(), value)).collect()
}

fn of_map(node: &Node, seed: u64) -> Vec<(String, String)> {
    let Some(variable) = name_of(node.arg(0)) else { return Vec::new() };
    let mut values = Vec::new();
    for entry in &node.inner {
        match entry.name.strip_prefix('~') {
            Some(pattern) => values.extend(of_pattern(pattern.trim_start_matches('*'), seed)),
            None if ["default", "hostnames", "volatile", "include"].contains(&entry.name.as_str()) => {}
            None => {
                values.extend([entry.name.trim_start_matches('\\').to_owned(), format!("{}x", entry.name)])
            }
        }
    }
    values.into_iter().map(|value| (variable.to_owned(), value)).collect()
}

fn of_pattern(pattern: &str, seed: u64) -> Vec<String> {
    let (matching, others) = pattern::samples(pattern.trim_matches('"'), 2, seed);
    matching.into_iter().chain(others).collect()
}

/// The name of a variable that makes up a whole word.
fn name_of(word: &str) -> Option<&str> {
    let name = word.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}

/// A request of which a variable has this value.
fn made(get: &Probe, variable: &str, value: &str) -> Option<Probe> {
    let is_sendable =
        value.len() <= MAX_VALUE && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if !is_sendable || value.trim() != value {
        return None;
    }
    let is_word = !value.is_empty() && !value.contains(' ');
    let target = |target: String| is_word.then(|| Probe { target, ..get.clone() });
    let of = |prefix: &str| variable.strip_prefix(prefix);
    if let Some(name) = of("arg_") {
        return target(format!("{}?{name}={value}", get.path()));
    }
    if let Some(name) = of("cookie_") {
        return Some(get.clone().header("Cookie", &format!("{name}={value}")));
    }
    match variable {
        "http_host" | "host" => is_word.then(|| Probe { host: Some(value.to_owned()), ..get.clone() }),
        "args" | "query_string" => target(format!("{}?{value}", get.path())),
        "is_args" => target(format!("{}?a=1", get.path())),
        "uri" | "request_uri" | "document_uri" if value.starts_with('/') => target(value.to_owned()),
        "request_method" => {
            let is_token = is_word && value.bytes().all(|byte| byte.is_ascii_uppercase());
            (is_token && value != "CONNECT").then(|| get.clone().method(value))
        }
        "content_type" => Some(get.clone().method("POST").header("Content-Type", value)),
        "http_content_length" | "http_transfer_encoding" | "http_connection" => None,
        _ => of("http_").filter(|_| !value.is_empty()).map(|name| get.clone().header(&header(name), value)),
    }
}

/// `user_agent` as `User-Agent`.
fn header(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_become_requests() {
        let text = "server { if ($http_user_agent ~* (bot|spider)) { } if ($arg_v = 2) { } \
                    map $request_method $m { POST 1; default 0; } if ($remote_addr = 1) { } }";
        let tree = hopcheck_site::tree::expand(text, "x", &|_| Vec::new()).unwrap();
        let mut probes = Vec::new();
        add(&tree[0], "80", "a.test", Some(&"/x".to_owned()), 1, &mut probes);
        let titles: Vec<String> = probes.iter().map(Probe::title).collect();
        for wanted in ["GET /x?v=2", "GET /x?v=2x", "POST /x", "POSTX"] {
            let is_there = titles.iter().any(|title| title.starts_with(wanted));
            assert_eq!(is_there, wanted != "POSTX", "{wanted}: {titles:?}");
        }
        assert!(titles.iter().any(|title| title.contains("User-Agent: ")), "{titles:?}");
    }
}
