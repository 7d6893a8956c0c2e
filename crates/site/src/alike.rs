//! Servers that read the same but for names and addresses: configurations that are generated have them by the thousand.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::tree::Node;

/// Directives in which a name is only told, or is that of a file. In others it may decide something.
const TELLING: [&str; 13] = [
    "access_log",
    "add_header",
    "error_log",
    "proxy_cookie_domain",
    "proxy_redirect",
    "proxy_set_header",
    "proxy_ssl_name",
    "return",
    "root",
    "server_name",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_trusted_certificate",
];

/// Variables that differ where names or addresses do.
const NAME_VARIABLES: [&str; 5] = ["$host", "$http_host", "$server_name", "$ssl_server_name", "$proxy_host"];

/// Directives that make one variable of another.
const MAPPING: [&str; 3] = ["map", "geo", "split_clients"];

/// The place of a server among those of a site that read the same but for their names and the addresses of app servers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alike {
    /// Which server of the site is the first of them, counted from 0.
    pub first: usize,
    /// How many of them come before it.
    pub nth: usize,
    /// How many there are, itself included.
    pub of: usize,
}

impl Alike {
    /// Of more than this, no more than [`Alike::ASKED_OF_MANY`] are asked.
    const MANY: usize = 20;

    /// How many are asked of many.
    pub const ASKED_OF_MANY: usize = 3;

    /// Whether it is one of so many that it is not asked.
    pub fn is_one_of_many(&self) -> bool {
        self.of > Alike::MANY && self.nth >= Alike::ASKED_OF_MANY
    }
}

/// What names and addresses mean around the servers.
struct Surroundings<'a> {
    /// By their names, in small letters.
    upstreams: HashMap<String, &'a Node>,
    /// Variables that are made of a name.
    of_names: BTreeSet<&'a str>,
    /// Whether one of these decides something for all servers.
    decides_for_all: bool,
}

/// Which servers of `http` read the same, the first of which is number `begin` of the site; those that nobody can reach are alone.
pub(crate) fn places(http: &Node, reachable: &[bool], begin: usize) -> Vec<Alike> {
    let around = Surroundings::of(http);
    let mut groups: HashMap<String, Alike> = HashMap::new();
    let place = |(nth, (node, is_reachable)): (usize, (&Node, &bool))| {
        let alone = Alike { first: begin + nth, nth: 0, of: 1 };
        let Some(text) = around.text_of(node).filter(|_| *is_reachable) else { return alone };
        let group = groups.entry(text).or_insert(Alike { of: 0, ..alone });
        group.of += 1;
        Alike { nth: group.of - 1, ..*group }
    };
    let nodes = http.inner.iter().filter(|node| node.is("server"));
    let mut places: Vec<Alike> = nodes.zip(reachable).enumerate().map(place).collect();
    let counts: HashMap<usize, usize> = groups.into_values().map(|group| (group.first, group.of)).collect();
    for place in &mut places {
        place.of = counts.get(&place.first).copied().unwrap_or(1);
    }
    places
}

impl<'a> Surroundings<'a> {
    fn of(http: &'a Node) -> Surroundings<'a> {
        let upstreams = http.inner.iter().filter(|node| node.is("upstream"));
        let maps = || http.inner.iter().filter(|node| MAPPING.contains(&node.name.as_str()));
        let mut of_names = BTreeSet::new();
        // Each round finds at least one more.
        loop {
            let known = of_names.len();
            let made = maps().filter(|map| {
                let source = map.arg(0);
                map.args.len() > 1
                    && (has_any(source, NAME_VARIABLES) || has_any(source, of_names.iter().copied()))
            });
            let made: Vec<&str> = made.filter_map(|map| map.args.last()).map(String::as_str).collect();
            of_names.extend(made);
            if of_names.len() == known {
                break;
            }
        }
        let decides = |node: &&Node| {
            let is_apart = ["server", "upstream", "log_format", "access_log"].contains(&node.name.as_str());
            !is_apart
                && !MAPPING.contains(&node.name.as_str())
                && has_any(&node.head, of_names.iter().copied())
        };
        Surroundings {
            upstreams: upstreams.map(|node| (node.arg(0).to_ascii_lowercase(), node)).collect(),
            decides_for_all: http.inner.iter().any(|node| decides(&node)),
            of_names,
        }
    }

    /// The text of a server without its names and the addresses of its app servers; `None` where these decide something.
    fn text_of(&self, server: &Node) -> Option<String> {
        if self.decides_for_all || self.is_decided_by_name(&server.inner) {
            return None;
        }
        let is_whole =
            |name: &&String| name.contains('.') && !name.contains(['*', '~', '$']) && !name.starts_with('.');
        let names = server.inner.iter().filter(|inner| inner.is("server_name")).flat_map(|names| &names.args);
        let mut names: Vec<(usize, &str)> = names.filter(is_whole).map(String::as_str).enumerate().collect();
        // `www.example.com` before `example.com`.
        names.sort_by_key(|(_, name)| Reverse(name.len()));
        Some(self.without(server, &names).to_string())
    }

    fn is_decided_by_name(&self, nodes: &[Node]) -> bool {
        let decides = |node: &Node| {
            has_any(&node.head, self.of_names.iter().copied())
                || !TELLING.contains(&node.name.as_str()) && has_any(&node.head, NAME_VARIABLES)
        };
        nodes.iter().any(|node| decides(node) || self.is_decided_by_name(&node.inner))
    }

    /// A directive with numbers for names where they are told, and stand-ins for the app servers of `proxy_pass`, as a run has
    /// them, too.
    fn without(&self, node: &Node, names: &[(usize, &str)]) -> Node {
        let inner = node.inner.iter().map(|inner| self.without(inner, names)).collect();
        let head = match node.name.as_str() {
            "proxy_pass" => self.without_address(node.arg(0)).map(|url| format!("proxy_pass {url}")),
            name if TELLING.contains(&name) => Some(
                names
                    .iter()
                    .fold(node.head.clone(), |text, (nth, name)| text.replace(name, &format!("{{{nth}}}"))),
            ),
            _ => None,
        };
        Node { head: head.unwrap_or_else(|| node.head.clone()), inner, ..node.clone() }
    }

    /// The URL of a `proxy_pass` without its address, with what its upstream says of its servers; `None` where only a run knows
    /// that.
    fn without_address(&self, url: &str) -> Option<String> {
        let (scheme, rest) = url.split_once("://")?;
        let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if url.contains('$') || address.starts_with("unix:") {
            return None;
        }
        let upstream = self.upstreams.get(&address.to_ascii_lowercase());
        let servers =
            upstream.iter().flat_map(|upstream| &upstream.inner).map(|node| match node.is("server") {
                true => format!("server {};", node.args.get(1..).unwrap_or_default().join(" ")),
                false => node.to_string(),
            });
        Some(format!("{scheme}://{{{}}}{path}", servers.collect::<String>()))
    }
}

/// Whether a text has any of these variables, `$host` or `${host}`; also where its name only begins so.
fn has_any<'a>(text: &str, variables: impl IntoIterator<Item = &'a str>) -> bool {
    let text = text.replace("${", "$");
    variables.into_iter().any(|variable| text.contains(variable))
}

