//! What serves a location, or a server that has none for a path.

use regex::{Captures, Regex};

use crate::destinations::{destinations, second_destinations};
use crate::gate::{admission, asks_for_password, gate, open_methods};
use crate::in_force::{
    answers_preflights, compressed, does_cors, forwards, headers, is_elsewhere, is_public, names_own_paths,
    read_timeout, sends_expires, shows_cors,
};
use crate::kind::Kind;
use crate::line::Line;
use crate::location_chooser::LocationChooser;
use crate::pattern_sample;
use crate::pools::pools;
use crate::refused_methods::refused_methods;
use crate::route::{Route, SOCKET_NAMES, is_for_all, is_of_a_library};
use crate::scope::Scope;
use crate::tree::Node;
use crate::uri;

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
    if let (true, Some(page)) = (is_pattern, &found.fallback) {
        let page = page.clone();
        let ways = pattern_sample::of_each_way(name).into_iter();
        let ways = ways.filter(|way| *way != found.path && is_here(way));
        found.other_pages.extend(ways.map(|way| (filled_in(&page, &chooser.groups(&way)), way)));
        found.fallback = Some(filled_in(&page, &chooser.groups(&found.path)));
    }
    found.destinations = destinations(scope, chooser).filter(|_| found.kind.is_proxied());
    if found.destinations.is_some() {
        found.second_destinations = second_destinations(scope);
        found.pools = scope.own_one("proxy_pass").map_or_else(Vec::new, |pass| pools(scope, pass.arg(0)));
    }
    Some(found)
}

/// A page with the groups of a pattern in it; other variables stay.
fn filled_in(page: &str, groups: &[(String, String)]) -> String {
    let Ok(variable) = Regex::new(r"\$(?:\{(\w+)\}|([1-9])|([A-Za-z_]\w*))") else { return page.to_owned() };
    let value = |found: &Captures<'_>| {
        let name = found.iter().skip(1).flatten().next().map_or("", |name| name.as_str());
        let known = groups.iter().find(|(known, _)| known == name);
        known.map_or_else(|| found[0].to_owned(), |(_, text)| text.clone())
    };
    variable.replace_all(page, value).into_owned()
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
        && let found = serve(named, &scope.inside(&named.inner), path)?
        && !is_answer(scope, named, &found, path)
    {
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
            content: if is_page { Kind::FrontEnd } else { found.content },
            gate: gate.map(|gate| gate.name.clone()).or(found.gate.clone()),
            // Both locations ask who comes.
            admission: match (gate.is_some(), found.gate.is_some()) {
                (true, true) => admission(scope).filter(|own| found.admission == Some(*own)),
                (true, false) => admission(scope),
                (false, _) => found.admission,
            },
            asks_for_password: gate.is_some() && asks_for_password(scope),
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
        let named = fallback.as_deref().and_then(|name| scope.named(name));
        if named.is_some_and(|named| named.inner.iter().any(|inner| inner.is("return"))) {
            fallback = None;
        }
        // Only the program behind it knows what such a path serves.
        if fallback.as_ref().is_some_and(|last| last.starts_with('@') || last.contains(".php")) {
            let to = format!("{}, else {}", root.arg(0), fallback.unwrap_or_default());
            return Some(Route { to, ..bare(path, lines) });
        }
        let has_page = path == "/" || fallback.as_ref().is_some_and(|last| last.starts_with('/'));
        (if has_page { Kind::FrontEnd } else { Kind::Files }, root.arg(0).to_owned())
    };
    let open_methods =
        if gate.is_some_and(|gate| gate.is("limit_except")) { open_methods(scope) } else { Vec::new() };
    let is_readable = open_methods.iter().any(|method| method == "GET");
    let admission = admission(scope);
    let is_closed = gate.is_some() && !is_readable && !kind.is_proxied();
    // What is returned or handed to another program is so before anybody is asked for anything.
    let is_for_some = admission.is_some() || gate.is_some_and(|gate| gate.is("auth_request"));
    let is_of_files = matches!(kind, Kind::Files | Kind::FrontEnd);
    let content = if is_closed && !(is_for_some && is_of_files) { Kind::Closed } else { kind };
    let kind = if is_closed { Kind::Closed } else { kind };
    let roots = scope.expand(&to).unwrap_or_default();
    let pages = fallback.as_deref().filter(|page| page.contains('$')).and_then(|page| scope.expand(page));
    let other_pages = pages.into_iter().flatten().map(|page| (page, path.to_owned())).collect();
    let has_own_page = |node: &&Node| {
        node.is("index") || node.is("try_files") && node.args.iter().any(|word| word == "$uri/")
    };
    let has_own_directory = scope.own().iter().any(|node| node.is("alias") || node.is("root"));
    let falls_back_elsewhere = has_own_directory
        && scope.own().iter().any(|node| has_own_page(&node))
        && fallback.as_ref().is_some_and(|page| page.ends_with(".html") && !page.starts_with(path));
    let pass = scope.own_one("proxy_pass").filter(|_| kind.is_proxied());
    let asks_for_leave_at = gate.filter(|gate| gate.is("auth_request")).map(|gate| gate.arg(0).to_owned());
    let gate = gate.map(|gate| {
        decided_by(gate);
        gate.name.clone()
    });
    let is_of_files = matches!(content, Kind::Files | Kind::FrontEnd);
    Some(Route {
        kind,
        content,
        socket,
        to,
        fallback,
        other_pages,
        alias: is_of_files && scope.own_one("alias").is_some(),
        roots: if is_of_files { roots } else { Vec::new() },
        falls_back_elsewhere,
        strips_prefix: pass.is_some_and(|pass| uri::strips_prefix(pass.arg(0), name_of(node))),
        names_own_paths: names_own_paths(scope),
        is_cached: scope.one("proxy_cache").is_some_and(|cache| cache.arg(0) != "off"),
        is_elsewhere: is_elsewhere(scope),
        is_public: is_public(scope),
        answers_preflights: scope.own().iter().any(answers_preflights),
        adds_cors: does_cors(scope),
        shows_cors: shows_cors(scope),
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
        admission,
        asks_for_password: (kind.is_proxied() || is_of_files) && asks_for_password(scope),
        open_methods,
        refused_methods: refused_methods(scope),
        sends_expires: sends_expires(scope),
        compressed: compressed(scope),
        asks_for_leave_at,
        ..bare(path, lines)
    })
}

