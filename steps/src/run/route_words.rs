//! The words by which scenarios speak of a kind of route.

use hopcheck_site::profile::{Cors, PromisedRoute};
use hopcheck_site::{Comparison, Kind, Role, Route, Server, Site, Upstream};

/// A route of a site, with what its profile says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SiteRoute<'a> {
    pub(super) server: &'a Server,
    pub(super) route: &'a Route,
    pub(super) promise: Option<&'a PromisedRoute>,
    /// The upstream that it leads to, if each of its servers has a stand-in of its own.
    pub(super) upstream: Option<&'a Upstream>,
}

/// Ways to spread requests that keep no client with one server.
const TURNS: [&str; 3] = ["round robin", "least_conn", "random"];

impl<'a> SiteRoute<'a> {
    /// Every route of a site.
    pub(super) fn all(site: &'a Site, comparison: &Comparison<'a>) -> Vec<SiteRoute<'a>> {
        let here = |(server, route)| SiteRoute {
            server,
            route,
            promise: comparison.promise_of(route),
            upstream: site.upstream_of(route).filter(|upstream| site.has_own_servers(upstream)),
        };
        site.routes().map(here).collect()
    }

    /// Who does CORS here: whom the profile names, or the one that the file shows.
    fn cors(&self) -> Cors {
        let found = if self.route.adds_cors { Cors::Proxy } else { Cors::App };
        self.promise.and_then(|promise| promise.cors).unwrap_or(found)
    }

    /// The places of this upstream's servers that are asked so. Those at even places are stood in for by blue, the others by
    /// green.
    fn places(&self, role: Role) -> Vec<usize> {
        let servers = self.upstream.into_iter().flat_map(|upstream| upstream.servers.iter().enumerate());
        servers.filter(|(_, server)| server.role == role).map(|(place, _)| place).collect()
    }

    /// Whether blue and green are asked alike.
    fn is_balanced(&self) -> bool {
        let primary = self.places(Role::Primary);
        primary.iter().any(|place| place % 2 == 0) && primary.iter().any(|place| place % 2 == 1)
    }

    /// Whether green is asked when blue cannot be.
    fn has_backup(&self) -> bool {
        let (primary, backup) = (self.places(Role::Primary), self.places(Role::Backup));
        !primary.is_empty()
            && primary.iter().all(|place| place % 2 == 0)
            && backup.iter().any(|place| place % 2 == 1)
    }

    /// Whether a session here is several requests, and nothing is known to keep them together but the client's address.
    fn polls(&self) -> bool {
        let balancing = self.upstream.map_or("", |upstream| upstream.balancing.as_str());
        let by_address = balancing == "ip_hash" || TURNS.iter().any(|turns| balancing.starts_with(turns));
        self.is_balanced() && by_address && self.route.polls()
    }

    /// Whether events are sent here: as the profile says, or where the file keeps nothing back.
    fn sends_events(&self) -> bool {
        let promised = self.promise.and_then(|promise| promise.sse);
        promised.unwrap_or(self.route.kind == Kind::Events)
    }

    /// The headers that answers must carry: those the profile names, or those that the server sets for all of its own. Who
    /// may keep or read an answer is each location's business.
    pub(super) fn headers(&self) -> Vec<&str> {
        let promised = self.promise.and_then(|promise| promise.headers.as_deref());
        let is_own = |name: &&str| {
            let name = name.to_ascii_lowercase();
            matches!(name.as_str(), "cache-control" | "expires" | "vary")
                || name.starts_with("access-control-")
        };
        let of_server = || self.server.headers.iter().map(String::as_str);
        match promised {
            Some(promised) => promised.iter().map(String::as_str).collect(),
            None if is_proxied(self.route) => of_server().filter(|name| !is_own(name)).collect(),
            None => of_server().collect(),
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
pub(super) const ROUTE_WORDS: [RouteWord; 18] = [
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
        is: |here| is_api(here.route) && here.cors() == Cors::Proxy,
    },
    RouteWord {
        word: "api-without-cors",
        what: "API that does CORS itself",
        only_promised: false,
        is: |here| is_api(here.route) && here.cors() == Cors::App,
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
        is: |here| is_proxied(here.route) && here.is_balanced(),
    },
    RouteWord {
        word: "backed-up",
        what: "path with a backup server",
        only_promised: false,
        is: |here| is_proxied(here.route) && here.has_backup(),
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
        is: |here| here.route.open && !matches!(here.route.kind, Kind::Closed | Kind::Other),
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
        word: "front-end",
        what: "front end of files",
        is: |here| here.route.is_front_page(),
    },
    RouteWord {
        word: "single-page",
        what: "front end with one page for all paths",
        only_promised: false,
        is: |here| here.route.is_front_page() && here.route.fallback.is_some(),
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

fn is_api(route: &Route) -> bool {
    matches!(route.kind, Kind::Api | Kind::Events) && route.open
}
