//! A route: paths that are served in one way.

use serde::Serialize;

use crate::destinations::destinations;
use crate::kind::Kind;
use crate::line::Line;
use crate::location_chooser::LocationChooser;
use crate::pattern_sample;
use crate::scope::Scope;
use crate::tree::Node;
use crate::uri::{self, Uri};

/// Paths that are served in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// A path of it. Empty where none could be found, or another location takes them all.
    pub path: String,
    /// Whether longer paths that begin so belong to it, too.
    pub open: bool,
    /// What it is.
    pub kind: Kind,
    /// The upstreams and hosts that its requests may be sent to, its own first, then those that an `error_page` or the like falls
    /// back on. `None` where there are none, or only a run can tell.
    #[serde(skip)]
    pub destinations: Option<Vec<String>>,
    /// Whether a WebSocket is meant to be opened here: `Upgrade` is passed on, or the name says so.
    pub socket: bool,
    /// The location as it is written; `server` where there is none.
    pub location: String,
    /// Where it leads: a URL, a directory, a status.
    pub to: String,
    /// For files: what is sent where there is no such file, as `/index.html`.
    pub fallback: Option<String>,
    /// For files: whether `alias` puts their directory in place of the location's name.
    pub alias: bool,
    /// Whether a location of its own answers preflights (`if ($request_method = OPTIONS) { return … }`).
    pub answers_preflights: bool,
    /// Whether its app servers are external: they get a fixed `Host`, or use https.
    pub is_elsewhere: bool,
    /// Whether answers are kept for everybody on purpose: in a cache that takes cookies away, or is told whose to leave alone.
    pub is_public: bool,
    /// Whether `Access-Control-Allow-Origin` is added to what app servers answer.
    pub adds_cors: bool,
    /// How the path is handed on to app servers. `None` where there are none, or only a run can tell.
    pub uri: Option<Uri>,
    /// How long app servers may take to answer (`proxy_read_timeout`), in seconds. `None` where there are none.
    pub read_timeout: Option<u64>,
    /// Whether answers of app servers are held back until there is enough of them (`proxy_buffering`).
    pub is_buffered: bool,
    /// How large the largest upload may be, as it is written (`client_max_body_size`).
    pub largest_body: Option<String>,
    /// Headers with a fixed value that are added to its answers (`add_header`), by name.
    pub headers: Vec<String>,
    /// The request headers that are set for the app servers, those for the connection itself left out.
    pub forwards: Vec<String>,
    /// Those that are set further out, and lost here, as it sets some of its own.
    pub lost_forwards: Vec<String>,
    /// The version that app servers are asked in, as it is written (`proxy_http_version`).
    pub http_version: Option<String>,
    /// What keeps strangers out, as `auth_basic`.
    pub gate: Option<String>,
    /// The lines that say so, the location's first.
    pub lines: Vec<Line>,
    /// The number of its location, counted in the order of the file; `None` for the server itself.
    #[serde(skip)]
    pub(crate) number: Option<usize>,
}

impl Route {
    /// Whether a session here may be several requests: long polling of SockJS or socket.io.
    pub fn polls(&self) -> bool {
        self.kind.is_proxied() && is_of_a_library(&self.path)
    }

    /// What keeps strangers out, in words: `behind deny, which its preflights pass`.
    ///
    /// An `if` that answers preflights itself comes before any of nginx's checks of who may come. That is right for a password,
    /// which browsers do not send with a preflight.
    pub fn behind(&self) -> Option<String> {
        let gate = self.gate.as_ref()?;
        let is_passed = self.answers_preflights && !gate.starts_with("auth_");
        Some(format!("behind {gate}{}", if is_passed { ", which its preflights pass" } else { "" }))
    }

    /// Whether a page is shown here, from a directory that is known: at `/`, or below a path of its own.
    pub fn is_front_page(&self) -> bool {
        let below = format!("{}/", self.path.trim_end_matches('/'));
        let is_own = || self.open && self.fallback.as_ref().is_some_and(|page| page.starts_with(&below));
        self.kind == Kind::FrontEnd && !self.to.contains('$') && (self.path == "/" || is_own())
    }

