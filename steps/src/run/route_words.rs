//! The words by which scenarios speak of a kind of route.

use hopcheck_site::profile::Cors;
use hopcheck_site::{Kind, Route};

use super::site_route::SiteRoute;

/// A word in braces for a kind of route.
pub(super) struct RouteWord {
    pub(super) word: &'static str,
    /// What it is, after "the site has no".
    pub(super) what: &'static str,
    /// Whether only a profile says that there is such a route.
    pub(super) only_promised: bool,
    pub(super) is: fn(&SiteRoute<'_>) -> bool,
}

/// The words for routes whose scenarios speak of one upstream and its servers.
const OF_UPSTREAMS: [&str; 5] = ["balanced", "balanced-http2", "backed-up", "backed-up-pool", "polling"];

impl RouteWord {
    /// Whether it stands for this one.
    pub(super) fn stands_for(&self, here: &SiteRoute<'_>) -> bool {
        here.is_one(OF_UPSTREAMS.contains(&self.word)) && (self.is)(here)
    }
}

/// The words for kinds of routes. What stands for one is a path; what scenarios put behind it belongs to the same route.
pub(super) const ROUTE_WORDS: [RouteWord; 37] = [
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
        word: "balanced-http2",
        what: "path that several app servers are asked for in HTTP/2",
        only_promised: false,
        is: |here| {
            is_proxied(here.route)
                && !here.balanced().is_empty()
                && here.route.http_version.as_deref() == Some("2")
        },
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
        what: "path for SockJS or socket.io that several app servers are asked for, in turns or by the client's address",
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
        is: |here| here.route.alias && (here.route.open || here.has_name_going_on()),
    },
];

fn is_proxied(route: &Route) -> bool {
    route.kind.is_proxied() && route.open
}

fn is_api(route: &Route) -> bool {
    matches!(route.kind, Kind::Api | Kind::Events) && route.open
}
