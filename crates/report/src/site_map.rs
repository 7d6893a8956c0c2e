//! What a configuration serves, as a picture of it needs it: it is kept with the results, to be drawn from them again.

use hopcheck_site::{Line, Role, Route, Server, Site, Uri};
use serde::{Deserialize, Serialize};

/// The servers of a configuration, their routes, and where these lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteMap {
    /// The servers, in the order of the file.
    pub servers: Vec<MappedServer>,
    /// The upstreams, in the order of the file.
    pub upstreams: Vec<MappedUpstream>,
    /// Where its URLs go, if that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<ExplainedUrl>,
}

/// What becomes of a request, as `hopcheck explain` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainedUrl {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// What becomes of it, in lines.
    pub text: String,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedServer {
    /// Its names; `any name` if it has none.
    pub names: String,
    /// Where it listens: `80`, `443 ssl`.
    pub listen: Vec<String>,
    /// Where it stands: `nginx.conf:12`.
    pub place: String,
    /// Why no client comes to it, if so.
    pub unreachable: Option<String>,
    /// Its routes, in the order in which nginx tries their locations.
    pub routes: Vec<MappedRoute>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedRoute {
    /// Its number among all routes, in the order of the file. [`crate::Record::route`] refers to it.
    pub number: usize,
    /// Its path; with `…` where longer ones belong to it, too.
    pub path: String,
    /// The location as it is written.
    pub location: String,
    /// Where it stands: `nginx.conf:12`.
    pub place: String,
    /// When nginx tries it.
    pub turn: Turn,
    /// What it is, and what else is to know: `api`, `path kept`, `behind auth_basic`.
    pub notes: Vec<String>,
    /// Where it leads: a URL, a directory, a status.
    pub to: String,
    /// The upstream that it leads to, by name.
    pub upstream: Option<String>,
}

/// When nginx tries a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Before all: the server itself answers, and no location is looked for.
    Server,
    /// `=`: if the path is this one.
    Exact,
    /// `^~`: if it is the longest prefix of the path, no regular expression is tried.
    FinalPrefix,
    /// `~` and `~*`: the first that matches, in the order of the file.
    Pattern,
    /// The longest prefix of the path.
    Prefix,
    /// After all: files that no location has.
    Rest,
}

/// An upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedUpstream {
    /// Its name.
    pub name: String,
    /// How requests are spread over its servers.
    pub balancing: String,
    /// Its servers: `app-1:8080`, `app-2:8080 backup`.
    pub servers: Vec<String>,
}

impl SiteMap {
    /// The route with this number.
    pub fn route(&self, number: usize) -> Option<&MappedRoute> {
        self.servers.iter().flat_map(|server| &server.routes).find(|route| route.number == number)
    }

    /// The map of a site.
    pub fn of(site: &Site) -> SiteMap {
        let mut numbers = 0..;
        let upstreams = site.upstreams.iter().map(|upstream| MappedUpstream {
            name: upstream.name.clone(),
            balancing: upstream.balancing.clone(),
            servers: upstream.servers.iter().map(|server| with_role(&server.address, server.role)).collect(),
        });
        let upstreams: Vec<MappedUpstream> = upstreams.collect();
        let servers = site.servers.iter().map(|server| {
            let mut routes: Vec<MappedRoute> = server
                .routes
                .iter()
                .map(|route| MappedRoute::of(route, numbers.next().unwrap_or_default(), &upstreams))
                .collect();
            // Regular expressions keep the order of the file.
            routes.sort_by_key(|route| (route.turn, std::cmp::Reverse(route.prefix_length())));
            MappedServer::of(server, routes)
        });
        SiteMap { servers: servers.collect(), upstreams, explained: Vec::new() }
    }

    /// Calls `change` with every text in it.
    pub(crate) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        for MappedServer { names, listen, place, unreachable, routes } in &mut self.servers {
            [names, place].into_iter().chain(listen).chain(unreachable).for_each(&mut *change);
            for MappedRoute { number: _, path, location, place, turn: _, notes, to, upstream } in routes {
                let texts = [path, location, place, to].into_iter().chain(notes).chain(upstream);
                texts.for_each(&mut *change);
            }
        }
        for ExplainedUrl { method: _, url, text } in &mut self.explained {
            [url, text].into_iter().for_each(&mut *change);
        }
        for MappedUpstream { name, balancing, servers } in &mut self.upstreams {
            [name, balancing].into_iter().chain(servers).for_each(&mut *change);
        }
    }
}