#[cfg(test)]
mod tests {
    use crate::Site;

    fn alike(http: &str) -> Vec<(usize, usize)> {
        let site = Site::read(&format!("http {{\n{http}\n}}"), "nginx.conf", &|_| Vec::new()).unwrap();
        site.servers.iter().map(|server| (server.alike.first, server.alike.nth)).collect()
    }

    #[test]
    fn servers_that_differ_in_their_names_alone_are_alike() {
        let shop = |name: &str| {
            format!(
                "server {{ server_name {name} www.{name}; root /srv/{name}; location / {{ try_files $uri /i.html; }} }}"
            )
        };
        let others = "server { server_name c.kr; root /srv/other; }";
        assert_eq!(alike(&format!("{}{others}{}", shop("a.kr"), shop("b.kr"))), [(0, 0), (1, 0), (0, 1)]);
    }

    #[test]
    fn where_app_servers_are_makes_no_difference_and_what_upstreams_say_does() {
        let to = |name: &str, app: &str| {
            format!("server {{ server_name {name}; location / {{ proxy_pass {app}; }} }}")
        };
        let direct = [to("a.kr", "http://a:8080"), to("b.kr", "http://10.0.0.2"), to("c.kr", "http://c/v1/")];
        assert_eq!(alike(&direct.concat()), [(0, 0), (0, 1), (2, 0)]);
        let upstream = |name: &str, rest: &str| {
            format!("upstream {name} {{ server {name}-1:80 {rest}; server {name}-2:80; }}")
        };
        let servers = [to("a.kr", "http://a"), to("b.kr", "http://b"), to("c.kr", "http://c")].concat();
        let upstreams = [upstream("a", ""), upstream("b", ""), upstream("c", "backup")].concat();
        assert_eq!(alike(&format!("{upstreams}{servers}")), [(0, 0), (0, 1), (2, 0)]);
    }

    #[test]
    fn what_depends_on_the_name_is_not_alike() {
        let server = |name: &str, inner: &str| {
            format!("server {{ server_name {name}; location / {{ {inner} proxy_pass http://a; }} }}")
        };
        let two = |around: &str, inner: &str| {
            let both = ["a.kr", "b.kr"].map(|name| server(name, &inner.replace("NAME", name)));
            alike(&format!("{around} {}", both.concat())) == [(0, 0), (0, 1)]
        };
        assert!(two("", "proxy_set_header Host $host; add_header X NAME;"));
        let map = "map $host $tenant { a.kr one; default two; } map ${tenant} $known { one 1; }";
        assert!(two(map, "proxy_set_header Host $host;"));
        assert!(!two(map, "proxy_set_header X-Known $known;"));
        assert!(!two(&format!("{map} add_header X-Tenant ${{tenant}};"), ""));
        assert!(!two("split_clients ${host} $half { 50% one; * two; }", "add_header X $half;"));
        assert!(!two("map $proxy_host $it { a.kr 1; }", "add_header X $it;"));
        for inner in
            ["if ($host ~ ^a) { return 404; }", "set $h $host;", "set $up NAME;", "rewrite ^/NAME /x;"]
        {
            assert!(!two("", inner), "{inner}");
        }
        let patterns = "server { server_name ~^(?<tenant>.+)\\.kr$; } server { server_name *.kr; }";
        assert_eq!(alike(patterns), [(0, 0), (1, 0)]);
    }

    #[test]
    fn servers_that_nobody_comes_to_are_alone() {
        let server = "server { server_name a.kr; }";
        assert_eq!(
            alike(&format!("{server}{server}{}", server.replace("a.kr", "b.kr"))),
            [(0, 0), (1, 0), (0, 1)]
        );
    }
}
