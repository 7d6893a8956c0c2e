//! App servers whose names are a letter away from that of an upstream.

use serde::Serialize;

use crate::line::Line;
use crate::tree::Node;
use crate::upstream::Upstream;

/// Shorter names are a letter away from each other by chance.
const MIN_LENGTH: usize = 4;

/// A `proxy_pass` to a name that is a letter away from that of an upstream which nothing else leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MisspeltUpstream {
    /// The name.
    pub name: String,
    /// The upstream's.
    pub meant: String,
    /// Where that begins.
    pub upstream: Line,
}

/// Those among the directives of `http`.
pub(crate) fn find(http: &Node, upstreams: &[Upstream]) -> Vec<MisspeltUpstream> {
    let mut words = Vec::new();
    add_words(&http.inner, &mut words);
    // A variable may come to the name of any.
    if words.iter().any(|(is_pass, word)| *is_pass && host_of(word).contains('$')) {
        return Vec::new();
    }
    let is_used = |upstream: &&Upstream| words.iter().any(|(_, word)| host_of(word) == upstream.name);
    let unused: Vec<&Upstream> = upstreams.iter().filter(|upstream| !is_used(upstream)).collect();
    let is_server = |name: &str| {
        let servers = upstreams.iter().flat_map(|upstream| &upstream.servers);
        servers.into_iter().any(|server| server.address.split(':').next() == Some(name))
    };
    let mut found: Vec<MisspeltUpstream> = Vec::new();
    for name in words.iter().filter(|(is_pass, _)| *is_pass).map(|(_, word)| host_of(word)) {
        let is_name = !name.contains([':', '.', '$']) && name.len() >= MIN_LENGTH;
        let is_known = upstreams.iter().any(|upstream| upstream.name == name) || is_server(name);
        let near: Vec<&&Upstream> = unused.iter().filter(|upstream| is_slip(name, &upstream.name)).collect();
        if let ([meant], true, false) = (near.as_slice(), is_name, is_known)
            && found.iter().all(|known| known.name != name)
        {
            found.push(MisspeltUpstream {
                name: name.to_owned(),
                meant: meant.name.clone(),
                upstream: meant.line.clone(),
            });
        }
    }
    found
}

/// Whether one name is the other with a slip of a letter. Digits tell names apart that are alike on purpose: `app1`, `app2`.
pub fn is_slip(name: &str, other: &str) -> bool {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(name) == digits(other) && strsim::osa_distance(name, other) == 1
}

/// All words of these directives but the names of upstreams, and whether each is the URL of a `proxy_pass`.
fn add_words<'a>(nodes: &'a [Node], words: &mut Vec<(bool, &'a str)>) {
    for node in nodes {
        if !node.is("upstream") {
            words.extend(node.args.iter().map(|word| (node.is("proxy_pass"), word.as_str())));
            add_words(&node.inner, words);
        }
    }
}

/// The host and port of a URL, or all of another word.
fn host_of(word: &str) -> &str {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests {
    use crate::Site;

    fn found(http: &str) -> Vec<(String, String)> {
        let site = Site::read(&format!("http {{ {http} }}"), "nginx.conf", &|_| Vec::new()).unwrap();
        site.misspelt_upstreams.into_iter().map(|found| (found.name, found.meant)).collect()
    }

    #[test]
    fn a_name_a_letter_away_from_an_unused_upstream_is_a_slip() {
        let pass = |to: &str| format!("server {{ location / {{ proxy_pass {to}; }} }}");
        let backend = "upstream backend { server app:1; }";
        let meant = vec![("backnd".to_owned(), "backend".to_owned())];
        assert_eq!(found(&format!("{backend} {}", pass("http://backnd/x"))), meant);
        for right in [
            format!("{backend} {}", pass("http://backend")),
            format!("{backend} {}", pass("http://backnd:8080")),
            format!("{backend} {}", pass("http://other")),
            format!("{backend} {} {}", pass("http://backnd"), pass("http://backend")),
            format!("{backend} {} {}", pass("http://backnd"), pass("http://$pool")),
            format!("upstream backends {{ server backend:1; }} {}", pass("http://backend")),
            format!("upstream app1 {{ server a:1; }} {}", pass("http://app2")),
        ] {
            assert_eq!(found(&right), [], "{right}");
        }
    }
}
