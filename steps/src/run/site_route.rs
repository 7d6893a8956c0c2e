//! A route of a site, as words in braces speak of it.

use hopcheck_site::profile::{Cors, PromisedRoute, Protocol};
use hopcheck_site::{
    Admission, Comparison, Kind, Pool, Role, Route, Server, Site, Upstream, canonical_address,
};

/// A route of a site, with what its profile says of it.
#[derive(Debug, Clone)]
pub(super) struct SiteRoute<'a> {
    pub(super) server: &'a Server,
    pub(super) route: &'a Route,
    pub(super) promise: Option<&'a PromisedRoute>,
    site: &'a Site,
    /// Its number among the routes of the site.
    pub(super) number: usize,
    /// The upstreams that it leads to: several where variables choose among them.
    upstreams: Vec<&'a Upstream>,
    /// The one among several that is asked here, and what leads to it; `None` for the route as a whole.
    pub(super) pool: Option<&'a Pool>,
    /// Whether it leads to the server of a front end, beside others of the site.
    pub(super) is_front_end: bool,
}

/// Ways to spread requests that keep no client with one server.
const TURNS: [&str; 3] = ["round robin", "least_conn", "random"];

/// What `hash` may take for the client's address.
const ADDRESSES: [&str; 5] = [
    "$remote_addr",
    "$binary_remote_addr",
    "$http_x_forwarded_for",
    "$http_x_real_ip",
    "$proxy_add_x_forwarded_for",
];

/// Headers that tell browsers what a page may not do, or be used for.
const PROTECTIVE_HEADERS: [&str; 15] = [
    "Content-Security-Policy",
    "Content-Security-Policy-Report-Only",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Feature-Policy",
    "Permissions-Policy",
    "Public-Key-Pins",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-Permitted-Cross-Domain-Policies",
    "X-Robots-Tag",
    "X-XSS-Protection",
];

