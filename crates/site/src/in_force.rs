//! What is in force for a route: who may come, who does CORS, what is set for the app and for the client, how long it may take.

use crate::scope::Scope;
use crate::tree::Node;

/// Whether the proxy does CORS in a place: for all of its answers, in an `if` for those to GET, or in place of the app's.
pub(crate) fn does_cors(scope: &Scope<'_>) -> bool {
    // One that answers by itself is there for preflights alone, and one for a single method besides what the app does.
    let is_for_all = |node: &&Node| {
        let mentions = |text: &str| node.args.iter().any(|word| word.contains(text));
        let answers = node.inner.iter().any(|inner| inner.is("return"));
        node.is("if") && !answers && (mentions("GET") || !mentions("request_method"))
    };
    let for_others = scope.own().iter().filter(is_for_all);
    let hides = scope.all("proxy_hide_header").iter().any(|header| is_cors(header));
    scope.all("add_header").iter().any(|header| is_cors(header))
        || for_others.flat_map(|node| &node.inner).any(|node| node.is("add_header") && is_cors(node))
        || hides
}

/// Whether an `add_header` of the place itself does CORS for what it answers, and none of the blocks around it.
pub(crate) fn shows_cors(scope: &Scope<'_>) -> bool {
    let headers = scope.own().iter().filter(|node| node.is("add_header"));
    headers.into_iter().any(is_cors) || scope.own().iter().any(answers_preflights)
}

fn is_cors(header: &Node) -> bool {
    header.arg(0).eq_ignore_ascii_case("access-control-allow-origin")
}

/// How long app servers may take to answer, in seconds; 60 unless said otherwise.
pub(crate) fn read_timeout(scope: &Scope<'_>) -> u64 {
    let written = scope.one("proxy_read_timeout").and_then(|timeout| nginx_conf::parse_time(timeout.arg(0)));
    written.map_or(60, |timeout| timeout.as_secs())
}

/// Headers with a fixed value that are added to answers.
pub(crate) fn headers(scope: &Scope<'_>) -> Vec<String> {
    let fixed = |header: &&Node| !header.arg(1).is_empty() && !header.arg(1).contains('$');
    scope.all("add_header").into_iter().filter(fixed).map(|header| header.arg(0).to_owned()).collect()
}

/// Whether files are answered with `Expires`, and `Cache-Control` beside it.
pub(crate) fn sends_expires(scope: &Scope<'_>) -> bool {
    scope.one("expires").is_some_and(|expires| expires.arg(0) != "off")
}

/// The media types that are compressed for who can read it: those of `gzip_types`, `*` for all, and pages in any case.
pub(crate) fn compressed(scope: &Scope<'_>) -> Vec<String> {
    const PAGE: &str = "text/html";
    if scope.one("gzip").is_none_or(|gzip| gzip.arg(0) != "on") {
        return Vec::new();
    }
    let mut types = vec![PAGE.to_owned()];
    for written in scope.all("gzip_types").into_iter().flat_map(|node| &node.args) {
        let written = written.to_ascii_lowercase();
        types.extend((!types.contains(&written)).then_some(written));
    }
    types
}

/// The headers that `proxy_set_header` gives to app servers, those of the connection left out.
pub(crate) fn forwards(scope: &Scope<'_>) -> Vec<String> {
    let is_for_app = |header: &&Node| {
        let name = header.arg(0);
        !header.arg(1).is_empty() && !["connection", "upgrade"].contains(&name.to_ascii_lowercase().as_str())
    };
    scope
        .all("proxy_set_header")
        .into_iter()
        .filter(is_for_app)
        .map(|header| header.arg(0).to_owned())
        .collect()
}

/// Whether something is said of the redirects or cookies of app servers, which are not told by which path they are asked.
pub(crate) fn names_own_paths(scope: &Scope<'_>) -> bool {
    let is_told = |node: &&Node| {
        ["x-forwarded-prefix", "x-script-name", "script-name"]
            .iter()
            .any(|name| node.arg(0).eq_ignore_ascii_case(name))
    };
    let is_off = || scope.one("proxy_redirect").is_some_and(|redirect| redirect.arg(0) == "off");
    (is_off() || scope.one("proxy_cookie_path").is_some())
        && !scope.all("proxy_set_header").iter().any(is_told)
}

/// Whether there is a cache that takes cookies away, or that is told whose answers it must leave alone.
pub(crate) fn is_public(scope: &Scope<'_>) -> bool {
    let is_cookie = |node: &&Node| node.arg(0).eq_ignore_ascii_case("set-cookie");
    let leaves_alone = ["proxy_cache_bypass", "proxy_no_cache"].iter().all(|name| scope.one(name).is_some());
    scope.one("proxy_cache").is_some()
        && (leaves_alone || scope.all("proxy_hide_header").iter().any(is_cookie))
}

/// Whether the app servers are external: they get a fixed `Host`, or use https.
pub(crate) fn is_elsewhere(scope: &Scope<'_>) -> bool {
    let is_host = |node: &&Node| node.arg(0).eq_ignore_ascii_case("host");
    let host = scope.all("proxy_set_header").into_iter().find(is_host);
    let is_told = host.is_some_and(|host| !host.arg(1).contains('$') || host.arg(1).contains("$proxy_host"));
    is_told || scope.own_one("proxy_pass").is_some_and(|pass| pass.arg(0).starts_with("https://"))
}

/// Whether `node` is an `if` that answers OPTIONS itself.
pub(crate) fn answers_preflights(node: &Node) -> bool {
    let asks = |word: &String| word.contains("request_method");
    node.is("if") && node.args.iter().any(asks) && node.inner.iter().any(|inner| inner.is("return"))
}
