//! The words by which scenarios speak of a kind of route.

use hopcheck_site::profile::{Cors, PromisedRoute, Protocol};
use hopcheck_site::{Admission, Comparison, Kind, Role, Route, Server, Site, Upstream, canonical_address};

/// A route of a site, with what its profile says of it.
#[derive(Debug, Clone)]
pub(super) struct SiteRoute<'a> {
    pub(super) server: &'a Server,
    pub(super) route: &'a Route,
    pub(super) promise: Option<&'a PromisedRoute>,
    site: &'a Site,
    /// The upstreams that it leads to: several where variables choose among them.
    upstreams: Vec<&'a Upstream>,
    /// Whether it leads to the server of a front end, beside others of the site.
    is_front_end: bool,
}

/// Ways to spread requests that keep no client with one server.
const TURNS: [&str; 3] = ["round robin", "least_conn", "random"];

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
    /// Every route of a site.
    pub(super) fn all(site: &'a Site, comparison: &Comparison<'a>) -> Vec<SiteRoute<'a>> {
        let here = |(server, route): (&'a Server, &'a Route)| SiteRoute {
            server,
            route,
            promise: comparison.promise_of(route),
            site,
            upstreams: site.upstreams_of(route),
            is_front_end: is_proxied_front_end(server, route),
        };
        site.routes().map(here).collect()
    }

    /// Who does CORS here: whom the profile names, or the one that the file shows.
    fn cors(&self) -> Cors {
        let found = if self.route.adds_cors { Cors::Proxy } else { Cors::App };
        self.promise.and_then(|promise| promise.cors).unwrap_or(found)
    }

    /// Whether it is known who does CORS here. Headers that a place with a password has from around it may be meant for others.
    fn shows_cors(&self) -> bool {
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

    /// Whether there is another app server for when these, which are the others, cannot be asked.
    fn has_backup_for(&self, is_count: fn(usize) -> bool) -> bool {
        let [upstream] = self.upstreams[..] else { return false };
        let primaries = self.servers(Role::Primary);
        let is_another =
            |backup: &&str| primaries.iter().all(|one| canonical_address(one) != canonical_address(backup));
        upstream.count(Role::Primary) > 0
            && is_count(primaries.len())
            && self.servers(Role::Backup).iter().any(is_another)
    }

    /// Whether a session here is several requests, and nothing is known to keep them together but the client's address.
    fn polls(&self) -> bool {
        let is_by_address = |upstream: &&Upstream| {
            upstream.balancing == "ip_hash" || TURNS.iter().any(|turns| upstream.balancing.starts_with(turns))
        };
        !self.balanced().is_empty() && self.upstreams.iter().all(is_by_address) && self.route.polls()
    }

    /// Whether events are sent here: as the profile says, or where the file keeps nothing back.
    fn sends_events(&self) -> bool {
        let promised = self.promise.and_then(|promise| promise.sse);
        promised.unwrap_or(self.route.kind == Kind::Events)
    }

    /// The headers that the server around it sets for app servers, and that its own do not get.
    pub(super) fn lost_forwards(&self) -> Vec<&'a str> {
        let is_set = |name: &&String| self.route.forwards.iter().any(|set| set.eq_ignore_ascii_case(name));
        self.route.server_forwards.iter().filter(|name| !is_set(name)).map(String::as_str).collect()
    }

    /// Whether the profile says that STOMP is spoken here.
    fn speaks_stomp(&self) -> bool {
        self.promises(|promise| promise.protocol == Some(Protocol::Stomp))
    }

    /// Whether the profile says something of this route.
    fn promises(&self, says: fn(&PromisedRoute) -> bool) -> bool {
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

/// A word in braces for a kind of route.
pub(super) struct RouteWord {
    pub(super) word: &'static str,
    /// What it is, after "the site has no".
    pub(super) what: &'static str,
    /// Whether only a profile says that there is such a route.
    pub(super) only_promised: bool,
    pub(super) is: fn(&SiteRoute<'_>) -> bool,
}

/// The words for kinds of routes. What stands for one is a path; what scenarios put behind it belongs to the same route.
pub(super) const ROUTE_WORDS: [RouteWord; 36] = [
    RouteWord {
        word: "proxied",
        what: "path that app servers are asked for",
        only_promised: false,
        is: |here| is_proxied(here.route),
    },
    RouteWord {
        word: "personal",
        what: "path that app servers are asked for, but for public caches",
        only_promised: false,
        is: |here| is_proxied(here.route) && !here.route.is_public,
    },
    RouteWord { only_promised: false, word: "api", what: "API", is: |here| is_api(here.route) },
    RouteWord {
        word: "api-with-cors",
        what: "API for which the proxy does CORS",
        only_promised: false,
        is: |here| is_api(here.route) && here.shows_cors() && here.cors() == Cors::Proxy,
    },
    RouteWord {
        word: "api-without-cors",
        what: "API that does CORS itself",
        only_promised: false,
        is: |here| is_api(here.route) && here.shows_cors() && here.cors() == Cors::App,
    },
    RouteWord {
        word: "personal-api",
        what: "API of its own, but for public caches",
        only_promised: false,
        is: |here| is_api(here.route) && !here.route.is_public && !here.route.is_elsewhere,
    },
    RouteWord {
        word: "api-that-does-cors",
        what: "API of which hopcheck.toml says that the app does CORS",
        only_promised: true,
        is: |here| is_api(here.route) && here.promises(|promise| promise.cors == Some(Cors::App)),
    },
    RouteWord {
        word: "api-of-this-origin",
        what: "API that hopcheck.toml keeps from other origins",
        only_promised: true,
        is: |here| is_api(here.route) && here.cors() == Cors::Nobody,
    },
    RouteWord {
        word: "events",
        what: "path for server-sent events (`proxy_buffering off`, or `sse = true` in hopcheck.toml)",
        only_promised: false,
        is: |here| is_proxied(here.route) && here.sends_events(),
    },
    RouteWord {
        word: "balanced",
        what: "path that several app servers are asked for",
        only_promised: false,
        is: |here| is_proxied(here.route) && !here.balanced().is_empty(),
    },
    RouteWord {
        word: "backed-up",
        what: "path of one app server with a backup",
        only_promised: false,
        is: |here| is_proxied(here.route) && here.has_backup_for(|primaries| primaries == 1),
    },
    RouteWord {
        word: "backed-up-pool",
        what: "path of several app servers with a backup",
        only_promised: false,
        is: |here| is_proxied(here.route) && here.has_backup_for(|primaries| primaries > 1),
    },
    RouteWord {
        word: "falling-back",
        what: "path that other app servers are asked for once one has broken down (`error_page 502 = @…`)",
        only_promised: false,
        is: |here| is_proxied(here.route) && !here.route.second_destinations.is_empty(),
    },
    RouteWord {
        word: "cached-api",
        what: "API whose answers the proxy keeps (`proxy_cache`)",
        only_promised: false,
        is: |here| is_api(here.route) && here.route.is_cached,
    },
    RouteWord {
        word: "stripped",
        what: "path that app servers do not know of, with cookies of theirs",
        only_promised: false,
        is: |here| {
            is_proxied(here.route)
                && !here.route.is_elsewhere
                && here.route.strips_prefix
                && here.route.names_own_paths
        },
    },
    RouteWord {
        word: "second-front-end",
        what: "front end below a path of its own that shows the page of another",
        only_promised: false,
        is: |here| here.route.is_second_front_end(),
    },
    RouteWord {
        word: "polling",
        what: "path for SockJS or socket.io that several app servers are asked for",
        only_promised: false,
        is: |here| is_proxied(here.route) && here.polls(),
    },
    RouteWord {
        word: "path",
        what: "path that anybody may ask for",
        only_promised: false,
        is: |here| here.route.open && !matches!(here.route.content, Kind::Closed | Kind::Other),
    },
    RouteWord {
        word: "locked",
        what: "path that asks for a password (`auth_basic`)",
        only_promised: false,
        is: |here| here.route.open && here.route.asks_for_password,
    },
    RouteWord {
        word: "redirect",
        what: "redirect",
        only_promised: false,
        is: |here| here.route.kind == Kind::Redirect && !here.route.path.is_empty(),
    },
    RouteWord {
        word: "redirecting",
        what: "path whose app servers are told by which host they are asked",
        only_promised: false,
        is: |here| is_proxied(here.route) && !here.route.is_elsewhere,
    },
    RouteWord {
        only_promised: false,
        word: "socket",
        what: "WebSocket",
        is: |here| here.route.socket && !here.route.path.is_empty(),
    },
    RouteWord {
        only_promised: false,
        word: "lasting-socket",
        what: "WebSocket that may be silent for more than two seconds",
        is: |here| {
            let waits = here.route.read_timeout.is_none_or(|seconds| seconds > 2);
            here.route.socket && !here.route.path.is_empty() && waits
        },
    },
    RouteWord {
        only_promised: false,
        word: "proxied-with-forwards",
        what: "path that app servers are asked for, on a server that sets headers for them",
        is: |here| {
            is_proxied(here.route) && !here.route.is_elsewhere && !here.route.server_forwards.is_empty()
        },
    },
    RouteWord {
        only_promised: true,
        word: "stomp-socket",
        what: "WebSocket over which STOMP is spoken (`protocol = \"stomp\"` in hopcheck.toml)",
        is: |here| here.route.socket && !here.route.path.is_empty() && here.speaks_stomp(),
    },
    RouteWord {
        only_promised: true,
        word: "front-end-without-maps",
        what: "front end that hopcheck.toml keeps source maps from (`source-maps = false`)",
        is: |here| here.route.is_front_page() && here.promises(|promise| promise.source_maps == Some(false)),
    },
    RouteWord {
        only_promised: true,
        word: "front-end-of-fixed-times",
        what: "front end whose files always have the same times (`fixed-times = true` in hopcheck.toml)",
        is: |here| here.route.is_front_page() && here.promises(|promise| promise.fixed_times == Some(true)),
    },
    RouteWord {
        only_promised: false,
        word: "front-end",
        what: "front end of files in a directory that is known",
        is: |here| here.route.is_front_page(),
    },
    RouteWord {
        only_promised: false,
        word: "root-front-end",
        what: "front end of files at the root",
        is: |here| here.route.is_front_page() && here.route.path == "/",
    },
    RouteWord {
        word: "http2-front-end",
        what: "front end of files on a server that speaks HTTP/2",
        only_promised: false,
        is: |here| here.route.is_front_page() && here.server.offers_http2(),
    },
    RouteWord {
        word: "http2-proxied",
        what: "path that app servers are asked for, on a server that speaks HTTP/2",
        only_promised: false,
        is: |here| is_proxied(here.route) && here.server.offers_http2(),
    },
    RouteWord {
        word: "single-page",
        what: "front end with one page for all paths",
        only_promised: false,
        is: |here| here.route.is_front_page() && here.route.open && here.route.fallback.is_some(),
    },
    RouteWord {
        word: "proxied-front-end",
        what: "front end on an app server of its own",
        only_promised: false,
        is: |here| here.is_front_end,
    },
    RouteWord {
        word: "page-with-headers",
        what: "front end on a server that sets headers for all its answers",
        only_promised: false,
        is: |here| here.route.is_front_page() && !here.headers().is_empty(),
    },
    RouteWord {
        word: "proxied-with-headers",
        what: "path that app servers are asked for, on a server that sets headers for all its answers",
        only_promised: false,
        is: |here| is_proxied(here.route) && !here.headers().is_empty(),
    },
    RouteWord {
        word: "alias",
        what: "directory under another name (`alias`)",
        only_promised: false,
        is: |here| here.route.alias && here.route.open,
    },
];

fn is_proxied(route: &Route) -> bool {
    route.kind.is_proxied() && route.open
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

fn is_api(route: &Route) -> bool {
    matches!(route.kind, Kind::Api | Kind::Events) && route.open
}
