//! Finds paths and destinations among the string literals of scripts.

/// Paths and destinations in scripts, each once, in order of appearance.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PathHints {
    /// Paths that look like those of an API, below `/api` or elsewhere.
    pub(super) api: Vec<String>,
    /// Paths that look like the endpoint of STOMP or SockJS.
    pub(super) sockets: Vec<String>,
    /// Destinations that look like topics.
    pub(super) topics: Vec<String>,
}

/// Words in API paths that are never requested, not even with GET: an app may have side effects on GET that it should
/// not have.
const UNSAFE_WORDS: [&str; 16] = [
    "logout",
    "log-out",
    "signout",
    "sign-out",
    "delete",
    "remove",
    "cancel",
    "reset",
    "revoke",
    "confirm",
    "verify",
    "activate",
    "unsubscribe",
    "send",
    "export",
    "download",
];

/// The paths in `text` that belong to the site at `authority`.
pub(super) fn mentioned_in(text: &str, authority: &str) -> PathHints {
    let mut hints = PathHints::default();
    for path in paths_in(text, authority) {
        let list = match path.split('/').nth(1).unwrap_or_default() {
            "topic" => &mut hints.topics,
            "api" if !is_harmless(&path) => continue,
            "api" => &mut hints.api,
            _ if path.split('/').any(is_socket) => &mut hints.sockets,
            _ if path.split('/').any(is_of_api) && is_harmless(&path) && !is_file(&path) => &mut hints.api,
            _ => continue,
        };
        if !list.contains(&path) {
            list.push(path);
        }
    }
    hints
}

fn is_harmless(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !UNSAFE_WORDS.iter().any(|word| path.contains(word))
}

/// What APIs are called that are not below `/api`: `/shop/api`, `/v2`, `/rest`.
fn is_of_api(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    let is_version = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    matches!(segment.as_str(), "api" | "rest" | "rpc" | "ajax" | "backend" | "services")
        || segment.strip_prefix('v').is_some_and(is_version)
}

/// Whether the last segment is called like a file of the build.
fn is_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

fn is_socket(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    matches!(segment.as_str(), "ws" | "socket" | "sockets" | "websocket" | "websockets")
        || ["stomp", "sockjs", "ws-", "-ws"].iter().any(|part| segment.contains(part))
}

/// Every literal that is a path, in order: after a quote, a template placeholder, or the site's authority. Of a template,
/// the part before its placeholder, without the last slash.
fn paths_in(text: &str, authority: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        let (before, from) = rest.split_at(at);
        if let Some(authority) = from.strip_prefix("//") {
            rest = authority;
            continue;
        }
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/._~-".contains(c);
        let length = from.find(|c| !is_path(c)).unwrap_or(from.len());
        let (path, after) = from.split_at(length);
        rest = after;
        let begins = before.ends_with(['"', '\'', '`', '}']) || before == authority;
        let path = match after.chars().next() {
            Some('"' | '\'' | '`' | '?') => path,
            Some('$') if after.starts_with("${") => path.trim_end_matches('/'),
            _ => continue,
        };
        if begins && path.len() > 1 && !path.contains("//") && !path.contains("..") {
            paths.push(path.to_owned());
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_that_look_like_paths_are_found() {
        let script = r#"fetch("/api/items");fetch(`/api/items/${id}`);new S(`${origin}/stomp/ws`);x=a/api/b;"/api/ x";
            '//cdn.example/api/x'; "https://a.example/api/stores?page=1"; "https://extra.example/api/other"; /^\/api\/x/"#;
        assert_eq!(paths_in(script, "a.example"), ["/api/items", "/api/items", "/stomp/ws", "/api/stores"]);
    }

    #[test]
    fn paths_are_sorted_by_their_use() {
        let script = r#""/v2/b" "/shop/api/c?x" "/rest/export" "/v1/x.js" "/vox" "/api/a" '/api/user/logout' "/api/a" "/ws" "/chat/sockjs" "/news" "/topic/stock" "/app/send""#;
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let expected = PathHints {
            api: texts(&["/v2/b", "/shop/api/c", "/api/a"]),
            sockets: texts(&["/ws", "/chat/sockjs"]),
            topics: texts(&["/topic/stock"]),
        };
        assert_eq!(mentioned_in(script, "a.example"), expected);
    }
}