    /// For files: the directory of those that it serves.
    pub fn directory(&self) -> String {
        match self.alias || !self.is_front_page() {
            true => self.to.clone(),
            false => format!("{}{}", self.to.trim_end_matches('/'), self.path.trim_end_matches('/')),
        }
    }
}

/// Names by which people call the paths of WebSockets.
const SOCKET_NAMES: [&str; 9] =
    ["ws", "wss", "websocket", "websockets", "socket", "sockets", "cable", "socket.io", "sockjs"];

/// Whether a path is that of a library for WebSockets, which makes do with long polling where there is none.
fn is_of_a_library(path: &str) -> bool {
    ["/socket.io", "/sockjs"].iter().any(|name| path.contains(name))
}

/// Whether a path is that of a whole API, whose WebSockets are below it: `/api/`, `/v1`.
fn is_for_all(path: &str, named: bool) -> bool {
    let is_version = |part: &str| part.strip_prefix('v').is_some_and(|n| n.parse::<u8>().is_ok());
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    !named && parts.all(|part| is_version(part) || ["api", "rest", "backend"].contains(&part))
}

/// Handlers that are neither files nor HTTP.
const OTHER_HANDLERS: [&str; 8] = [
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "memcached_pass",
    "stub_status",
    "js_content",
    "empty_gif",
];

/// The route of a location, the `nth` of its server.
pub(crate) fn of_location(
    node: &Node,
    scope: &Scope<'_>,
    chooser: &LocationChooser,
    nth: usize,
) -> Option<Route> {
    let (modifier, name) = match node.args.as_slice() {
        [modifier, name] => (modifier.as_str(), name.as_str()),
        [name] => ("", name.as_str()),
        _ => return None,
    };
    if name.starts_with('@') {
        return None;
    }
    let is_pattern = modifier.starts_with('~');
    let wanted = if is_pattern { pattern_sample::of(name).unwrap_or_default() } else { name.to_owned() };
    let mut found = serve(node, scope, &wanted)?;
    let is_here = |path: &str| chooser.choose(path) == Some(nth);
    found.open = modifier != "=" && is_here(&longer(&wanted));
    found.path = if is_here(&wanted) || found.open { wanted } else { String::new() };
    found.location = node.head.clone();
    found.number = Some(nth);
    found.destinations = destinations(scope, chooser).filter(|_| found.kind.is_proxied());
    Some(found)
}

/// A path that begins with `path`, and goes on.
pub(crate) fn longer(path: &str) -> String {
    if path.ends_with('/') { format!("{path}x1") } else { format!("{path}/x1") }
}

/// The route of what a server itself says: an answer for every path, or files for those that no location has.
pub(crate) fn of_server(node: &Node, scope: &Scope<'_>, chooser: &LocationChooser) -> Option<Route> {
    let has_return = scope.own_one("return").is_some();
    if !has_return && (chooser.choose("/").is_some() || scope.one("root").is_none()) {
        return None;
    }
    let mut found = serve(node, scope, "/")?;
    found.path = "/".to_owned();
    found.open = true;
    found.location = "server".to_owned();
    Some(found)
}