/// Whether a location with a name has one answer for all that is no file, so that what is served is the files.
fn is_answer(scope: &Scope<'_>, named: &Node, found: &Route, path: &str) -> bool {
    // Of the root, `$uri` alone is none.
    let has_files =
        |files: &Node| files.args.iter().any(|word| word == "$uri/" || path != "/" && word == "$uri");
    matches!(found.kind, Kind::Redirect | Kind::Fixed)
        && named.inner.iter().any(|inner| inner.is("return"))
        && scope.one("root").is_some()
        && scope.own_one("try_files").is_some_and(has_files)
}

/// A route of which nothing is known but where it is.
fn bare(path: &str, lines: Vec<Line>) -> Route {
    Route {
        path: path.to_owned(),
        open: false,
        kind: Kind::Other,
        content: Kind::Other,
        destinations: None,
        second_destinations: Vec::new(),
        pools: Vec::new(),
        socket: false,
        location: String::new(),
        to: String::new(),
        fallback: None,
        other_pages: Vec::new(),
        alias: false,
        roots: Vec::new(),
        falls_back_elsewhere: false,
        strips_prefix: false,
        names_own_paths: false,
        is_cached: false,
        answers_preflights: false,
        is_elsewhere: false,
        is_public: false,
        adds_cors: false,
        shows_cors: false,
        uri: None,
        read_timeout: None,
        is_buffered: false,
        largest_body: None,
        headers: Vec::new(),
        forwards: Vec::new(),
        server_forwards: Vec::new(),
        http_version: None,
        gate: None,
        admission: None,
        asks_for_password: false,
        open_methods: Vec::new(),
        refused_methods: Vec::new(),
        sends_expires: false,
        compressed: Vec::new(),
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
