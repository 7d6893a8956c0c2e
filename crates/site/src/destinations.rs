//! Where the requests of a location may be sent to, as far as the file tells.

use crate::location_chooser::LocationChooser;
use crate::scope::Scope;
use crate::tree::Node;
use crate::variables::variable;

/// More locations than any real configuration sends one request through.
const MAX_PLACES: usize = 32;

/// More variables than stand for one another in any real configuration.
const MAX_DEPTH: usize = 8;

/// The upstreams and hosts that the requests of a place may be sent to, the one of its own `proxy_pass` first: those of an `if`, the
/// values of a variable, and those that `error_page` and `try_files` fall back on. What is only told of a request (`mirror`,
/// `auth_request`) is none of them. `None` where only a run can tell.
pub(crate) fn destinations(scope: &Scope<'_>, chooser: &LocationChooser) -> Option<Vec<String>> {
    let mut finder = Finder { chooser, visited: Vec::new(), found: Vec::new() };
    finder.place(scope)?;
    Some(finder.found)
}

/// Those that a request is sent to once more where an app server breaks down: the method stays with a named location
/// (`error_page 502 = @fallback`), and becomes GET with any other.
pub(crate) fn second_destinations(scope: &Scope<'_>) -> Vec<String> {
    let is_of_breakdown = |page: &&Node| page.args.iter().any(|word| word == "502");
    let page = scope.all("error_page").into_iter().find(is_of_breakdown);
    let named = page.and_then(|page| page.args.last()).filter(|target| target.starts_with('@'));
    let Some(location) = named.and_then(|name| scope.named(name)) else { return Vec::new() };
    let inside = scope.of_server().inside(&location.inner);
    inside.own_one("proxy_pass").and_then(|pass| hosts(&inside, pass.arg(0), 0)).unwrap_or_default()
}

struct Finder<'a> {
    chooser: &'a LocationChooser,
    visited: Vec<&'a [Node]>,
    found: Vec<String>,
}

impl<'a> Finder<'a> {
    /// Adds those of a location.
    fn place(&mut self, scope: &Scope<'a>) -> Option<()> {
        let own = scope.own();
        if self.visited.iter().any(|visited| std::ptr::eq(*visited, own)) {
            return Some(());
        }
        self.visited.push(own);
        if self.visited.len() > MAX_PLACES || scope.server().iter().any(is_rewritten_anywhere) {
            return None;
        }
        own.iter().filter(|node| node.is("proxy_pass")).try_for_each(|pass| self.url(scope, pass.arg(0)))?;
        for block in own.iter().filter(|node| node.is("if") || node.is("limit_except")) {
            let passes = block.inner.iter().filter(|node| node.is("proxy_pass"));
            passes.map(|pass| pass.arg(0)).try_for_each(|url| self.url(scope, url))?;
        }
        if own.iter().any(is_rewritten_anywhere) {
            return None;
        }
        let fallbacks = scope.all("error_page").into_iter().chain(scope.own_one("try_files"));
        fallbacks.into_iter().try_for_each(|node| match node.args.last() {
            Some(target) => self.fallback(scope, target),
            None => Some(()),
        })
    }

    /// Adds those of where an `error_page` or a `try_files` leads.
    fn fallback(&mut self, scope: &Scope<'a>, target: &str) -> Option<()> {
        let path = target.split('?').next().unwrap_or_default();
        let location = match path.chars().next() {
            Some('@') => scope.named(path),
            Some('/') if !path.contains('$') => {
                self.chooser.choose(path).and_then(|nth| nth_location(scope.server(), &mut { nth }))
            }
            // A status, or a redirect.
            _ if path.starts_with('=') || path.contains("://") => None,
            _ => return None,
        };
        match location {
            Some(location) => self.place(&scope.of_server().inside(&location.inner)),
            None => Some(()),
        }
    }

    /// Adds the host of a URL, or the hosts that a variable in its place has as values.
    fn url(&mut self, scope: &Scope<'_>, url: &str) -> Option<()> {
        for host in hosts(scope, url, 0)? {
            if !self.found.contains(&host) {
                self.found.push(host);
            }
        }
        Some(())
    }
}

/// The hosts of a URL whose host is in part that of variables: `http://api_$version`. `None` where only a run can tell, and an
/// empty list where it is no such URL.
fn composed_hosts(scope: &Scope<'_>, rest: &str) -> Option<Vec<String>> {
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let Some(at) = authority.find('$') else { return Some(Vec::new()) };
    // What follows a port, or has a path in it, is no part of the host.
    let has_port = authority[..at].contains(':');
    let (name, after) = variable(&authority[at..])?;
    let is_filled = ["arg_", "cookie_", "http_"].iter().any(|prefix| name.starts_with(prefix));
    if is_filled && !has_port {
        return None;
    }
    let values = scope.values_of(name);
    let is_path = values.iter().all(|value| value.is_empty() || value.starts_with(['/', '?', '$']));
    if has_port || is_path || at == 0 && (after.is_empty() || after.starts_with([':', '$'])) {
        return Some(Vec::new());
    }
    scope.expand(authority)
}

