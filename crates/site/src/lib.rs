//! What an `nginx.conf` serves: its servers, and the routes by which each sends requests to app servers, files or elsewhere.
//!
//! `tree` expands includes, `scope` inherits directives from outer blocks, `server` and `route` describe what results.
//! Nothing is run, and directives that do not affect routes are ignored, even those that the reference proxy does not
//! support. Which location serves a path is decided as in the reference proxy ([`nginx_conf::locate`]).
//!
//! [`profile`] reads `hopcheck.toml`, which says what the configuration cannot: the paths and values of a site. [`Mask`] keeps
//! secrets out of all output.
//!
//! ```
//! let text = "http { server { listen 80; location /api/ { proxy_pass http://app:8080; } } }";
//! let site = hopcheck_site::Site::read(text, "nginx.conf", &|_| Vec::new())?;
//! let api = &site.servers[0].routes[0];
//! assert_eq!((api.path.as_str(), api.kind, api.to.as_str()), ("/api/", hopcheck_site::Kind::Api, "http://app:8080"));
//! # Ok::<(), nginx_conf::ConfigError>(())
//! ```

mod alike;
mod authorization;
mod authorizing;
mod comparison;
mod destinations;
mod gate;
mod header_names;
mod in_force;
mod kind;
mod line;
mod listen;
mod location_chooser;
mod mask;
mod misspelt_upstream;
mod origin;
mod other_modules;
mod oversights;
mod pattern_sample;
mod pools;
pub mod profile;
mod refused_methods;
mod route;
mod scope;
mod serve;
mod server;
pub mod tree;
mod upstream;
mod uri;
mod variables;

use nginx_conf::ConfigError;
use serde::Serialize;

pub use alike::Alike;
pub use authorization::Authorization;
pub use comparison::{Comparison, Difference, Differences};
pub use gate::Admission;
pub use header_names::{in_variables as header_variables, resembled as nearest_header};
pub use kind::Kind;
pub use line::Line;
pub use listen::Listen;
pub use mask::Mask;
pub use misspelt_upstream::{MisspeltUpstream, is_slip};
pub use origin::is_origin;
pub use other_modules::other_module;
pub use oversights::Oversights;
pub use pools::Pool;
pub use route::Route;
pub use server::Server;
pub use tree::{Includes, Node};
pub use upstream::{Role, Upstream, UpstreamServer, canonical_address};
pub use uri::Uri;

/// What a configuration serves.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Site {
    /// Its servers, in the order of the file.
    pub servers: Vec<Server>,
    /// Its upstreams, in the order of the file.
    pub upstreams: Vec<Upstream>,
    /// Origins that it speaks of, as those whose pages may read an API.
    pub origins: Vec<String>,
    /// The statuses from 400 on by which an `if` refuses some requests, and 444 wherever it stands.
    pub refusals: Vec<u16>,
    /// App servers that are a letter away from the name of an upstream that nothing leads to.
    pub misspelt_upstreams: Vec<MisspeltUpstream>,
    /// Names of headers that are one letter away from a known one, each said with its line.
    pub misspelt_headers: Vec<String>,
    /// Directives of modules that nginx comes without, each with its line.
    pub other_modules: Vec<String>,
    /// What does not do what it seems to.
    pub oversights: Oversights,
}

/// The statuses that `if`s among `nodes`, and within them, answer with by themselves, from 400 on; 444, which is none, of any block.
fn add_refusals(nodes: &[tree::Node], refusals: &mut Vec<u16>) {
    for node in nodes {
        let returns = node.inner.iter().filter(|inner| node.is("if") && inner.is("return"));
        let statuses = returns.filter_map(|answer| answer.arg(0).parse::<u16>().ok());
        refusals.extend(statuses.filter(|status| (400..500).contains(status)));
        if node.is("return") && node.arg(0) == "444" {
            refusals.push(444);
        }
        add_refusals(&node.inner, refusals);
    }
    refusals.sort_unstable();
    refusals.dedup();
}

/// More than any real configuration has.
const MAX_ORIGINS: usize = 32;

