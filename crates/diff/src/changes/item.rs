//! Changes, and what they are made of.

use hopcheck_site::{Line, Node};

/// The number of a [`Change`].
pub type ChangeId = usize;

/// One change: a directive or block that is gone, new or another, or blocks in another order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The directive before, with its place; `None` where it is new.
    pub old: Option<Written>,
    /// The directive after; `None` where it is gone.
    pub new: Option<Written>,
    /// The heads of the blocks around it, the outermost first.
    pub within: Vec<String>,
    /// Whether it only defines what others may use (`upstream`, `map`, …), and nothing changes by it alone.
    pub is_definition: bool,
    /// Whether only the order changed of what nginx tries one after another; `old` and `new` are then the first in it.
    pub is_order: bool,
}

/// A directive as it is written somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub line: Line,
    /// Its name and arguments, with ` { … }` for a block.
    pub text: String,
}

/// What stands in a block of either.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) what: What,
    /// Its place in the new order; that of its neighbour if it is gone.
    pub(super) new_place: usize,
}

#[derive(Debug)]
pub(super) enum What {
    /// In both, without a block that differs.
    Same(Node),
    /// In the old one only.
    Gone(ChangeId, Node),
    /// In the new one only.
    Added(ChangeId, Node),
    /// A directive that is another now.
    Other(ChangeId, Node, Node),
    /// A block in both; its head may be another now.
    Block { head: Option<ChangeId>, old: Node, new: Node, items: Vec<Item>, reorder: Option<ChangeId> },
}

impl Written {
    pub(super) fn of(node: &Node) -> Written {
        let text = if node.is_block { format!("{} {{ … }}", node.head) } else { format!("{};", node.head) };
        Written { line: Line { file: node.file.to_string(), line: node.line }, text }
    }
}

impl Change {
    /// In a few words, for a list.
    pub fn title(&self) -> String {
        let within = self.within.last().map_or_else(String::new, |block| format!(" in {block}"));
        match (&self.old, &self.new) {
            _ if self.is_order => format!("order{within}"),
            (Some(old), Some(new)) => format!("`{}` for `{}`{within}", new.text, old.text),
            (Some(old), None) => format!("without `{}`{within}", old.text),
            (None, Some(new)) => format!("new `{}`{within}", new.text),
            (None, None) => format!("nothing{within}"),
        }
    }
}

/// The name that a definition has where it is used: `$host_kind` of `map $host $host_kind { … }`.
pub(super) fn defined_name(text: &str) -> Option<&str> {
    let words: Vec<&str> = text.trim_end_matches([';', '}', '…', '{', ' ']).split_whitespace().collect();
    let name = match words.first() {
        Some(&("map" | "geo" | "split_clients")) => words.last(),
        _ => words.get(1),
    };
    name.copied()
}

/// Whether a directive has `name` as a word of its own.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let is_of_name =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        !is_of_name(before) && !is_of_name(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_defined_is_known_where_it_is_used() {
        for (text, name) in [
            ("map $http_upgrade $connection { … }", "$connection"),
            ("upstream app { … }", "app"),
            ("log_format main $remote_addr;", "main"),
            ("location @app { … }", "@app"),
        ] {
            assert_eq!(defined_name(text), Some(name));
        }
        assert!(mentions("proxy_pass http://app/x;", "app") && !mentions("proxy_pass http://apps;", "app"));
        assert!(mentions("set $a ${b}$c;", "$c") && !mentions("set $a $connection_upgrade;", "$connection"));
    }
}