/// What serves a place.
fn serve(node: &Node, scope: &Scope<'_>, path: &str) -> Option<Route> {
    let mut lines = vec![line(node)];
    let mut decided_by = |node: &Node| {
        if !lines.contains(&line(node)) {
            lines.push(line(node));
        }
    };
    let gate = gate(scope);
    let sets_upgrade =
        |node: &&Node| node.is("proxy_set_header") && node.arg(0).eq_ignore_ascii_case("upgrade");
    let (mut socket, mut fallback) = (false, None);
    // Files first, and what a location with a name does with the rest; for an app only with its errors.
    if scope.own_one("proxy_pass").is_none()
        && let Some(name) = scope.own_fallback().filter(|name| name.starts_with('@') && *name != node.arg(0))
        && let Some(named) = scope.named(name)
    {
        let found = serve(named, &scope.inside(&named.inner), path)?;
        lines.extend(found.lines.clone());
        let rewritten =
            named.inner.iter().find(|inner| inner.is("rewrite")).map(|rewrite| rewrite.arg(1).to_owned());
        let page = found
            .fallback
            .clone()
            .or(rewritten)
            .filter(|page| page.starts_with('/') && page.contains(".htm"));
        let is_page = !found.kind.is_proxied() && page.is_some() && path == "/";
        return Some(Route {
            kind: if is_page { Kind::FrontEnd } else { found.kind },
            fallback: if found.kind.is_proxied() { None } else { page },
            gate: gate.map(|gate| gate.name.clone()).or(found.gate.clone()),
            lines,
            ..found
        });
    }
    let (kind, to) = if let Some(answer) = scope.own_one("return") {
        decided_by(answer);
        let code = answer.arg(0);
        let is_redirect = ["301", "302", "303", "307", "308"].contains(&code) || code.contains("://");
        let to = if answer.args.len() > 1 && is_redirect { answer.arg(1) } else { code };
        (if is_redirect { Kind::Redirect } else { Kind::Fixed }, to.to_owned())
    } else if let Some(pass) = scope.own_one("proxy_pass") {
        decided_by(pass);
        let upgrade = scope.own().iter().find(sets_upgrade);
        upgrade.into_iter().for_each(&mut decided_by);
        let named =
            path.split('/').any(|part| part.split(['-', '_']).any(|word| SOCKET_NAMES.contains(&word)));
        // A name alone may mean anything: a page about sockets, SOAP.
        let of_server = path == "/" && scope.all("proxy_set_header").iter().any(sets_upgrade);
        socket = upgrade.is_some() || of_server || is_of_a_library(path) || named && is_meant_to_last(scope);
        let unbuffered = scope.own_one("proxy_buffering").is_some_and(|buffering| buffering.arg(0) == "off");
        let kind = match path {
            "/" => Kind::App,
            // Some say it of whatever they hand on, or of the API, which has one of its own somewhere.
            _ if socket && !(upgrade.is_some() && is_for_all(path, named)) => Kind::Socket,
            _ if unbuffered => Kind::Events,
            _ => Kind::Api,
        };
        (kind, pass.arg(0).to_owned())
    } else if let Some(other) = OTHER_HANDLERS.iter().find_map(|name| scope.own_one(name)) {
        decided_by(other);
        (Kind::Other, other.name.clone())
    } else {
        let root = scope.own_one("alias").or_else(|| scope.one("root"))?;
        decided_by(root);
        let last = scope.own_one("try_files").and_then(|try_files| {
            // `… /index.html =404`: the page, if it is there.
            let pages =
                || try_files.args.iter().rev().find(|word| word.starts_with('/') && word.contains(".htm"));
            Some((
                try_files,
                try_files
                    .args
                    .last()
                    .filter(|last| !last.starts_with('='))
                    .or_else(pages)
                    .or(try_files.args.last())?,
            ))
        });
        let rewritten = scope.own().iter().filter(|node| node.is("if")).flat_map(|node| &node.inner);
        let rewritten =
            rewritten.into_iter().find(|node| node.is("rewrite") && node.arg(1).ends_with(".html"));
        if let Some((try_files, last)) = last {
            decided_by(try_files);
            fallback = Some(last.clone()).filter(|last| !last.starts_with('='));
        } else if let Some(rewrite) = rewritten {
            decided_by(rewrite);
            fallback = Some(rewrite.arg(1).to_owned());
        } else if let Some(page) =
            scope.all("error_page").into_iter().find(|page| page.args.iter().any(|word| word == "404"))
        {
            decided_by(page);
            fallback = page.args.last().cloned();
        }
        // Only the program behind it knows what such a path serves.
        if fallback.as_ref().is_some_and(|last| last.starts_with('@') || last.contains(".php")) {
            let to = format!("{}, else {}", root.arg(0), fallback.unwrap_or_default());
            return Some(Route { kind: Kind::Other, to, fallback: None, ..bare(path, lines) });
        }
        let has_page = path == "/" || fallback.as_ref().is_some_and(|last| last.starts_with('/'));
        (if has_page { Kind::FrontEnd } else { Kind::Files }, root.arg(0).to_owned())
    };
    let kind = if gate.is_some() && !kind.is_proxied() { Kind::Closed } else { kind };
    let pass = scope.own_one("proxy_pass").filter(|_| kind.is_proxied());
    let gate = gate.map(|gate| {
        decided_by(gate);
        gate.name.clone()
    });
    Some(Route {
        kind,
        socket,
        to,
        fallback,
        alias: matches!(kind, Kind::Files | Kind::FrontEnd) && scope.own_one("alias").is_some(),
        is_elsewhere: is_elsewhere(scope),
        is_public: is_public(scope),
        answers_preflights: scope.own().iter().any(answers_preflights),
        adds_cors: does_cors(scope),
        uri: pass.and_then(|pass| uri::handed_on(pass.arg(0), name_of(node), scope)),
        read_timeout: pass.map(|_| read_timeout(scope)),
        is_buffered: pass.is_some()
            && scope.one("proxy_buffering").is_none_or(|buffering| buffering.arg(0) != "off"),
        largest_body: scope.one("client_max_body_size").map(|size| size.arg(0).to_owned()),
        headers: headers(scope),
        forwards: pass.map(|_| forwards(scope)).unwrap_or_default(),
        lost_forwards: pass.map(|_| lost_forwards(scope)).unwrap_or_default(),
        http_version: scope.one("proxy_http_version").map(|version| version.arg(0).to_owned()),
        gate,
        ..bare(path, lines)
    })
}