/// The origins in all words of these directives: as they are, or one that a pattern is meant for.
fn add_origins(nodes: &[tree::Node], origins: &mut Vec<String>) {
    for node in nodes {
        for word in std::iter::once(&node.name).chain(&node.args) {
            let pattern = word.trim_start_matches(['~', '*', '"', '(']);
            let origin = match pattern.contains("http") && pattern.contains("//") {
                true => pattern_sample::text_of(pattern).unwrap_or_else(|| pattern.to_owned()),
                false => continue,
            };
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
            let is_origin = rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_host));
            if is_origin && origins.len() < MAX_ORIGINS && !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        add_origins(&node.inner, origins);
    }
}

impl Site {
    /// Reads `text`, which is called `name`, with what it includes.
    ///
    /// # Errors
    ///
    /// Where nginx could not take the text apart, or could not read its `location`s.
    pub fn read(text: &str, name: &str, includes: &Includes<'_>) -> Result<Site, ConfigError> {
        let main = tree::expand(text, name, includes)?;
        let outermost = scope::Scope::of(&main);
        let (mut servers, mut upstreams) = (Vec::<Server>::new(), Vec::new());
        let (mut oversights, mut misspelt_upstreams) = (Oversights::default(), Vec::new());
        for http in main.iter().filter(|node| node.is("http")) {
            let scope = outermost.inside(&http.inner);
            upstreams.extend(http.inner.iter().filter(|node| node.is("upstream")).map(Upstream::read));
            let first = servers.len();
            for server in http.inner.iter().filter(|node| node.is("server")) {
                servers.push(Server::read(server, &scope)?);
            }
            oversights.add(http, &servers[first..]);
            misspelt_upstreams.extend(misspelt_upstream::find(http, &upstreams));
        }
        oversights.add_main(&main);
        server::mark_unreachable(&mut servers);
        let reachable: Vec<bool> = servers.iter().map(|server| server.unreachable.is_none()).collect();
        let mut first = 0;
        for http in main.iter().filter(|node| node.is("http")) {
            let alike = alike::places(http, &reachable[first..], first);
            for (server, alike) in servers.iter_mut().skip(first).zip(alike) {
                server.alike = alike;
                first += 1;
            }
        }
        let mut origins = Vec::new();
        add_origins(&main, &mut origins);
        let mut refusals = Vec::new();
        add_refusals(&main, &mut refusals);
        let misspelt_headers = header_names::misspelt(&main);
        let other_modules = other_modules::directives(&main);
        Ok(Site {
            servers,
            upstreams,
            origins,
            refusals,
            misspelt_upstreams,
            misspelt_headers,
            other_modules,
            oversights,
        })
    }

    /// The upstreams that a route leads to by name: one, or those that the variables of its `proxy_pass` stand for.
    pub fn upstreams_of(&self, route: &Route) -> Vec<&Upstream> {
        let is_chosen =
            route.kind.is_proxied() && route.to.split_once("://").is_none_or(|(_, to)| to.contains('$'));
        let named = route.destinations.iter().flatten().filter(|_| is_chosen);
        let named =
            named.filter_map(|name| self.upstreams.iter().find(|one| one.name.eq_ignore_ascii_case(name)));
        self.upstream_of(route).map_or_else(|| named.collect(), |upstream| vec![upstream])
    }

    /// The upstream that a route leads to, if it is one by name.
    pub fn upstream_of(&self, route: &Route) -> Option<&Upstream> {
        let (_, rest) = route.to.split_once("://").filter(|_| route.kind.is_proxied())?;
        let host = rest.split(['/', '$', '?']).next().unwrap_or(rest);
        self.upstreams.iter().find(|upstream| upstream.name.eq_ignore_ascii_case(host))
    }

    /// The server that clients ask by this name at a `listen` address.
    pub fn server_at(&self, listen: &str, name: &str) -> Option<&Server> {
        let is_asked_there =
            |server: &&Server| server.asked_at().map_or("80", |listen| listen.address.as_str()) == listen;
        let mut servers =
            self.servers.iter().filter(is_asked_there).filter(|server| server.unreachable.is_none());
        servers.find(|server| match name {
            "" => server.name().is_none(),
            name => server.names_to_ask().iter().any(|one| one == name),
        })
    }

    /// Every route with its server.
    pub fn routes(&self) -> impl Iterator<Item = (&Server, &Route)> {
        self.servers.iter().flat_map(|server| server.routes.iter().map(move |route| (server, route)))
    }
}
