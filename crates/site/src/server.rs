//! A virtual server, and how clients come to it.

use std::collections::HashMap;
use std::sync::Arc;

use nginx_conf::ConfigError;
use serde::Serialize;

use crate::alike::Alike;
use crate::authorization::Authorization;
use crate::authorizing;
use crate::kind::Kind;
use crate::line::Line;
use crate::listen::Listen;
use crate::location_chooser::LocationChooser;
use crate::pattern_sample;
use crate::route::Route;
use crate::scope::Scope;
use crate::serve::{of_location, of_server};
use crate::tree::Node;

/// A virtual server.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// `server_name`, in order.
    pub names: Vec<String>,
    /// `listen`, in order.
    pub listen: Vec<Listen>,
    /// Headers that it sets for all its answers, by name.
    pub headers: Vec<String>,
    /// Whether it asks what scheme somebody in front of it was asked by (`X-Forwarded-Proto`).
    pub behind_tls: bool,
    /// Whether it refuses to speak TLS (`ssl_reject_handshake`).
    pub rejects_handshakes: bool,
    /// `http2 on`.
    pub http2: bool,
    /// Why it is unreachable, if so: another has its name, or is the default server.
    pub unreachable: Option<String>,
    /// Its routes, in the order of the file.
    pub routes: Vec<Route>,
    /// Where it begins.
    pub line: Line,
    /// Its place among the servers that read the same but for names and addresses.
    #[serde(skip)]
    pub alike: Alike,
    /// Which of its locations serves a path.
    #[serde(skip)]
    chooser: Arc<LocationChooser>,
}

/// So many names of one server are tried at most.
const MAX_NAMES: usize = 4;

impl Server {
    pub(crate) fn read(node: &Node, http: &Scope<'_>) -> Result<Server, ConfigError> {
        let scope = http.inside(&node.inner);
        let own = |name: &'static str| node.inner.iter().filter(move |inner| inner.is(name));
        let mut listen: Vec<Listen> = own("listen").map(Listen::read).collect();
        if listen.is_empty() {
            listen.push(Listen::at("80"));
        }
        // As it was said before nginx 1.25.1.
        if scope.one("ssl").is_some_and(|node| node.arg(0) == "on") {
            listen.iter_mut().for_each(|listen| listen.tls = true);
        }
        let chooser = LocationChooser::of(&node.inner)?;
        let mut routes = Vec::new();
        if !node.inner.iter().any(|inner| inner.is("return")) {
            of_locations(&node.inner, &scope, &chooser, &mut routes, &mut 0);
            let has_page =
                routes.iter().any(|route| matches!(route.kind, Kind::FrontEnd | Kind::Api | Kind::Socket));
            // A server that has nothing else is an API.
            let is_called_so =
                own("server_name").flat_map(|names| &names.args).any(|name| is_name_of_an_api(name));
            let is_an_api = |route: &&mut Route| {
                let does_cors = route.adds_cors || route.answers_preflights;
                route.kind == Kind::App && !has_page && (does_cors || is_called_so)
            };
            routes.iter_mut().filter(is_an_api).for_each(|route| route.kind = Kind::Api);
        }
        routes.extend(of_server(node, &scope, &chooser));
        let authorizations: Vec<Option<Authorization>> = routes
            .iter()
            .map(|route| authorizing::find(route.asks_for_leave_at.as_deref()?, route, &routes, &chooser))
            .collect();
        for (route, found) in routes.iter_mut().zip(authorizations) {
            route.authorization = found;
            if route.kind == Kind::Closed && !route.admits_clients() {
                route.close();
            }
        }
        Ok(Server {
            names: own("server_name").flat_map(|names| names.args.iter().cloned()).collect(),
            listen,
            headers: own("add_header").map(|header| header.arg(0).to_owned()).collect(),
            rejects_handshakes: own("ssl_reject_handshake").any(|reject| reject.arg(0) == "on"),
            http2: scope.one("http2").is_some_and(|http2| http2.arg(0) == "on"),
            behind_tls: asks_for_scheme(&scope, &node.inner),
            unreachable: None,
            routes,
            line: Line { file: node.file.to_string(), line: node.line },
            alike: Alike::default(),
            chooser: Arc::new(chooser),
        })
    }

    /// The number of the location that serves `path`, counted from 0 in the order of the file, those within others included;
    /// `None` where none does.
    pub fn location_of(&self, path: &str) -> Option<usize> {
        self.chooser.choose(path)
    }

    /// The route that serves `path`.
    pub fn route_of(&self, path: &str) -> Option<&Route> {
        let of_location = |nth| self.routes.iter().find(|route| route.number == Some(nth));
        let of_server = || self.routes.iter().find(|route| route.number.is_none());
        self.chooser.choose(path).and_then(of_location).or_else(of_server)
    }

    /// Whether `route` is only there to say who may come to others (`auth_request`).
    pub fn is_for_authorization(&self, route: &Route) -> bool {
        let services = self.routes.iter().filter_map(|other| other.authorization.as_ref());
        services.into_iter().any(|service| authorizing::is_way_to(service, route))
    }

