//! Upstreams that a `map` chooses among, and what clients send to be led to each.

use crate::scope::Scope;
use crate::tree::Node;
use crate::variables::variable;

/// Headers that every client sends, or that mean something to the proxy itself.
const TAKEN: [&str; 8] = [
    "http_host",
    "http_connection",
    "http_upgrade",
    "http_content_length",
    "http_content_type",
    "http_user_agent",
    "http_authorization",
    "http_cookie",
];

/// One of the upstreams that a `map` chooses among by a header or a cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub host: String,
    /// The header that leads a client there; `None` where those go that send nothing of the kind.
    pub sent: Option<(String, String)>,
}

/// Those of a URL whose host is one of a `map`, in part or as a whole: `http://api_$version`. None where clients choose in another
/// way, or only a run can tell.
pub(crate) fn pools(scope: &Scope<'_>, url: &str) -> Vec<Pool> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let (before, from) = authority.split_at(authority.find('$').unwrap_or(authority.len()));
    let chosen = variable(from).filter(|(_, after)| !after.contains('$'));
    let Some((map, after)) = chosen.and_then(|(name, after)| Some((scope.map_of(name)?, after))) else {
        return Vec::new();
    };
    let mut found: Vec<Pool> = Vec::new();
    for entry in map.inner.iter().filter(|entry| entry.args.len() == 1) {
        // A URL, or a part of one.
        let value = entry.arg(0).split_once("://").map_or(entry.arg(0), |(_, rest)| rest);
        let host = format!("{before}{}{after}", value.split('/').next().unwrap_or(value));
        let is_fixed = !host.contains('$') && !entry.arg(0).is_empty();
        let sent = if entry.is("default") { Some(None) } else { header(map, entry).map(Some) };
        if let (true, Some(sent)) = (is_fixed, sent) {
            match found.iter_mut().find(|pool| pool.host == host) {
                Some(known) if sent.is_none() => known.sent = None,
                Some(_) => {}
                None => found.push(Pool { host, sent }),
            }
        }
    }
    found
}

/// The header by which a client comes to an entry of a `map`.
fn header(map: &Node, entry: &Node) -> Option<(String, String)> {
    let key = entry.name.as_str();
    let is_plain =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let (source, _) = variable(map.arg(0)).filter(|(_, rest)| rest.is_empty())?;
    if !is_plain || TAKEN.contains(&source) {
        return None;
    }
    if let Some(cookie) = source.strip_prefix("cookie_") {
        return Some(("Cookie".to_owned(), format!("{cookie}={key}")));
    }
    source.strip_prefix("http_").map(|name| (name.replace('_', "-"), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::Site;

    /// The pools of a route to this URL: each with the header that leads there.
    fn pools(http: &str, url: &str) -> Vec<String> {
        let text = format!("http {{ {http} server {{ location /api/ {{ proxy_pass {url}; }} }} }}");
        let site = Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap();
        let pools = site.servers[0].routes[0].pools.iter();
        pools
            .map(|pool| match &pool.sent {
                Some((name, value)) => format!("{} by {name}: {value}", pool.host),
                None => pool.host.clone(),
            })
            .collect()
    }

    #[test]
    fn a_pool_is_known_with_what_leads_to_it() {
        let by_cookie = "map $cookie_pool $pool { default blue; green green; b blue; ~^x other; }";
        assert_eq!(pools(by_cookie, "http://$pool/x"), ["blue", "green by Cookie: pool=green"]);
        let by_header = "map $http_x_version $v { 2 v2; default v1; 1 v1; }";
        let by_url = "map $cookie_pool $Pool { default http://blue; green http://green/; }";
        assert_eq!(pools(by_url, "$pool"), ["blue", "green by Cookie: pool=green"]);
        assert_eq!(pools(by_header, "http://api_${v}:80"), ["api_v2:80 by x-version: 2", "api_v1:80"]);
        for (http, url) in [
            ("map $host $pool { default blue; a.test green; }", "http://$pool"),
            ("split_clients $remote_addr $pool { 10% green; * blue; }", "http://$pool"),
            ("map $cookie_a $a { default x; }", "http://$a$b"),
        ] {
            assert!(!pools(http, url).iter().any(|pool| pool.contains(" by ")), "{http}");
        }
        assert!(pools("", "http://app").is_empty());
    }
}
