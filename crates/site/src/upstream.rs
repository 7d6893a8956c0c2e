//! An upstream: app servers, and how requests are spread over them.

use serde::Serialize;

use crate::line::Line;
use crate::tree::Node;

/// An `upstream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// Its name, as `proxy_pass` has it.
    pub name: String,
    /// Its servers, in order.
    pub servers: Vec<UpstreamServer>,
    /// How requests are spread over them: `round robin`, or the directive that says otherwise, such as `least_conn`.
    pub balancing: String,
    /// Where it begins.
    pub line: Line,
}

/// A `server` of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpstreamServer {
    /// The address as it is written.
    pub address: String,
    /// When it is asked.
    pub role: Role,
    /// Where it stands.
    #[serde(skip)]
    pub line: Line,
}

/// When a server of an upstream is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// With the others.
    Primary,
    /// `backup`: when no other can be.
    Backup,
    /// `down`: never.
    Down,
}

/// What nginx does unless told otherwise, in the words of its documentation.
const DEFAULT_BALANCING: &str = "round robin";

/// The directives that choose another way to spread requests.
const BALANCING_DIRECTIVES: [&str; 6] = ["least_conn", "ip_hash", "hash", "random", "least_time", "sticky"];

impl Upstream {
    pub(crate) fn read(node: &Node) -> Upstream {
        let balancing =
            BALANCING_DIRECTIVES.iter().find_map(|name| node.inner.iter().find(|one| one.is(name)));
        Upstream {
            name: node.arg(0).to_owned(),
            servers: node.inner.iter().filter(|inner| inner.is("server")).map(UpstreamServer::read).collect(),
            balancing: balancing.map_or_else(|| DEFAULT_BALANCING.to_owned(), |node| node.head.clone()),
            line: Line { file: node.file.to_string(), line: node.line },
        }
    }

    /// How many of its servers are asked so.
    pub fn count(&self, role: Role) -> usize {
        self.servers.iter().filter(|server| server.role == role).count()
    }
}

/// An address by which app servers are told apart, however it is written: with its port, and this machine as `127.0.0.1`.
pub fn canonical_address(address: &str) -> String {
    if address.starts_with("unix:") {
        return address.to_owned();
    }
    let address = address.to_ascii_lowercase();
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, port)
        }
        _ => (address.as_str(), "80"),
    };
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    format!("{host}:{port}")
}

impl UpstreamServer {
    fn read(node: &Node) -> UpstreamServer {
        let has = |word: &str| node.args.iter().skip(1).any(|arg| arg == word);
        let role = match (has("down"), has("backup")) {
            (true, _) => Role::Down,
            (false, true) => Role::Backup,
            (false, false) => Role::Primary,
        };
        UpstreamServer {
            address: node.arg(0).to_owned(),
            role,
            line: Line { file: node.file.to_string(), line: node.line },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Role, Site, canonical_address};

    #[test]
    fn one_address_may_be_written_in_several_ways() {
        for (one, other) in [("App", "app:80"), ("localhost:81", "127.0.0.1:81"), ("[::1]", "[::1]:80")] {
            assert_eq!(canonical_address(one), canonical_address(other));
        }
        assert_ne!(canonical_address("unix:/run/a.sock"), canonical_address("unix:/run/A.sock"));
    }

    #[test]
    fn servers_are_counted_by_when_they_are_asked() {
        let text = "http { upstream a { hash $uri consistent; server b:1; server b:2 weight=2; server b:3 backup; \
                    server b:4 down; } upstream plain { server c; } }";
        let site = Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap();
        let of = |role| site.upstreams[0].count(role);
        assert_eq!([of(Role::Primary), of(Role::Backup), of(Role::Down)], [2, 1, 1]);
        let balancing: Vec<&str> =
            site.upstreams.iter().map(|upstream| upstream.balancing.as_str()).collect();
        assert_eq!(balancing, ["hash $uri consistent", "round robin"]);
    }
}