/// The hosts of a URL, or of a value that becomes one.
fn hosts(scope: &Scope<'_>, url: &str, depth: usize) -> Option<Vec<String>> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let composed = composed_hosts(scope, rest)?;
    if !composed.is_empty() {
        return Some(composed);
    }
    let Some((name, after)) = variable(rest) else {
        let end = match rest.strip_prefix("unix:") {
            Some(path) => "unix:".len() + path.find(':').unwrap_or(path.len()),
            None => rest.find(['/', '$', '?']).unwrap_or(rest.len()),
        };
        return Some(vec![rest[..end].to_owned()]);
    };
    let port = &after[..after.find(['/', '?', '$']).unwrap_or(after.len())];
    let values = scope.values_of(name);
    if values.is_empty() || depth > MAX_DEPTH || !(port.is_empty() || port.starts_with(':')) {
        return None;
    }
    let mut found = Vec::new();
    for value in values.into_iter().filter(|value| !value.is_empty()) {
        let hosts = hosts(scope, value, depth + 1)?;
        found.extend(hosts.into_iter().map(|host| format!("{host}{port}")));
    }
    Some(found)
}

/// Whether a `rewrite`, or one in an `if`, may lead to any other location.
fn is_rewritten_anywhere(node: &Node) -> bool {
    let stays = |flag: &str| matches!(flag, "break" | "redirect" | "permanent");
    let is_redirect = |to: &str| to.starts_with("http") || to.starts_with("$scheme");
    match node.name.as_str() {
        "rewrite" => !stays(node.arg(2)) && !is_redirect(node.arg(1)),
        "if" => node.inner.iter().any(is_rewritten_anywhere),
        _ => false,
    }
}

/// The location with that number, counted in the order of the file.
fn nth_location<'a>(nodes: &'a [Node], left: &mut usize) -> Option<&'a Node> {
    for location in nodes.iter().filter(|node| node.is("location")) {
        if *left == 0 {
            return Some(location);
        }
        *left -= 1;
        if let Some(found) = nth_location(&location.inner, left) {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::Site;

    /// The destinations of the first route of a server with these directives, in `http` with these before it.
    fn destinations(http: &str, server: &str) -> Option<Vec<String>> {
        let text = format!("http {{ {http} server {{ {server} }} }}");
        let site = Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap();
        site.servers[0].routes[0].destinations.clone()
    }

    fn some(hosts: &[&str]) -> Option<Vec<String>> {
        Some(hosts.iter().map(|host| (*host).to_owned()).collect())
    }

    #[test]
    fn a_location_sends_to_its_own_upstream_and_to_those_it_falls_back_on() {
        let api = "location /api/ { proxy_pass http://api/v1/; }";
        assert_eq!(destinations("", api), some(&["api"]));
        let fallback = "error_page 502 = @old; location /api/ { proxy_pass http://api; } location @old { proxy_pass http://old:80; }";
        assert_eq!(destinations("", fallback), some(&["api", "old:80"]));
        let page = "error_page 404 /404.html; location /api/ { proxy_pass http://api; } location / { proxy_pass http://web; }";
        assert_eq!(destinations("", page), some(&["api", "web"]));
        let itself = "location / { proxy_pass http://api; error_page 404 /404.html; }";
        assert_eq!(destinations("", itself), some(&["api"]));
        let told = "location /api/ { mirror /copy; proxy_pass http://api; } location = /copy { proxy_pass http://b; }";
        assert_eq!(destinations("", told), some(&["api"]));
        let canary =
            "location /api/ { if ($cookie_canary) { proxy_pass http://new; } proxy_pass http://api; }";
        assert_eq!(destinations("", canary), some(&["api", "new"]));
    }

    #[test]
    fn a_variable_sends_to_all_its_values() {
        let server = "location /api/ { proxy_pass http://$to; }";
        let split = "split_clients $remote_addr $to { 10% canary; * stable; }";
        assert_eq!(destinations(split, server), some(&["canary", "stable"]));
        let through = "map $cookie_a $to { default $kept; b 127.0.0.1; } map $uri $kept { default stable; }";
        let with_port = "location /api/ { proxy_pass http://$to:81/x; }";
        assert_eq!(destinations(through, with_port), some(&["stable:81", "127.0.0.1:81"]));
        let composed = "map $cookie_v $v { default one; 2 two; } set $port 80;";
        let part = "location /api/ { proxy_pass http://api_$v; }";
        assert_eq!(destinations(composed, part), some(&["api_one", "api_two"]));
        let part = "location /api/ { proxy_pass http://${v}_api:$port/x; }";
        assert_eq!(destinations(composed, part), some(&["one_api:80", "two_api:80"]));
        for path in ["$request_uri", "$1", "$uri$is_args"] {
            let server = format!("location /api/ {{ proxy_pass http://api{path}; }}");
            assert_eq!(destinations("", &server), some(&["api"]), "{path}");
        }
        let url = "set $url http://app:8080; location /api/ { proxy_pass $url; }";
        assert_eq!(destinations("", url), some(&["app:8080"]));
    }

    #[test]
    fn what_only_a_run_can_tell_is_left_open() {
        assert_eq!(destinations("", "location /api/ { proxy_pass http://$host; }"), None);
        assert_eq!(destinations("", "location /api/ { proxy_pass http://api_$arg_v; }"), None);
        let rewritten = "location /api/ { rewrite ^/api/(.*) /v2/$1; proxy_pass http://api; }";
        assert_eq!(destinations("", rewritten), None);
        let stays = "location /api/ { rewrite ^/api/(.*) /v2/$1 break; proxy_pass http://api; }";
        assert_eq!(destinations("", stays), some(&["api"]));
        let first = "if ($http_x) { rewrite ^ /b last; } location /api/ { proxy_pass http://api; }";
        assert_eq!(destinations("", first), None);
    }
}
