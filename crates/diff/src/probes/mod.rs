//! The requests: from the routes of both configurations, the borders of each, and what their conditions ask for.
//!
//! Their number grows with the locations, not with pairs of them: a location of either configuration is asked for at its own
//! server, and each border once.

mod at;
mod borders;
mod conditions;
mod matrix;

use std::collections::{BTreeMap, BTreeSet};

use crate::configuration::{Configuration, ServerBlock, locations};
use crate::probe::{AppAnswer, Probe, Way};
use crate::values;
use at::At;
pub(crate) use borders::{NAMED, content_of};
use hopcheck_site::Admission;

/// The `Host` where a server has no name.
pub(crate) const DEFAULT_HOST: &str = "www.hopcheck.test";

/// A name that no server has.
const UNKNOWN_HOST: &str = "unknown.hopcheck.test";

/// An origin that no site knows.
const UNKNOWN_ORIGIN: &str = "https://other.hopcheck.test";

/// More than any real configuration leads to.
const MAX_PROBES: usize = 20_000;

/// Headers that requests of their own are for, or that frame a message.
const OTHERWISE_ASKED: [&str; 20] = [
    "Accept-Encoding",
    "Authorization",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Expect",
    "Host",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "Keep-Alive",
    "Origin",
    "Proxy-Connection",
    "Range",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "X-Forwarded-For",
];

/// A few places show what a server does everywhere.
const MAX_PLACES: usize = 4;

/// So many origins are tried at most.
const MAX_ORIGINS: usize = 3;

/// What there is to ask at a place.
#[derive(Debug, Default)]
struct Wanted {
    /// Paths of locations, asked in every way; whether app servers may be behind them.
    main: BTreeMap<String, bool>,
    /// Paths that are only asked for.
    others: BTreeSet<String>,
    /// Requests that a condition asks for.
    conditions: Vec<Probe>,
    /// Whether something is kept for a second request.
    caches: bool,
}

/// Every probe for the two configurations, in order.
pub(crate) fn of(old: &Configuration, new: &Configuration, seed: u64) -> Vec<Probe> {
    let mut wanted: BTreeMap<At, Wanted> = BTreeMap::new();
    let mut probes: BTreeSet<Probe> = BTreeSet::new();
    for conf in [old, new] {
        for block in conf.servers() {
            add_server(conf, &block, seed, &mut wanted, &mut probes);
        }
    }
    let mut origins: Vec<String> = old.site.origins.iter().chain(&new.site.origins).cloned().collect();
    origins.dedup();
    origins.truncate(MAX_ORIGINS);
    origins.push(UNKNOWN_ORIGIN.to_owned());
    let headers: BTreeSet<String> = [old, new].into_iter().flat_map(header_names).collect();
    for (at, wanted) in &wanted {
        for (path, has_apps) in &wanted.main {
            let sizes: BTreeSet<u64> = [old, new]
                .into_iter()
                .map(|conf| values::body_limit(conf, &at.port, &at.host, path))
                .filter(|size| *size > 0)
                .flat_map(|size| [size, size.saturating_add(1)])
                .collect();
            let place =
                matrix::Place { at, path, has_apps: *has_apps, caches: wanted.caches, headers: &headers };
            probes.extend(matrix::of(&place, &origins, &sizes));
        }
        probes.extend(wanted.others.iter().map(|path| Probe::get(&at.port, &at.host, path)));
        probes.extend(wanted.conditions.iter().cloned());
        probes.insert(Probe::get(&at.port, &at.host, "/").method("TRACE"));
        probes.insert(Probe::get(&at.port, UNKNOWN_HOST, "/"));
    }
    // What is behind a gate is the same for all until somebody is let in.
    let let_in: Vec<Probe> = probes.iter().filter_map(|probe| admitted(probe, [old, new])).collect();
    probes.extend(let_in);
    let turns = turns(old, new, &wanted).into_iter();
    probes.extend(turns.map(|probe| admitted(&probe, [old, new]).unwrap_or(probe)));
    let mut probes: Vec<Probe> = probes.into_iter().collect();
    // What must be asked alone comes last.
    probes.sort_by_key(|probe| matches!(probe.way, Way::Turns(_) | Way::Fresh));
    probes.truncate(MAX_PROBES);
    probes
}

