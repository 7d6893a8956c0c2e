//! A configuration to be compared: its directives with includes in place, and its routes.

use std::collections::BTreeSet;

use hopcheck_site::{Line, Node, Site};
use hopcheck_targets::conf::Source;

/// One of the two.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub(crate) source: Source,
    pub(crate) nodes: Vec<Node>,
    pub(crate) site: Site,
}

/// A server, as it stands in the file and as clients know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerBlock<'a> {
    pub(crate) node: &'a Node,
    pub(crate) server: &'a hopcheck_site::Server,
}

/// A location, with what is around it.
#[derive(Debug, Clone)]
pub(crate) struct Location<'a> {
    pub(crate) node: &'a Node,
    /// From `http` to the location itself.
    pub(crate) levels: Vec<&'a [Node]>,
}

impl Configuration {
    /// Reads `source`.
    pub(crate) fn of(source: Source) -> Result<Configuration, String> {
        let nodes = source.expand().map_err(|error| error.to_string())?;
        let site = source.read_site().map_err(|error| error.to_string())?;
        Ok(Configuration { source, nodes, site })
    }

    /// The same with other directives.
    pub(crate) fn with(&self, nodes: Vec<Node>) -> Configuration {
        let text: String = nodes.iter().map(Node::to_string).collect();
        let site = Site::read(&text, &self.source.name, &|_| Vec::new()).unwrap_or_default();
        Configuration { source: self.source.clone(), nodes, site }
    }

    /// Its servers, in the order of the file.
    pub(crate) fn servers(&self) -> impl Iterator<Item = ServerBlock<'_>> {
        self.http_blocks()
            .flat_map(|http| http.inner.iter().filter(|node| node.is("server")))
            .zip(&self.site.servers)
            .map(|(node, server)| ServerBlock { node, server })
    }

    pub(crate) fn http_blocks(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is("http"))
    }

    /// The directives of a name, wherever they are.
    pub(crate) fn of_name(&self, name: &str) -> Vec<&Node> {
        fn add<'a>(nodes: &'a [Node], name: &str, found: &mut Vec<&'a Node>) {
            for node in nodes {
                found.extend(node.is(name).then_some(node));
                add(&node.inner, name, found);
            }
        }
        let mut found = Vec::new();
        add(&self.nodes, name, &mut found);
        found
    }

    /// Whether a directive of that name is anywhere in it.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        !self.of_name(name).is_empty()
    }

    /// Whether an app server's address is anywhere in it.
    pub(crate) fn has_address(&self, address: &str) -> bool {
        fn in_any(nodes: &[Node], address: &str) -> bool {
            let has = |node: &Node| node.args.iter().any(|word| word.contains(address));
            nodes.iter().any(|node| has(node) || in_any(&node.inner, address))
        }
        in_any(&self.nodes, address)
    }

    /// The upstream of that name.
    pub(crate) fn upstream(&self, name: &str) -> Option<&Node> {
        let mut upstreams = self.http_blocks().flat_map(|http| &http.inner);
        upstreams.find(|node| node.is("upstream") && node.arg(0).eq_ignore_ascii_case(name))
    }

    /// The groups of app servers among which nginx chooses, each by the addresses.
    pub(crate) fn groups(&self) -> Vec<Vec<&str>> {
        let upstreams = self.http_blocks().flat_map(|http| &http.inner).filter(|node| node.is("upstream"));
        upstreams.map(addresses).collect()
    }

    /// The server of each upstream that is asked first.
    pub(crate) fn first_servers(&self) -> BTreeSet<String> {
        let is_asked = |node: &&Node| {
            node.is("server") && !node.args.iter().any(|word| word == "backup" || word == "down")
        };
        let upstreams = self.http_blocks().flat_map(|http| &http.inner).filter(|node| node.is("upstream"));
        upstreams
            .filter_map(|upstream| upstream.inner.iter().find(is_asked))
            .map(|node| node.arg(0).to_owned())
            .collect()
    }

    /// The server that a request to this port and host comes to.
    pub(crate) fn server_of(&self, port: &str, host: &str) -> Option<ServerBlock<'_>> {
        let host = host.split_once(':').filter(|_| !host.starts_with('[')).map_or(host, |(name, _)| name);
        let listens =
            |block: &ServerBlock<'_>| block.server.listen.iter().any(|listen| listen.port() == port);
        let at: Vec<ServerBlock<'_>> = self.servers().filter(listens).collect();
        let rank = |block: &ServerBlock<'_>| {
            block.server.names.iter().filter_map(|name| match_rank(name, host)).min()
        };
        let named = at.iter().enumerate().filter_map(|(nth, block)| Some((rank(block)?, nth))).min();
        let is_default = |block: &&ServerBlock<'_>| {
            block.server.listen.iter().any(|listen| listen.port() == port && listen.default)
        };
        named
            .map(|(_, nth)| at[nth])
            .or_else(|| at.iter().find(is_default).copied())
            .or_else(|| at.first().copied())
    }

    /// What tells the place that a request comes to from others: its server and location.
    pub(crate) fn place(&self, port: &str, host: &str, path: &str) -> (usize, Option<usize>) {
        match self.server_of(port, host) {
            Some(block) => (block.node.line, block.server.location_of(&normalized(path))),
            None => (0, None),
        }
    }

    /// Where the location stands that a request comes to, or its server where there is none.
    pub(crate) fn line_of(&self, port: &str, host: &str, path: &str) -> Option<Line> {
        let block = self.server_of(port, host)?;
        let number = block.server.location_of(&normalized(path));
        let location = number.and_then(|number| locations(block.node, &[]).into_iter().nth(number));
        let node = location.map_or(block.node, |location| location.node);
        Some(Line { file: node.file.to_string(), line: node.line })
    }

    /// The levels that a request to `path` comes through, from `http` to its location.
    pub(crate) fn levels(&self, port: &str, host: &str, path: &str) -> Option<Vec<&[Node]>> {
        let block = self.server_of(port, host)?;
        let http =
            self.http_blocks().find(|http| http.inner.iter().any(|node| std::ptr::eq(node, block.node)))?;
        let mut levels: Vec<&[Node]> = vec![&self.nodes, &http.inner, &block.node.inner];
        if let Some(number) = block.server.location_of(&normalized(path))
            && let Some(found) = locations(block.node, &[]).into_iter().nth(number)
        {
            levels.extend(found.levels);
        }
        Some(levels)
    }
}