/// A route of which nothing is known but where it is.
fn bare(path: &str, lines: Vec<Line>) -> Route {
    Route {
        path: path.to_owned(),
        open: false,
        kind: Kind::Other,
        destinations: None,
        socket: false,
        location: String::new(),
        to: String::new(),
        fallback: None,
        alias: false,
        answers_preflights: false,
        is_elsewhere: false,
        is_public: false,
        adds_cors: false,
        uri: None,
        read_timeout: None,
        is_buffered: false,
        largest_body: None,
        headers: Vec::new(),
        forwards: Vec::new(),
        lost_forwards: Vec::new(),
        http_version: None,
        gate: None,
        lines,
        number: None,
    }
}

/// Whether a location says of itself what is said for WebSockets: the version, the connection, a longer wait.
fn is_meant_to_last(scope: &Scope<'_>) -> bool {
    let is_connection =
        |node: &Node| node.is("proxy_set_header") && node.arg(0).eq_ignore_ascii_case("connection");
    let is_longer = |node: &Node| node.is("proxy_read_timeout") || node.is("proxy_http_version");
    scope.own().iter().any(|node| is_connection(node) || is_longer(node))
}

/// Whether the proxy does CORS in a place: for all of its answers, in an `if` for those to GET, or in place of the app's.
fn does_cors(scope: &Scope<'_>) -> bool {
    let in_ifs = scope.own().iter().filter(|node| node.is("if") && !answers_preflights(node));
    let for_get = in_ifs.filter(|node| node.args.iter().any(|word| word.contains("GET")));
    let hides = scope.all("proxy_hide_header").iter().any(|header| is_cors(header));
    scope.all("add_header").iter().any(|header| is_cors(header))
        || for_get.flat_map(|node| &node.inner).any(|node| node.is("add_header") && is_cors(node))
        || hides
}

fn is_cors(header: &Node) -> bool {
    header.arg(0).eq_ignore_ascii_case("access-control-allow-origin")
}

/// The name of a location, without its modifier.
fn name_of(location: &Node) -> &str {
    location.args.last().map_or("", String::as_str)
}

/// How long app servers may take to answer, in seconds; 60 unless said otherwise.
fn read_timeout(scope: &Scope<'_>) -> u64 {
    let written = scope.one("proxy_read_timeout").and_then(|timeout| nginx_conf::parse_time(timeout.arg(0)));
    written.map_or(60, |timeout| timeout.as_secs())
}

/// Headers with a fixed value that are added to answers.
fn headers(scope: &Scope<'_>) -> Vec<String> {
    let fixed = |header: &&Node| !header.arg(1).is_empty() && !header.arg(1).contains('$');
    scope.all("add_header").into_iter().filter(fixed).map(|header| header.arg(0).to_owned()).collect()
}