/// The same by somebody who is let in, if it is closed to strangers in either configuration.
fn admitted(probe: &Probe, confs: [&Configuration; 2]) -> Option<Probe> {
    let host = probe.host.as_deref().filter(|_| probe.way != Way::Read)?;
    let of_one =
        |conf: &Configuration| conf.server_of(&probe.port, host)?.server.route_of(probe.path())?.admission;
    let admissions: Vec<Admission> = confs.into_iter().filter_map(of_one).collect();
    (!admissions.is_empty()).then(|| probe.clone().admitted(&admissions))
}

fn add_server(
    conf: &Configuration,
    block: &ServerBlock<'_>,
    seed: u64,
    wanted: &mut BTreeMap<At, Wanted>,
    probes: &mut BTreeSet<Probe>,
) {
    let names = block.server.names_to_ask();
    let host = names.first().cloned().unwrap_or_else(|| DEFAULT_HOST.to_owned());
    let Some(port) = block.server.asked_at().map(|listen| listen.port().to_owned()) else { return };
    let at = At { port: port.clone(), host: host.clone() };
    let wanted = wanted.entry(at).or_default();
    wanted.main.entry("/".to_owned()).or_insert(false);
    let mut first_paths = vec!["/".to_owned()];
    let indexes = index_names(conf);
    let (mut ends, mut passing): (BTreeSet<String>, Vec<&String>) = (BTreeSet::new(), Vec::new());
    for location in locations(block.node, &[]) {
        let number = first_paths.len() as u64;
        let route = block.server.routes.iter().find(|route| {
            route.lines.first().is_some_and(|line| line.line == location.node.line) && !route.path.is_empty()
        });
        let found =
            borders::of(location.node, route.map(|route| route.path.as_str()), seed.wrapping_add(number));
        let has_apps = borders::may_lead_to_apps(location.node, block.node);
        if let Some(main) = found.main {
            *wanted.main.entry(main.clone()).or_insert(false) |= has_apps;
            first_paths.push(main);
        }
        wanted.others.extend(found.others);
        ends.extend(found.end);
        if let [name] | [_, name] = location.node.args.as_slice() {
            let is_prefix =
                name.starts_with('/') && location.node.args.first().is_none_or(|word| word != "=");
            match location.levels.last().is_some_and(|level| values::passes_on(level)) {
                true if is_prefix => passing.push(name),
                false if is_prefix => wanted.others.extend(borders::of_files(name, &indexes)),
                _ => {}
            }
        }
        conditions::add(location.node, &port, &host, first_paths.last(), seed, &mut wanted.conditions);
    }
    // What takes paths by their ends may take them from the app servers.
    for folder in passing.iter().map(|name| name.trim_end_matches('/')).take(MAX_PLACES) {
        wanted.others.extend(ends.iter().map(|end| format!("{folder}/item{end}")));
    }
    let server_wide = |nodes: &[hopcheck_site::Node]| -> Vec<hopcheck_site::Node> {
        nodes.iter().filter(|node| !node.is("location") && !node.is("server")).cloned().collect()
    };
    let mut shell = block.node.clone();
    shell.inner = server_wide(&block.node.inner);
    for http in conf.http_blocks() {
        shell.inner.extend(server_wide(&http.inner));
    }
    for path in first_paths.iter().take(MAX_PLACES) {
        conditions::add(&shell, &port, &host, Some(path), seed, &mut wanted.conditions);
    }
    wanted.others.extend(borders::rewritten(block.node, seed));
    wanted.caches |= conf.mentions("proxy_cache");
    // Its other names and addresses, by what is at the root and at one location.
    let paths: Vec<&String> = first_paths.iter().take(2).collect();
    for listen in &block.server.listen {
        for name in names.iter().chain([&host]) {
            for path in &paths {
                probes.insert(Probe::get(listen.port(), name, path));
            }
        }
    }
    let old_fashioned =
        Probe { host: None, version: crate::probe::Version::Http10, ..Probe::get(&port, &host, "/") };
    probes.insert(old_fashioned);
}

/// The files that stand for a directory.
fn index_names(conf: &Configuration) -> Vec<&str> {
    const MAX_INDEXES: usize = 6;
    let mut found = vec!["index.html"];
    for word in conf.of_name("index").iter().flat_map(|node| &node.args) {
        if !word.contains(['$', '/']) && !found.contains(&word.as_str()) {
            found.push(word);
        }
    }
    found.truncate(MAX_INDEXES);
    found
}

