//! Configurations that people might write: of the directives that the reference proxy has, in every place, and with mistakes.

mod directives;
mod features;
mod mistakes;
mod node;
mod visits;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::stream::Stream;

use directives::{http_level, server, upstream};
pub(crate) use mistakes::Mistake;
use mistakes::mistake;
use node::Node;
use visits::visits;

/// A configuration, and what is sent to it if it is accepted.
#[derive(Clone)]
pub(crate) struct Case {
    http: Vec<Node>,
    upstream: Vec<Node>,
    servers: Vec<Server>,
    mistakes: Vec<Mistake>,
}

#[derive(Debug, Clone)]
struct Server {
    nodes: Vec<Node>,
    visits: Vec<Stream>,
}

/// Configurations of up to `servers` servers. Most have no mistakes that can be known from afar.
pub(crate) fn good(servers: usize) -> impl Strategy<Value = Case> {
    case(servers, Just(Vec::new())).prop_map(|mut case| {
        let nodes = case.servers.iter_mut().map(|server| &mut server.nodes);
        nodes.chain([&mut case.http]).for_each(node::tidy);
        case
    })
}

/// Configurations with mistakes.
pub(crate) fn bad() -> impl Strategy<Value = Case> {
    case(1, vec(mistake(), 0..3))
}

fn case(servers: usize, mistakes: impl Strategy<Value = Vec<Mistake>>) -> impl Strategy<Value = Case> {
    let server = (server(), vec(visits(), 3..7)).prop_map(|(nodes, visits)| Server { nodes, visits });
    (vec(http_level(), 0..4), upstream(), vec(server, 1..=servers), mistakes)
        .prop_map(|(http, upstream, servers, mistakes)| Case { http, upstream, servers, mistakes })
}

impl Case {
    /// How many servers there are.
    pub(crate) fn servers(&self) -> usize {
        self.servers.len()
    }

    /// What is sent, with the server named in `Host`.
    pub(crate) fn visits(&self) -> impl Iterator<Item = Stream> {
        self.servers.iter().enumerate().flat_map(|(number, server)| {
            let name = format!("s{number}");
            server.visits.iter().map(move |visit| visit.to_host(&name))
        })
    }

    /// The same with each of the mistakes on its own.
    pub(crate) fn each_mistake(&self) -> Vec<Case> {
        self.mistakes.iter().map(|mistake| Case { mistakes: vec![mistake.clone()], ..self.clone() }).collect()
    }

    /// The same with one thing less.
    pub(crate) fn smaller(&self) -> Vec<Case> {
        let mut smaller = Vec::new();
        let servers = |servers: Vec<Server>| Case { servers, ..self.clone() };
        for (number, server) in self.servers.iter().enumerate() {
            if self.servers.len() > 1 {
                smaller.push(servers(vec![server.clone()]));
            }
            if server.visits.len() > 1 {
                smaller.extend(server.visits.iter().map(|visit| {
                    let mut these = self.servers.clone();
                    these[number].visits = vec![visit.clone()];
                    servers(these)
                }));
            }
        }
        smaller.extend((0..self.mistakes.len()).map(|at| {
            let mut case = self.clone();
            case.mistakes.remove(at);
            case
        }));
        smaller.extend(node::without_one(&self.http).into_iter().map(|http| Case { http, ..self.clone() }));
        let upstreams = node::without_one(&self.upstream).into_iter();
        smaller.extend(upstreams.map(|upstream| Case { upstream, ..self.clone() }));
        for (number, server) in self.servers.iter().enumerate() {
            smaller.extend(node::without_one(&server.nodes).into_iter().map(|nodes| {
                let mut these = self.servers.clone();
                these[number].nodes = nodes;
                servers(these)
            }));
        }
        smaller
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        let mut http = self.http.clone();
        http.push(Node::block("upstream app", self.upstream.clone()));
        for (number, server) in self.servers.iter().enumerate() {
            let name = Node::line(&format!("server_name s{number} *.s{number}"));
            let nodes = [Node::line("listen @LISTEN@"), name].into_iter().chain(server.nodes.clone());
            http.push(Node::block("server", nodes.collect()));
        }
        let mut body = String::new();
        http.iter().for_each(|node| node.write(&mut body, 1));
        for mistake in &self.mistakes {
            mistake.make(&mut body);
        }
        format!(
            "@USER@\npid @PREFIX@/pid;\nerror_log @PREFIX@/error.log info;\nworker_processes 1;\nevents {{ }}\nhttp {{\n  \
             include @FILES@/mime.types;\n  @LOG@\n  {}\n{body}}}\n",
            features::NEEDED.join("\n  ")
        )
    }
}

/// Whether every server listens where clients ask. A server without a `listen` would have port 80, for which the engines would
/// fight.
pub(crate) fn listens(text: &str) -> bool {
    let text = text.lines().filter_map(|line| line.split('#').next()).collect::<Vec<_>>().join("\n");
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let servers = words.windows(2).filter(|two| matches!(two, ["server", open] if open.starts_with('{')));
    let first = |four: &&[&str]| **four == ["server", "{", "listen", "@LISTEN@;"];
    words.windows(4).filter(first).count() == servers.count()
}

/// Whether it says what nginx has come to know since its oldest version here. Without a version to stand for, the reference
/// proxy knows it, too.
pub(crate) fn is_newer(text: &str) -> bool {
    // From 1.29.7, 1.29.4 and 1.29.6 on.
    const NEWER: [&str; 3] = ["keepalive 0;", "proxy_http_version 2;", "sticky "];
    let is_newer = |line: &str| NEWER.iter().any(|newer| line.starts_with(newer)) || line.contains(" route=");
    text.lines().any(|line| is_newer(line.trim()))
}

/// Whether an app server has an address that is not of this machine, as a mistake may make one.
pub(crate) fn asks_elsewhere(text: &str) -> bool {
    let asks = |line: &&str| ["server ", "proxy_pass "].iter().any(|name| line.contains(name));
    let addresses = |line: &'_ str| -> Vec<String> {
        let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
        words.filter(|word| word.contains('.') && word.len() > 1).map(str::to_owned).collect()
    };
    text.lines().filter(asks).flat_map(addresses).any(|address| !address.starts_with("127."))
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.text();
        let body = text.split_once("http {\n").map_or(&*text, |(_, body)| body);
        write!(f, "{body}")?;
        if self.mistakes.is_empty() {
            self.visits().try_for_each(|visit| write!(f, "\n{visit:?}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::asks_elsewhere;

    #[test]
    fn app_servers_are_on_this_machine() {
        for here in [
            "  server 127.0.0.1:1;",
            "  server @BLUE@ max_fails=0;",
            "  proxy_pass http://127.0.0.1:1/x;",
            "allow 10.0.0.1;",
        ] {
            assert!(!asks_elsewhere(here), "{here}");
        }
        for elsewhere in
            ["  server 27.0.0.1:1;", "server 1270.0.1:1;", "proxy_pass http://12.0.0.1;", "server 17.0.0.1;"]
        {
            assert!(asks_elsewhere(elsewhere), "{elsewhere}");
        }
    }
}
