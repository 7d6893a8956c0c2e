//! The words by which scenarios speak of a kind of route.

use hopcheck_site::profile::{Cors, PromisedRoute};
use hopcheck_site::{Comparison, Kind, Route, Server, Site};

/// A route of a site, with what its profile says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SiteRoute<'a> {
    pub(super) server: &'a Server,
    pub(super) route: &'a Route,
    pub(super) promise: Option<&'a PromisedRoute>,
}

impl<'a> SiteRoute<'a> {
    /// Every route of a site.
    pub(super) fn all(site: &'a Site, comparison: &Comparison<'a>) -> Vec<SiteRoute<'a>> {
        let with_promise =
            |(server, route)| SiteRoute { server, route, promise: comparison.promise_of(route) };
        site.routes().map(with_promise).collect()
    }

    /// Who does CORS here: whom the profile names, or the one that the file shows.
    fn cors(&self) -> Cors {
        let found = if self.route.adds_cors { Cors::Proxy } else { Cors::App };
        self.promise.and_then(|promise| promise.cors).unwrap_or(found)
    }

    /// Whether events are sent here: as the profile says, or where the file keeps nothing back.
    fn sends_events(&self) -> bool {
        let promised = self.promise.and_then(|promise| promise.sse);
        promised.unwrap_or(self.route.kind == Kind::Events)
    }

    /// The headers that the page must carry: those the profile names, or those that the server sets for all its answers.
    pub(super) fn headers(&self) -> &[String] {
        let promised = self.promise.and_then(|promise| promise.headers.as_deref());
        promised.unwrap_or(&self.server.headers)
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
pub(super) const ROUTE_WORDS: [RouteWord; 14] = [
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