impl<'a> SiteRoute<'a> {
    /// Every route of a site, and behind it each of the upstreams that it chooses among.
    pub(super) fn all(site: &'a Site, comparison: &Comparison<'a>) -> Vec<SiteRoute<'a>> {
        let mut all = Vec::new();
        for (number, (server, route)) in site.routes().enumerate() {
            let whole = SiteRoute {
                server,
                route,
                promise: comparison.promise_of(route),
                site,
                number,
                upstreams: site.upstreams_of(route),
                pool: None,
                is_front_end: is_proxied_front_end(server, route),
            };
            let upstream = |pool: &Pool| {
                whole.upstreams.iter().copied().find(|one| one.name.eq_ignore_ascii_case(&pool.host))
            };
            let known: Vec<(&Pool, &Upstream)> =
                route.pools.iter().filter_map(|pool| Some((pool, upstream(pool)?))).collect();
            let pools = known.into_iter().map(|(pool, upstream)| SiteRoute {
                pool: Some(pool),
                upstreams: vec![upstream],
                ..whole.clone()
            });
            let pools: Vec<SiteRoute<'_>> = pools.collect();
            all.push(whole);
            all.extend(pools);
        }
        all
    }

    /// Whether scenarios about a whole route, or about one upstream and its servers, speak of this.
    pub(super) fn is_one(&self, of_upstream: bool) -> bool {
        let has_pools = self.upstreams.len() > 1 && !self.route.pools.is_empty();
        if of_upstream { self.pool.is_some() || !has_pools } else { self.pool.is_none() }
    }

    /// Who does CORS here: whom the profile names, or the one that the file shows.
    pub(super) fn cors(&self) -> Cors {
        let found = if self.route.adds_cors { Cors::Proxy } else { Cors::App };
        self.promise.and_then(|promise| promise.cors).unwrap_or(found)
    }

    /// Whether it is known who does CORS here. Headers that a place with a password has from around it may be meant for others.
    pub(super) fn shows_cors(&self) -> bool {
        let is_promised = self.promises(|promise| promise.cors.is_some());
        let is_closed = self.route.admission.is_some_and(Admission::by_password);
        !is_closed || !self.route.adds_cors || self.route.shows_cors || is_promised
    }

    /// The addresses of the upstream's servers that are asked so, each once.
    pub(super) fn servers(&self, role: Role) -> Vec<&'a str> {
        let servers = self.upstreams.iter().flat_map(|upstream| &upstream.servers);
        let mut found: Vec<&str> = Vec::new();
        for server in servers.filter(|server| server.role == role) {
            let address = canonical_address(&server.address);
            if !found.iter().any(|known| canonical_address(known) == address) {
                found.push(&server.address);
            }
        }
        found
    }

    /// The app servers that share the requests, as the configuration calls them. None where there is only one.
    pub(super) fn balanced(&self) -> Vec<&'a str> {
        let has_several = self.upstreams.iter().all(|upstream| upstream.count(Role::Primary) > 1);
        Some(self.servers(Role::Primary))
            .filter(|servers| has_several && servers.len() > 1)
            .unwrap_or_default()
    }

    /// The app servers that are asked first where others are asked once these have broken down, and those.
    pub(super) fn in_turn(&self) -> [Vec<&'a str>; 2] {
        let second = &self.route.second_destinations;
        let all: Vec<&String> = self.route.destinations.iter().flatten().collect();
        let first: Vec<&String> = all.iter().copied().filter(|host| !second.contains(host)).collect();
        let servers = |hosts: &[&'a String]| -> Vec<&'a str> {
            let upstream =
                |host: &str| self.site.upstreams.iter().find(|one| one.name.eq_ignore_ascii_case(host));
            let of_host = |host: &&'a String| match upstream(host) {
                Some(upstream) => upstream.servers.iter().map(|server| server.address.as_str()).collect(),
                None => vec![host.as_str()],
            };
            hosts.iter().flat_map(of_host).collect()
        };
        [servers(if first.is_empty() { &all } else { &first }), servers(&second.iter().collect::<Vec<_>>())]
    }

    /// Whether `..` right behind the name of the location still falls into it.
    pub(super) fn has_name_going_on(&self) -> bool {
        let path = format!("{}../hopcheck", self.route.path);
        let is_known = !self.route.path.is_empty() && !self.route.path.ends_with('/');
        is_known && self.server.route_of(&path).is_some_and(|found| std::ptr::eq(found, self.route))
    }

    /// Whether there is another app server for when these, which are the others, cannot be asked.
    pub(super) fn has_backup_for(&self, is_count: fn(usize) -> bool) -> bool {
        let [upstream] = self.upstreams[..] else { return false };
        let primaries = self.servers(Role::Primary);
        let is_another =
            |backup: &&str| primaries.iter().all(|one| canonical_address(one) != canonical_address(backup));
        upstream.count(Role::Primary) > 0
            && is_count(primaries.len())
            && self.servers(Role::Backup).iter().any(is_another)
    }

    /// Whether a session here is several requests, and nothing is known to keep them together but the client's address. What a cookie or
    /// the session's id does only the app and its clients know.
    pub(super) fn polls(&self) -> bool {
        let is_address = |key: &str| ADDRESSES.contains(&key);
        let is_by_address = |upstream: &&Upstream| match upstream.balancing.strip_prefix("hash ") {
            Some(key) => key.split_whitespace().next().is_some_and(is_address),
            None => {
                upstream.balancing == "ip_hash"
                    || TURNS.iter().any(|turns| upstream.balancing.starts_with(turns))
            }
        };
        !self.balanced().is_empty() && self.upstreams.iter().all(is_by_address) && self.route.polls()
    }

    /// Whether events are sent here: as the profile says, or where the file keeps nothing back.
    pub(super) fn sends_events(&self) -> bool {
        let promised = self.promise.and_then(|promise| promise.sse);
        promised.unwrap_or(self.route.kind == Kind::Events)
    }

    /// The headers that the server around it sets for app servers, and that its own do not get.
    pub(super) fn lost_forwards(&self) -> Vec<&'a str> {
        let is_set = |name: &&String| self.route.forwards.iter().any(|set| set.eq_ignore_ascii_case(name));
        self.route.server_forwards.iter().filter(|name| !is_set(name)).map(String::as_str).collect()
    }

    /// Whether the profile says that STOMP is spoken here.
    pub(super) fn speaks_stomp(&self) -> bool {
        self.promises(|promise| promise.protocol == Some(Protocol::Stomp))
    }

    /// Whether the profile says something of this route.
    pub(super) fn promises(&self, says: fn(&PromisedRoute) -> bool) -> bool {
        self.promise.is_some_and(says)
    }

    /// The headers that answers must carry: those the profile names, or those that protect and that the server sets for all of
    /// its own.
    pub(super) fn headers(&self) -> Vec<&str> {
        let promised = self.promise.and_then(|promise| promise.headers.as_deref());
        let protects = |name: &&str| PROTECTIVE_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
        let of_server = || self.server.headers.iter().map(String::as_str);
        match promised {
            Some(promised) => promised.iter().map(String::as_str).collect(),
            None => of_server().filter(protects).collect(),
        }
    }
}

/// Whether pages come from an app server of their own: another than that of an API or a WebSocket.
fn is_proxied_front_end(server: &Server, route: &Route) -> bool {
    let own = |route: &Route| {
        route.destinations.as_ref().and_then(|hosts| hosts.first().map(|one| canonical_address(one)))
    };
    let page = own(route).filter(|_| route.kind == Kind::App && route.path == "/" && route.open);
    let others = server.routes.iter().filter(|other| other.kind != Kind::App).filter_map(own);
    page.is_some_and(|page| others.into_iter().any(|other| other != page))
}
