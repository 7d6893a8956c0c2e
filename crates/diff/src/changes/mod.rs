//! What was changed in the text: two configurations as one, with a choice at each change.
//!
//! Blocks are paired by what they are (a `location` by its name, a `server` by its names and addresses), directives by their
//! name and what nginx tells them apart by. Layout, comments, includes and the order of most directives are no changes.

mod item;
mod key;
mod pair;

use std::collections::BTreeSet;

use hopcheck_site::Node;

pub use item::{Change, ChangeId, Written};
use item::{Item, What};

/// Two configurations as one.
#[derive(Debug, Default)]
pub struct Merged {
    items: Vec<Item>,
    reorder: Option<ChangeId>,
    changes: Vec<Change>,
}

impl Merged {
    /// Pairs what stands in `old` and `new`.
    pub fn of(old: &[Node], new: &[Node]) -> Merged {
        let mut changes = Vec::new();
        let (items, reorder) = pair::block(old, new, &[], &mut changes);
        Merged { items, reorder, changes }
    }

    /// Every change, in the order of the file.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What these changes use that is newly defined: the `map` of a variable, the `upstream` of a `proxy_pass`.
    pub fn definitions_of(&self, bundle: &BTreeSet<ChangeId>) -> BTreeSet<ChangeId> {
        let text = |id: &ChangeId| self.changes[*id].new.as_ref().map(|written| written.text.as_str());
        let defined = (0..self.changes.len()).filter(|id| self.changes[*id].is_definition);
        let named = defined.filter_map(|id| Some((id, item::defined_name(text(&id)?)?)));
        let uses = |name: &str| bundle.iter().filter_map(text).any(|text| item::mentions(text, name));
        named.filter(|(_, name)| uses(name)).map(|(id, _)| id).collect()
    }

    /// The old configuration with the changes of `bundle`. What is newly defined is there for whoever uses it.
    pub fn making(&self, bundle: &BTreeSet<ChangeId>) -> Vec<Node> {
        self.with(&|id| {
            bundle.contains(&id) || self.changes[id].is_definition && self.changes[id].old.is_none()
        })
    }

    /// The new configuration without the changes of `bundle`. What was defined still is for whoever uses it.
    pub fn taking_back(&self, bundle: &BTreeSet<ChangeId>) -> Vec<Node> {
        self.with(&|id| {
            let stays = self.changes[id].is_definition && self.changes[id].new.is_none();
            !bundle.contains(&id) && !stays
        })
    }

    /// The configuration in which just the `chosen` changes are made.
    pub fn with(&self, chosen: &dyn Fn(ChangeId) -> bool) -> Vec<Node> {
        made(&self.items, self.reorder, chosen)
    }
}

fn made(items: &[Item], reorder: Option<ChangeId>, chosen: &dyn Fn(ChangeId) -> bool) -> Vec<Node> {
    let mut ordered: Vec<&Item> = items.iter().collect();
    if reorder.is_some_and(chosen) {
        ordered.sort_by_key(|item| item.new_place);
    }
    let mut nodes = Vec::new();
    for item in ordered {
        match &item.what {
            What::Same(node) => nodes.push(node.clone()),
            What::Gone(id, node) if !chosen(*id) => nodes.push(node.clone()),
            What::Added(id, node) if chosen(*id) => nodes.push(node.clone()),
            What::Gone(..) | What::Added(..) => {}
            What::Other(id, old, new) => nodes.push(if chosen(*id) { new.clone() } else { old.clone() }),
            What::Block { head, old, new, items, reorder } => {
                let shell = if head.is_some_and(chosen) { new } else { old };
                let inner = made(items, *reorder, chosen);
                nodes.push(Node {
                    name: shell.name.clone(),
                    args: shell.args.clone(),
                    head: shell.head.clone(),
                    file: shell.file.clone(),
                    line: shell.line,
                    is_block: true,
                    inner,
                });
            }
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Node> {
        hopcheck_site::tree::expand(text, "nginx.conf", &|_| Vec::new()).unwrap()
    }

    fn titles(old: &str, new: &str) -> Vec<String> {
        let merged = Merged::of(&read(old), &read(new));
        let text = |nodes: Vec<Node>| nodes.iter().map(Node::to_string).collect::<String>();
        assert_eq!(text(merged.with(&|_| false)), text(read(old)), "without a change it is the old one");
        merged.changes().iter().map(Change::title).collect()
    }

    #[test]
    fn layout_and_order_that_does_not_count_are_no_changes() {
        let old =
            "http { server { listen 80; location / { root /a; index x; } location /b { return 204; } } }";
        let new = "http {\n # so\n server { location /b { return 204; }\n location / { index x; root '/a'; } listen 80; } }";
        assert_eq!(titles(old, new), Vec::<String>::new());
    }

    #[test]
    fn each_directive_that_differs_is_a_change() {
        let old =
            "http { server { listen 80; add_header A 1; add_header B 2; location /a { return 204; } } }";
        let new =
            "http { server { listen 80; add_header A 2; location /a { return 205; } location /c { } } }";
        assert_eq!(
            titles(old, new),
            [
                "`add_header A 2;` for `add_header A 1;` in server",
                "without `add_header B 2;` in server",
                "`return 205;` for `return 204;` in location /a",
                "new `location /c { … }` in server",
            ]
        );
    }

    #[test]
    fn a_block_with_another_head_is_still_that_block() {
        let old = "http { server { location /api/ { proxy_pass http://a; proxy_buffering off; } } }";
        let new = "http { server { location /api { proxy_pass http://a; proxy_buffering off; } } }";
        assert_eq!(titles(old, new), ["`location /api { … }` for `location /api/ { … }` in server"]);
    }

    #[test]
    fn the_order_of_patterns_counts() {
        let old = "http { server { location ~ a { return 201; } location ~ b { return 202; } } }";
        let new = "http { server { location ~ b { return 202; } location ~ a { return 201; } } }";
        assert_eq!(titles(old, new), ["order in server"]);
        let merged = Merged::of(&read(old), &read(new));
        assert_eq!(merged.with(&|_| true)[0].inner[0].inner[0].head, "location ~ b");
    }
}
