//! A route: paths that are served in one way.

use serde::Serialize;

use crate::authorization::Authorization;
use crate::destinations::destinations;
use crate::in_force::{
    answers_preflights, does_cors, forwards, gate, headers, is_elsewhere, is_public, read_timeout,
};
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
    /// Those that the server around it sets for its app servers. A location that sets some of its own loses them.
    pub server_forwards: Vec<String>,
    /// The version that app servers are asked in, as it is written (`proxy_http_version`).
    pub http_version: Option<String>,
    /// What keeps strangers out, as `auth_basic`.
    pub gate: Option<String>,
    /// If that is `auth_request`: who says whom it lets in, if the file tells.
    #[serde(skip)]
    pub authorization: Option<Authorization>,
    /// The argument of that `auth_request`.
    #[serde(skip)]
    pub(crate) asks_for_leave_at: Option<String>,
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
pub(crate) const SOCKET_NAMES: [&str; 9] =
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
    let asks_for_leave_at = gate.filter(|gate| gate.is("auth_request")).map(|gate| gate.arg(0).to_owned());
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
        server_forwards: pass.map(|_| forwards(&scope.of_server())).unwrap_or_default(),
        http_version: scope.one("proxy_http_version").map(|version| version.arg(0).to_owned()),
        gate,
        asks_for_leave_at,
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
        server_forwards: Vec::new(),
        http_version: None,
        gate: None,
        authorization: None,
        asks_for_leave_at: None,
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

/// The name of a location, without its modifier.
fn name_of(location: &Node) -> &str {
    location.args.last().map_or("", String::as_str)
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
