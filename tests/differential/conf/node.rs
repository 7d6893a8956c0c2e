//! A configuration as a tree, which is what shrinks well.

use std::collections::HashSet;

/// A directive, with its block if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    words: String,
    block: Option<Vec<Node>>,
}

impl Node {
    pub(crate) fn line(words: &str) -> Node {
        Node { words: words.to_owned(), block: None }
    }

    pub(crate) fn block(words: &str, block: Vec<Node>) -> Node {
        Node { words: words.to_owned(), block: Some(block) }
    }

    /// Writes it with each directive on a line of its own.
    pub(crate) fn write(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match &self.block {
            None => text.push_str(&format!("{indent}{};\n", self.words)),
            Some(nodes) => {
                text.push_str(&format!("{indent}{} {{\n", self.words));
                nodes.iter().for_each(|node| node.write(text, depth + 1));
                text.push_str(&format!("{indent}}}\n"));
            }
        }
    }

    fn name(&self) -> &str {
        self.words.split(' ').next().unwrap_or_default()
    }
}

/// All that is left when one of them, or of those within them, is left out.
pub(crate) fn without_one(nodes: &[Node]) -> Vec<Vec<Node>> {
    let mut all = Vec::new();
    for at in 0..nodes.len() {
        let mut rest = nodes.to_vec();
        let node = rest.remove(at);
        all.push(rest);
        for inner in without_one(node.block.as_deref().unwrap_or_default()) {
            let mut changed = nodes.to_vec();
            changed[at] = Node { words: node.words.clone(), block: Some(inner) };
            all.push(changed);
        }
    }
    all
}

/// Directives that a block may have more than once.
const OFTEN: &[&str] = &[
    "add_header",
    "add_trailer",
    "proxy_set_header",
    "proxy_hide_header",
    "proxy_redirect",
    "set",
    "if",
    "return",
    "rewrite",
    "break",
    "sub_filter",
    "error_page",
    "allow",
    "deny",
    "proxy_cache_valid",
    "gzip_types",
    "gzip_disable",
    "valid_referers",
    "set_real_ip_from",
    "proxy_cookie_flags",
];

/// Leaves out what is known to be refused.
pub(crate) fn tidy(nodes: &mut Vec<Node>) {
    within(nodes, "");
}

/// `place` is the words of the block that these stand in.
fn within(nodes: &mut Vec<Node>, place: &str) {
    let mut seen = HashSet::new();
    nodes.retain_mut(|node| {
        let key = match node.name() {
            "location" => node.words.replace("^~ ", ""),
            // Both name the directory.
            "alias" => "root".to_owned(),
            name => name.to_owned(),
        };
        if !OFTEN.contains(&node.name()) && !seen.insert(key) {
            return false;
        }
        if node.name() == "proxy_pass" && !takes_uri(place) {
            node.words = "proxy_pass http://app".to_owned();
        }
        if node.name() == "location" && !may_stand(&node.words, place) {
            return false;
        }
        let place = node.words.clone();
        if let Some(nodes) = &mut node.block {
            within(nodes, &place);
        }
        true
    });
}

/// Whether an address with a URI may be passed to from this block.
fn takes_uri(place: &str) -> bool {
    place.starts_with("location ") && !place.contains('~') && !place.contains('@')
        || place.starts_with("location ^~")
}

/// Whether a location may stand in this block.
fn may_stand(location: &str, place: &str) -> bool {
    let Some(outer) = place.strip_prefix("location ") else { return true };
    let inner = location.strip_prefix("location ").unwrap_or(location);
    let path = |words: &str| words.rsplit(' ').next().unwrap_or_default().to_owned();
    if outer.starts_with('=') || outer.starts_with('@') || inner.starts_with('@') {
        return false;
    }
    inner.starts_with("~ ")
        || inner.starts_with("~* ")
        || (!outer.starts_with("~ ") && !outer.starts_with("~* ") && path(inner).starts_with(&path(outer)))
}
