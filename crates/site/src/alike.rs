//! Servers that read the same but for names and addresses: configurations that are generated have them by the thousand.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::tree::Node;

/// Variables with the name that clients ask for.
const NAME_VARIABLES: [&str; 4] = ["$host", "$http_host", "$server_name", "$ssl_server_name"];

/// Upstreams by their names, in small letters.
type Upstreams<'a> = HashMap<String, &'a Node>;

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

/// The places of the servers of `http`, the first of which is number `begin` of the site.
pub(crate) fn places(http: &Node, begin: usize) -> Vec<Alike> {
    let upstreams = http.inner.iter().filter(|node| node.is("upstream"));
    let upstreams: Upstreams<'_> = upstreams.map(|node| (node.arg(0).to_ascii_lowercase(), node)).collect();
    let depends_on_name = http.inner.iter().any(|node| node.is("map") && asks_for_name(node.arg(0)));
    let mut groups: HashMap<String, Alike> = HashMap::new();
    let mut place = |(nth, server): (usize, &Node)| {
        let alone = Alike { first: begin + nth, nth: 0, of: 1 };
        if depends_on_name || chooses_by_name(&server.inner) {
            return alone;
        }
        let group = groups
            .entry(without_names(&without_addresses(server, &upstreams)))
            .or_insert(Alike { of: 0, ..alone });
        group.of += 1;
        Alike { nth: group.of - 1, ..*group }
    };
    let mut places: Vec<Alike> =
        http.inner.iter().filter(|node| node.is("server")).enumerate().map(&mut place).collect();
    let counts: HashMap<usize, usize> = groups.into_values().map(|group| (group.first, group.of)).collect();
    for place in &mut places {
        place.of = counts.get(&place.first).copied().unwrap_or(1);
    }
    places
}

fn asks_for_name(text: &str) -> bool {
    NAME_VARIABLES.iter().any(|variable| text.contains(variable))
}

/// Whether an `if` looks at the name.
fn chooses_by_name(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| (node.is("if") && asks_for_name(&node.head)) || chooses_by_name(&node.inner))
}

/// A server with stand-ins for the app servers of `proxy_pass`, as a run has them, too. What an upstream says of its servers stays.
fn without_addresses(node: &Node, upstreams: &Upstreams<'_>) -> Node {
    let inner = node.inner.iter().map(|inner| without_addresses(inner, upstreams)).collect();
    let to =
        Some(node.arg(0)).filter(|_| node.is("proxy_pass")).and_then(|url| without_address(url, upstreams));
    let head = to.map_or_else(|| node.head.clone(), |to| format!("proxy_pass {to}"));
    Node { head, inner, ..node.clone() }
}

/// The URL of a `proxy_pass` without its address; `None` where only a run knows that.
fn without_address(url: &str, upstreams: &Upstreams<'_>) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if url.contains('$') || address.starts_with("unix:") {
        return None;
    }
    let upstream = upstreams.get(&address.to_ascii_lowercase());
    let servers = upstream.iter().flat_map(|upstream| &upstream.inner).map(|node| match node.is("server") {
        true => format!("server {};", node.args.get(1..).unwrap_or_default().join(" ")),
        false => node.to_string(),
    });
    Some(format!("{scheme}://{{{}}}{path}", servers.collect::<String>()))
}

/// The text of a server, with numbers in place of the names that are written in full.
fn without_names(server: &Node) -> String {
    let is_whole =
        |name: &&String| name.contains('.') && !name.contains(['*', '~', '$']) && !name.starts_with('.');
    let names = server.inner.iter().filter(|inner| inner.is("server_name")).flat_map(|names| &names.args);
    let mut names: Vec<(usize, &String)> = names.filter(is_whole).enumerate().collect();
    // `www.example.com` before `example.com`.
    names.sort_by_key(|(_, name)| Reverse(name.len()));
    names
        .into_iter()
        .fold(server.to_string(), |text, (nth, name)| text.replace(name.as_str(), &format!("{{{nth}}}")))
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
        let by_if =
            |name: &str| format!("server {{ server_name {name}; if ($host ~ ^www) {{ return 404; }} }}");
        assert_eq!(alike(&format!("{}{}", by_if("a.kr"), by_if("www.b.kr"))), [(0, 0), (1, 0)]);
        let plain = |name: &str| format!("server {{ server_name {name}; proxy_pass http://$backend; }}");
        let map = "map $host $backend { a.kr one; default two; }";
        assert_eq!(alike(&format!("{map}{}{}", plain("a.kr"), plain("b.kr"))), [(0, 0), (1, 0)]);
        assert_eq!(alike(&format!("{}{}", plain("a.kr"), plain("b.kr"))), [(0, 0), (0, 1)]);
        let patterns = "server { server_name ~^(?<tenant>.+)\\.kr$; } server { server_name *.kr; }";
        assert_eq!(alike(patterns), [(0, 0), (1, 0)]);
    }
}
