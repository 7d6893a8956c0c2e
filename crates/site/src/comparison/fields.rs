//! What differs between a promise and what there is, field by field.

use crate::profile::{EVERYBODY, PromisedRoute, PromisedUpstream, Seconds, Size};
use crate::{Kind, Role, Route, Upstream, Uri};

/// What `route` does otherwise than promised, each in a few words.
pub(super) fn differences(
    promised: &PromisedRoute,
    route: &Route,
    renamed: &[(String, String)],
) -> Vec<String> {
    let mut what = Vec::new();
    if let Some(kind) = promised.kind
        && !is_alike(kind, route.kind)
        && !(kind == Kind::Socket && route.socket)
    {
        what.push(format!("it is `{}`, not `{}`", route.kind.name(), kind.name()));
    }
    if let Some(to) = &promised.to
        && !leads_to(route, promised, renamed)
    {
        what.push(format!("it leads to {}, not {to}", route.to));
    }
    if let (Some(wanted), Some(destinations)) = (&promised.upstreams, &route.destinations) {
        let is_promised =
            |name: &String| wanted.iter().any(|one| current_name(one, renamed).eq_ignore_ascii_case(name));
        // Which of several one request is sent to, only a run can tell.
        if !destinations.iter().any(is_promised) {
            what.push(format!("it leads to {}, not {}", destinations.join(", "), wanted.join(", ")));
        }
    }
    match (promised.uri, route.uri) {
        (Some(wanted), Some(uri)) if wanted != uri => {
            what.push(format!("its path is {}, not {}: {}", uri.name(), wanted.name(), why(uri)));
        }
        // The same URI behind the host takes the place of another part of the path.
        (Some(Uri::Replaced), Some(_)) if route.path != promised.path => {
            what.push(format!("what is replaced of its path is {}, not {}", route.path, promised.path));
        }
        _ => {}
    }
    match (&promised.fallback, &route.fallback) {
        (Some(wanted), Some(page)) if wanted != page => {
            what.push(format!("a path that is no file is answered with {page}, not {wanted}"));
        }
        (Some(wanted), None) => what.push(format!("a path that is no file is not answered with {wanted}")),
        _ => {}
    }
    let access = route.gate.as_deref().unwrap_or(EVERYBODY);
    if let Some(wanted) = &promised.access
        && wanted != access
    {
        let shown = |access: &str| match access {
            EVERYBODY => "everybody may come".to_owned(),
            gate => format!("only those may come whom `{gate}` lets in"),
        };
        what.push(format!("{}; promised is that {}", shown(access), shown(wanted)));
    }
    if let (Some(Seconds(longest)), Some(waits)) = (promised.longest_answer, route.read_timeout)
        && waits < longest
    {
        what.push(format!(
            "the proxy waits {waits} s for an answer, which may take {longest} s: see `proxy_read_timeout`"
        ));
    }
    let is_lost = |name: &&String| !route.forwards.iter().any(|set| set.eq_ignore_ascii_case(name));
    let lost: Vec<&str> = promised.forwards.iter().flatten().filter(is_lost).map(String::as_str).collect();
    if route.kind.is_proxied() && !lost.is_empty() {
        what.push(format!("the app is not given {}: see `proxy_set_header`", lost.join(", ")));
    }
    if let (Some(Size(wanted)), true) = (promised.largest_upload, route.kind.is_proxied())
        && let Some(limit) = route.upload_limit().filter(|limit| *limit < wanted)
    {
        what.push(format!(
            "bodies may have {limit} bytes, not {wanted}: see `client_max_body_size`, which is 1m unless said otherwise"
        ));
    }
    let missing = |wanted: &Option<Vec<String>>, found: &[String]| {
        let is_there = |name: &String| found.iter().any(|one| one == "*" || one.eq_ignore_ascii_case(name));
        wanted.iter().flatten().filter(|name| !is_there(name)).cloned().collect::<Vec<_>>().join(", ")
    };
    // What the page carries is asked in a run.
    let lost = if route.kind == Kind::Files {
        missing(&promised.headers, &route.added_headers())
    } else {
        String::new()
    };
    if !lost.is_empty() {
        what.push(format!("its files come without {lost}: see `expires` and `add_header`"));
    }
    let lost =
        if is_of_files(route) { missing(&promised.compressed, &route.compressed) } else { String::new() };
    if !lost.is_empty() {
        what.push(format!("{lost} is not compressed: see `gzip` and `gzip_types`"));
    }
    if let Some(known) = &promised.refuses {
        let refused = missing(&Some(route.refused_methods.clone()), known);
        if !refused.is_empty() {
            what.push(format!("the proxy turns {refused} away: see `if ($request_method …)`"));
        }
    }
    if promised.sse == Some(true) && route.is_buffered {
        what.push(
            "its events are held back until there is enough of them: see `proxy_buffering off;`".to_owned(),
        );
    }
    what
}