/// The headers that `proxy_set_header` gives to app servers, those of the connection left out.
fn forwards(scope: &Scope<'_>) -> Vec<String> {
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

/// The headers that are set further out and not here, where others are.
fn lost_forwards(scope: &Scope<'_>) -> Vec<String> {
    let own = scope.all("proxy_set_header");
    let is_set = |name: &String| own.iter().any(|header| header.arg(0).eq_ignore_ascii_case(name));
    forwards(&scope.of_server()).into_iter().filter(|name| !is_set(name)).collect()
}

/// Whether there is a cache that takes cookies away, or that is told whose answers it must leave alone.
fn is_public(scope: &Scope<'_>) -> bool {
    let is_cookie = |node: &&Node| node.arg(0).eq_ignore_ascii_case("set-cookie");
    let leaves_alone = ["proxy_cache_bypass", "proxy_no_cache"].iter().all(|name| scope.one(name).is_some());
    scope.one("proxy_cache").is_some()
        && (leaves_alone || scope.all("proxy_hide_header").iter().any(is_cookie))
}

/// Whether the app servers are external: they get a fixed `Host`, or use https.
fn is_elsewhere(scope: &Scope<'_>) -> bool {
    let is_host = |node: &&Node| node.arg(0).eq_ignore_ascii_case("host");
    let host = scope.all("proxy_set_header").into_iter().find(is_host);
    let is_told = host.is_some_and(|host| !host.arg(1).contains('$') || host.arg(1).contains("$proxy_host"));
    is_told || scope.own_one("proxy_pass").is_some_and(|pass| pass.arg(0).starts_with("https://"))
}

/// Whether `node` is an `if` that answers OPTIONS itself.
fn answers_preflights(node: &Node) -> bool {
    let asks = |word: &String| word.contains("request_method");
    node.is("if") && node.args.iter().any(asks) && node.inner.iter().any(|inner| inner.is("return"))
}

/// What keeps strangers out of a place.
fn gate<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    let access = |name: &str| scope.all(name).into_iter().find(|node| node.arg(0) != "off");
    let denied = || {
        // The first rule that matches a client whom no other knows decides.
        let decides = |node: &&Node| ["all", "0.0.0.0/0"].contains(&node.arg(0));
        let rule = scope.all_of(&["allow", "deny"]).into_iter().find(decides);
        rule.filter(|rule| rule.is("deny")).or_else(|| scope.own_one("internal"))
    };
    // Without a burst the second request within a moment is refused.
    let is_strict = |node: &&Node| node.args.iter().all(|word| !word.starts_with("burst="));
    let limited = || scope.all("limit_req").into_iter().find(is_strict);
    let asks_for_certificate = || scope.one("ssl_verify_client").filter(|node| node.arg(0) == "on");
    access("auth_basic")
        .or_else(|| access("auth_request"))
        .or_else(denied)
        .or_else(|| scope.own_one("limit_except"))
        .or_else(limited)
        .or_else(asks_for_certificate)
}

fn line(node: &Node) -> Line {
    Line { file: node.file.to_string(), line: node.line }
}

#[cfg(test)]
mod tests {
    use crate::Site;

    fn behind(inside: &str) -> Option<String> {
        let text = format!("http {{ server {{ location /api/ {{ {inside} proxy_pass http://app:1; }} }} }}");
        Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap().servers[0].routes[0].behind()
    }

    #[test]
    fn preflights_that_the_proxy_answers_pass_what_goes_by_address() {
        const ANSWERS: &str = "if ($request_method = OPTIONS) { return 204; }";
        assert_eq!(behind("deny all;").as_deref(), Some("behind deny"));
        assert_eq!(
            behind(&format!("deny all; {ANSWERS}")).as_deref(),
            Some("behind deny, which its preflights pass")
        );
        assert_eq!(behind(&format!("auth_basic Shop; {ANSWERS}")).as_deref(), Some("behind auth_basic"));
        assert_eq!(behind(ANSWERS), None);
    }
}