/// The addresses of an upstream's servers.
fn addresses(upstream: &Node) -> Vec<&str> {
    upstream.inner.iter().filter(|node| node.is("server")).map(|node| node.arg(0)).collect()
}

/// How well a `server_name` fits a host, the least the best.
fn match_rank(name: &str, host: &str) -> Option<usize> {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    if name == host {
        return Some(0);
    }
    if let Some(end) = name.strip_prefix('*') {
        return (host.ends_with(end) && host.len() > end.len()).then_some(1_000 - end.len().min(999));
    }
    if let Some(end) = name.strip_prefix('.') {
        return (host == end || host.ends_with(&name)).then_some(1_000 - end.len().min(999));
    }
    if let Some(start) = name.strip_suffix('*') {
        return host.starts_with(start).then_some(2_000 - start.len().min(999));
    }
    let pattern = name.strip_prefix('~')?.replace("(?<", "(?P<");
    regex::Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(&host)).then_some(3_000)
}

/// A path as nginx looks for its location: decoded, without empty parts and dots.
fn normalized(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    let decoded = String::from_utf8_lossy(&bytes);
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let is_folder = decoded.ends_with('/') || decoded.ends_with("/.") || decoded.ends_with("/..");
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

/// The locations in a server, those within others included, in the order of the file.
pub(crate) fn locations<'a>(block: &'a Node, outer: &[&'a [Node]]) -> Vec<Location<'a>> {
    let mut found = Vec::new();
    for node in block.inner.iter().filter(|node| node.is("location")) {
        let levels: Vec<&[Node]> = outer.iter().copied().chain([node.inner.as_slice()]).collect();
        found.push(Location { node, levels: levels.clone() });
        found.extend(locations(node, &levels));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_as_for_locations() {
        for (path, normal) in
            [("//a//b/", "/a/b/"), ("/%61pi", "/api"), ("/x/../y", "/y"), ("/a/..", "/"), ("/%zz", "/%zz")]
        {
            assert_eq!(normalized(path), normal);
        }
    }
}