/// What an upstream that was promised is called here.
pub(super) fn current_name<'a>(name: &'a str, renamed: &'a [(String, String)]) -> &'a str {
    renamed.iter().find(|(old, _)| old == name).map_or(name, |(_, new)| new)
}

/// Whether two kinds are one to clients: whether a site has pages besides is all that an API and an app differ in.
fn is_alike(one: Kind, other: Kind) -> bool {
    let is_app = |kind| matches!(kind, Kind::Api | Kind::App);
    one == other || is_app(one) && is_app(other)
}

fn is_of_files(route: &Route) -> bool {
    matches!(route.kind, Kind::Files | Kind::FrontEnd)
}

/// What makes a path so.
fn why(uri: Uri) -> &'static str {
    match uri {
        Uri::Kept => "`proxy_pass` has nothing behind the host",
        Uri::Replaced => {
            "what `proxy_pass` has behind the host, if only a slash, takes the place of the location's name"
        }
        Uri::Rewritten => "see `rewrite`, and variables in `proxy_pass`",
    }
}

/// What `upstream` does otherwise than promised.
pub(super) fn upstream_differences(promised: &PromisedUpstream, upstream: &Upstream) -> Vec<String> {
    let mut what = Vec::new();
    let counts =
        [(promised.servers, Role::Primary, "server"), (promised.backups, Role::Backup, "backup server")];
    for (wanted, role, name) in counts {
        let count = upstream.count(role);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != count) {
            what.push(format!("it has {}, not {wanted}", counted(count, name)));
        }
    }
    if let Some(wanted) = promised.balancing.as_ref().filter(|wanted| **wanted != upstream.balancing) {
        what.push(format!("requests are spread by {}, not {wanted}", upstream.balancing));
    }
    what
}

/// `1 server`, `2 servers`.
pub(super) fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// Whether a route leads where it was promised to, though the upstream may have another name.
fn leads_to(route: &Route, promised: &PromisedRoute, renamed: &[(String, String)]) -> bool {
    let Some(wanted) = &promised.to else { return true };
    let directory = |path: &str| path.strip_suffix('/').unwrap_or(path).to_owned();
    let (Some((scheme, host, rest)), Some((other_scheme, other_host, other_rest))) =
        (parts_of(wanted), parts_of(&route.to))
    else {
        let is_root = matches!(route.kind, Kind::Files | Kind::FrontEnd) && !route.alias;
        return route.to == *wanted || is_root && directory(&route.to) == directory(wanted);
    };
    let is_renamed = || renamed.iter().any(|(old, new)| old == host && new == other_host);
    // What is behind the host is told by what becomes of the path, where that is known.
    let same_path = match (promised.uri, route.uri) {
        (Some(Uri::Kept), Some(Uri::Kept)) => true,
        (Some(wanted), Some(uri)) if wanted != uri => true,
        _ => rest == other_rest,
    };
    scheme == other_scheme && (host == other_host || is_renamed()) && same_path
}

/// The host or upstream that a URL names.
pub(super) fn host_of(url: &str) -> Option<&str> {
    parts_of(url).map(|(_, host, _)| host)
}

/// The scheme of a URL, the host, and what is behind it.
fn parts_of(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, rest) = rest.split_at(rest.find(['/', '$']).unwrap_or(rest.len()));
    (!host.is_empty()).then_some((scheme, host, rest))
}