/// Names of headers that clients may send, as the configuration knows of them: those it sets for app servers, and those it
/// allows pages of other origins.
fn header_names(conf: &Configuration) -> BTreeSet<String> {
    const MAX_NAMES: usize = 24;
    let set = conf.of_name("proxy_set_header").into_iter().map(|node| node.arg(0));
    let allowed = conf.of_name("add_header").into_iter();
    let allowed = allowed.filter(|node| node.arg(0).eq_ignore_ascii_case("Access-Control-Allow-Headers"));
    let names = set.chain(allowed.flat_map(|node| node.arg(1).split(',').map(str::trim)));
    let is_of_clients = |name: &&str| {
        let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        !name.is_empty() && is_token && !OTHERWISE_ASKED.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    names.filter(is_of_clients).take(MAX_NAMES).map(str::to_owned).collect()
}

/// For each way to an upstream: whose turn it is, and what happens when the first of its servers fails. Each needs a proxy that
/// has been asked nothing before, so there are not many.
fn turns(old: &Configuration, new: &Configuration, wanted: &BTreeMap<At, Wanted>) -> Vec<Probe> {
    const MAX_FRESH: usize = 24;
    const MAX_TURNS: usize = 60;
    let mut seen: BTreeSet<[Option<String>; 2]> = BTreeSet::new();
    let mut made = Vec::new();
    for (at, wanted) in wanted {
        for (path, _) in wanted.main.iter().filter(|(_, has_apps)| **has_apps) {
            let passes = [old, new].map(|conf| passes_to(conf, at, path));
            // One place for each upstream, and each way to go on to its next server.
            if passes.iter().all(Option::is_none)
                || !seen.insert(passes.each_ref().map(|pass| pass.as_ref().map(|pass| pass.way.clone())))
            {
                continue;
            }
            let get = Probe::get(&at.port, &at.host, path);
            let fails = |status| get.clone().answered(status).way(Way::Fresh);
            made.extend([
                fails(AppAnswer::FirstClosed),
                fails(AppAnswer::FirstClosed).method("POST").json("{}"),
                fails(AppAnswer::Status(503)),
            ]);
            // So many that both have gone round as a whole.
            let [old, new] = passes.map(|pass| pass.map_or(1, |pass| pass.weights));
            let round = old * new / greatest_common_divisor(old, new);
            if round <= MAX_TURNS {
                made.push(get.clone().way(Way::Turns(round * (MAX_TURNS / 5 / round).max(1))));
            }
        }
    }
    made.truncate(MAX_FRESH);
    made
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// A way to an upstream of several servers.
#[derive(Debug)]
struct Pass {
    way: String,
    /// The sum of the weights.
    weights: usize,
}

/// The upstream of several servers that a place passes to, with what says when the next one is asked.
fn passes_to(conf: &Configuration, at: &At, path: &str) -> Option<Pass> {
    let levels = conf.levels(&at.port, &at.host, path)?;
    let pass = levels.last()?.iter().find(|node| node.is("proxy_pass"))?;
    let upstream = conf.upstream(values::upstream_name(pass)?)?;
    let servers: Vec<&hopcheck_site::Node> = upstream.inner.iter().filter(|node| node.is("server")).collect();
    let weight = |node: &&hopcheck_site::Node| {
        let word = node.args.iter().find_map(|word| word.strip_prefix("weight="));
        word.and_then(|weight| weight.parse::<usize>().ok()).unwrap_or(1).clamp(1, 1_000)
    };
    let on = levels
        .iter()
        .flat_map(|level| level.iter())
        .filter(|node| node.name.starts_with("proxy_next_upstream"));
    let way = format!("{} {:?}", upstream.arg(0), on.map(|node| &node.head).collect::<Vec<_>>());
    (servers.len() > 1).then(|| Pass { way, weights: servers.iter().map(weight).sum() })
}

#[cfg(test)]
mod tests {
    use hopcheck_targets::conf::Source;

    use super::*;

    fn count(locations: usize) -> usize {
        let location = |nth| format!("location /part{nth}/ {{ proxy_pass http://app{nth}:8080; }} ");
        let text: String = (0..locations).map(location).collect();
        let source =
            Source::built_in().with_text(format!("events {{ }} http {{ server {{ listen 80; {text} }} }}"));
        let conf = Configuration::of(source).unwrap();
        of(&conf, &conf, 1).len()
    }

    #[test]
    fn there_are_more_requests_for_more_locations_and_not_for_pairs_of_them() {
        let (few, many) = (count(10), count(30));
        assert!(few > 300 && many > 2 * few && many < 3 * few + 30, "{few} for ten, {many} for thirty");
    }
}