impl MappedServer {
    fn of(server: &Server, routes: Vec<MappedRoute>) -> MappedServer {
        let listen = |listen: &hopcheck_site::Listen| {
            format!("{}{}", listen.address, if listen.tls { " ssl" } else { "" })
        };
        MappedServer {
            names: if server.names.is_empty() { "any name".to_owned() } else { server.names.join(" ") },
            listen: server.listen.iter().map(listen).collect(),
            place: place(&server.line),
            unreachable: server.unreachable.clone(),
            routes,
        }
    }
}

impl MappedRoute {
    fn of(route: &Route, number: usize, upstreams: &[MappedUpstream]) -> MappedRoute {
        let path = match (route.path.as_str(), route.open) {
            ("", _) => String::new(),
            (path, open) => format!("{path}{}", if open { "…" } else { "" }),
        };
        let uri = route.uri.filter(|uri| *uri != Uri::Kept).map(|uri| format!("path {}", uri.name()));
        let socket = route.socket && route.kind.name() != "socket";
        let notes = std::iter::once(route.kind.name().to_owned())
            .chain(socket.then(|| "socket".to_owned()))
            .chain(route.fallback.as_ref().map(|page| format!("else {page}")))
            .chain(uri)
            .chain(route.behind());
        let host = route.to.split_once("://").and_then(|(_, rest)| rest.split(['/', '$']).next());
        let upstream = host.filter(|_| route.kind.is_proxied());
        let upstream = upstream.filter(|host| upstreams.iter().any(|upstream| upstream.name == *host));
        MappedRoute {
            number,
            path,
            location: route.location.clone(),
            place: route.lines.first().map_or_else(String::new, place),
            turn: turn_of(route),
            notes: notes.collect(),
            to: route.to.clone(),
            upstream: upstream.map(str::to_owned),
        }
    }

    /// The length of the prefix that it is tried for; 0 where it is for none.
    fn prefix_length(&self) -> usize {
        match self.turn {
            Turn::FinalPrefix | Turn::Prefix => self.location.split_whitespace().last().map_or(0, str::len),
            _ => 0,
        }
    }
}

fn turn_of(route: &Route) -> Turn {
    match route.location.split_whitespace().collect::<Vec<_>>()[..] {
        ["location", "=", ..] => Turn::Exact,
        ["location", "^~", ..] => Turn::FinalPrefix,
        ["location", "~" | "~*", ..] => Turn::Pattern,
        ["location", ..] => Turn::Prefix,
        _ if matches!(route.kind.name(), "redirect" | "fixed answer") => Turn::Server,
        _ => Turn::Rest,
    }
}

fn with_role(address: &str, role: Role) -> String {
    match role {
        Role::Primary => address.to_owned(),
        Role::Backup => format!("{address} backup"),
        Role::Down => format!("{address} down"),
    }
}

fn place(line: &Line) -> String {
    format!("{}:{}", line.file, line.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_stand_in_the_order_in_which_nginx_tries_them() {
        let text = "http { upstream app { server a:1; server b:1 backup; }\nserver { root /srv;\n location / { }\n\
                    location ~ \\.php$ { return 404; }\n location /api/v2/ { proxy_pass http://app/; }\n location ~* \\.js$ { }\n\
                    location ^~ /assets/ { }\n location = /health { return 200; }\n location /api/ { proxy_pass http://app; } } }";
        let site = Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap();
        let map = SiteMap::of(&site);
        let routes = &map.servers[0].routes;
        let paths: Vec<&str> = routes.iter().map(|route| route.path.as_str()).collect();
        assert_eq!(paths, ["/health", "/assets/…", "/x.php", "/x.js", "/api/v2/…", "/api/…", "/…"]);
        assert_eq!(routes[4].notes, ["api", "path replaced"]);
        assert_eq!(routes[4].upstream.as_deref(), Some("app"));
        assert_eq!(map.upstreams[0].servers, ["a:1", "b:1 backup"]);
        // They are known by the order of the file.
        let of_file: Vec<&str> = site.routes().map(|(_, route)| route.path.as_str()).collect();
        assert!(routes.iter().all(|route| route.path.trim_end_matches('…') == of_file[route.number]));
    }

    #[test]
    fn a_map_comes_back_from_json_as_it_was() {
        let text = "http { server { return 301 https://a.test; } }";
        let map = SiteMap::of(&Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap());
        assert_eq!(map.servers[0].routes[0].turn, Turn::Server);
        assert_eq!(serde_json::from_str::<SiteMap>(&serde_json::to_string(&map).unwrap()).unwrap(), map);
    }
}