    /// The names that clients may ask for, those that are written in full first: of a wildcard or a pattern one that fits. None
    /// where any will do.
    pub fn names_to_ask(&self) -> Vec<String> {
        let is_whole = |name: &&String| !name.contains(['*', '~', '$']) && !name.starts_with('.');
        let made = |name: &String| match name.strip_prefix('~') {
            Some(pattern) => pattern_sample::text_of(pattern),
            None if name.starts_with(['*', '.']) => {
                Some(format!("www.{}", name.trim_start_matches(['*', '.'])))
            }
            None => name.strip_suffix('*').map(|name| format!("{name}test")),
        };
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
        };
        let written = self.names.iter().filter(is_whole).cloned();
        let made_up = self.names.iter().filter(|name| !is_whole(name)).filter_map(made);
        let mut names: Vec<String> = written.chain(made_up).filter(is_name).collect();
        names.truncate(MAX_NAMES);
        names
    }

    /// The name that clients ask for. `None` where any will do.
    pub fn name(&self) -> Option<String> {
        self.names_to_ask().into_iter().next()
    }

    /// The name and the port that clients ask it by, as profiles have them: `shop.example.com:443`, `*:80` without a name.
    pub fn address(&self) -> String {
        let port = self.asked_at().map_or("80", Listen::port);
        format!("{}:{port}", self.name().unwrap_or_else(|| "*".to_owned()))
    }

    /// Whether clients that ask it over TLS are offered HTTP/2.
    pub fn offers_http2(&self) -> bool {
        self.asked_at().is_some_and(|listen| listen.tls && (listen.http2 || self.http2))
    }

    /// Where clients ask it: by TLS if it speaks that anywhere.
    pub fn asked_at(&self) -> Option<&Listen> {
        let usual =
            |listen: &&Listen| !listen.address.starts_with("unix:") && !listen.address.starts_with('[');
        let tls = self.listen.iter().filter(usual).find(|listen| listen.tls);
        tls.or_else(|| self.listen.iter().find(usual)).or_else(|| self.listen.first())
    }
}

/// Whether a host is called as those of APIs are: `api.example.com`, `staging-api.example.com`.
fn is_name_of_an_api(name: &str) -> bool {
    let (host, domain) = name.split_once('.').unwrap_or((name, ""));
    !domain.is_empty() && host.split('-').any(|word| word.eq_ignore_ascii_case("api"))
}

/// The routes of every location, those nested in others included. `nth` counts locations in the order of the file.
fn of_locations(
    nodes: &[Node],
    outer: &Scope<'_>,
    chooser: &LocationChooser,
    routes: &mut Vec<Route>,
    nth: &mut usize,
) {
    for location in nodes.iter().filter(|node| node.is("location")) {
        let scope = outer.inside(&location.inner);
        routes.extend(of_location(location, &scope, chooser, *nth));
        *nth += 1;
        of_locations(&location.inner, &scope, chooser, routes, nth);
    }
}

/// Variables of the headers in which balancers tell the scheme that they were asked by.
const SCHEME_VARIABLES: [&str; 3] =
    ["$http_x_forwarded_proto", "$http_x_forwarded_ssl", "$http_cloudfront_forwarded_proto"];

/// Whether a server looks at one of them, or at what a `map` makes of one.
fn asks_for_scheme(scope: &Scope<'_>, inner: &[Node]) -> bool {
    let names_scheme = |map: &&Node| SCHEME_VARIABLES.iter().any(|variable| map.arg(0).contains(variable));
    let maps = scope.all("map").into_iter().filter(names_scheme).map(|map| map.arg(1));
    SCHEME_VARIABLES.into_iter().chain(maps).any(|variable| mentions(inner, variable))
}

fn mentions(nodes: &[Node], text: &str) -> bool {
    nodes.iter().any(|node| node.args.iter().any(|word| word.contains(text)) || mentions(&node.inner, text))
}

/// The first servers of their kind, by their places: there may be thousands.
#[derive(Default)]
struct FirstServers {
    /// At an address with a name.
    by_name: HashMap<(String, String), usize>,
    /// `default_server` of an address.
    default: HashMap<String, usize>,
    /// At an address.
    any: HashMap<String, usize>,
}

fn first_servers(servers: &[Server]) -> FirstServers {
    let mut first = FirstServers::default();
    for (nth, server) in servers.iter().enumerate() {
        for listen in &server.listen {
            first.any.entry(listen.address.clone()).or_insert(nth);
            if listen.default {
                first.default.entry(listen.address.clone()).or_insert(nth);
            }
            for name in &server.names {
                first.by_name.entry((listen.address.clone(), name.clone())).or_insert(nth);
            }
        }
    }
    first
}

/// Finds servers that another one hides: the first with a name at an address has it, and where there is no name the
/// default server answers.
pub(crate) fn mark_unreachable(servers: &mut [Server]) {
    let first = first_servers(servers);
    for nth in 0..servers.len() {
        let Some(at) = servers[nth].asked_at().map(|listen| listen.address.clone()) else { continue };
        let place = |other: usize| servers[other].line.seen_from(&servers[nth].line.file);
        let hidden = match servers[nth].name() {
            Some(name) => first
                .by_name
                .get(&(at, name.clone()))
                .filter(|other| **other < nth)
                .map(|&other| format!("the server in {} has the name {name}, too", place(other))),
            None => {
                let default = first.default.get(&at).or_else(|| first.any.get(&at));
                default.filter(|default| **default != nth).map(|&default| {
                    format!("it has no name to ask for, and the server in {} is the default", place(default))
                })
            }
        };
        let alone = servers[nth].asked_at().is_some_and(|listen| listen.http2_alone);
        let alone = alone.then(|| "it speaks HTTP/2 without TLS, and nothing else".to_owned());
        let rejects = servers[nth].rejects_handshakes.then(|| "it rejects every TLS handshake".to_owned());
        servers[nth].unreachable = hidden.or(alone).or(rejects);
    }
}
