//! What is in force somewhere: a block inside others, from which it inherits.

use std::sync::Arc;

use crate::tree::Node;
use crate::variables::{add_values, variable};

/// More variables than stand for one another in any real configuration.
const MAX_DEPTH: usize = 8;

/// More values than any real configuration has in one place.
const MAX_VALUES: usize = 32;

/// A server stands in `http`, which stands in the main context.
const SERVER_LEVEL: usize = 2;

/// The blocks around a place, the outermost first, and the place itself last.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a>(Vec<Level<'a>>);

/// The directives of a block.
#[derive(Debug, Clone)]
struct Level<'a> {
    nodes: &'a [Node],
    /// Those that are in force there; not the places within it, of which `http` may have thousands.
    settings: Arc<[&'a Node]>,
}

impl<'a> Level<'a> {
    fn new(nodes: &'a [Node]) -> Level<'a> {
        let is_place = |node: &Node| ["server", "location", "upstream"].iter().any(|name| node.is(name));
        Level { nodes, settings: nodes.iter().filter(|node| !is_place(node)).collect() }
    }
}

impl<'a> Scope<'a> {
    pub(crate) fn of(outermost: &'a [Node]) -> Scope<'a> {
        Scope(vec![Level::new(outermost)])
    }

    /// The scope of a block inside this one.
    pub(crate) fn inside(&self, block: &'a [Node]) -> Scope<'a> {
        let mut levels = self.0.clone();
        levels.push(Level::new(block));
        Scope(levels)
    }

    /// The directives of the place itself.
    pub(crate) fn own(&self) -> &'a [Node] {
        self.0.last().map(|level| level.nodes).unwrap_or_default()
    }

    /// The directive `name` of the place itself.
    pub(crate) fn own_one(&self, name: &str) -> Option<&'a Node> {
        self.own().iter().find(|node| node.is(name))
    }

    /// What answers for files that are not there, by `try_files` or an `error_page` for 404 of the place itself.
    pub(crate) fn own_fallback(&self) -> Option<&'a str> {
        let of_error = |node: &&Node| node.is("error_page") && node.args.iter().any(|word| word == "404");
        let node = self.own_one("try_files").or_else(|| self.own().iter().find(of_error));
        node.and_then(|node| node.args.last()).map(String::as_str)
    }

    /// The location of that name, with its `@`.
    pub(crate) fn named(&self, name: &str) -> Option<&'a Node> {
        let mut levels = self.0.iter().rev().flat_map(|level| level.nodes);
        levels.find(|node| node.is("location") && node.arg(0) == name)
    }

    /// The directives of the server around it.
    pub(crate) fn server(&self) -> &'a [Node] {
        self.0.get(SERVER_LEVEL).map(|level| level.nodes).unwrap_or_default()
    }

    /// The scope of the server around it.
    pub(crate) fn of_server(&self) -> Scope<'a> {
        Scope(self.0.iter().take(SERVER_LEVEL + 1).cloned().collect())
    }

    /// The values that a variable is given by the blocks around it.
    pub(crate) fn values_of(&self, name: &str) -> Vec<&'a str> {
        let mut values = Vec::new();
        self.0.iter().for_each(|level| add_values(&mut level.settings.iter().copied(), name, &mut values));
        values
    }

    /// The `map` that alone gives a variable its values.
    pub(crate) fn map_of(&self, name: &str) -> Option<&'a Node> {
        let is_it = |node: &&&Node| {
            let last = node.args.last().filter(|_| node.is("map"));
            let named = last.and_then(|word| variable(word));
            named.is_some_and(|(other, rest)| rest.is_empty() && other.eq_ignore_ascii_case(name))
        };
        let map = self.0.iter().flat_map(|level| level.settings.iter()).find(is_it).copied()?;
        let own = map.inner.iter().filter(|entry| entry.args.len() == 1).count();
        (self.values_of(name).len() == own).then_some(map)
    }

    /// `text` with each value of each variable in it that the blocks around it give one, in their order. `None` where one has
    /// others, or there are too many.
    pub(crate) fn expand(&self, text: &str) -> Option<Vec<String>> {
        self.expand_within(text, 0)
    }

    fn expand_within(&self, text: &str, depth: usize) -> Option<Vec<String>> {
        let Some(at) = text.find('$') else { return Some(vec![text.to_owned()]) };
        let (name, rest) = variable(&text[at..]).filter(|(name, _)| !name.is_empty())?;
        let values = self.values_of(name);
        if values.is_empty() || depth > MAX_DEPTH {
            return None;
        }
        let mut found = Vec::new();
        for value in values {
            for value in self.expand_within(value, depth + 1)? {
                for rest in self.expand_within(rest, depth + 1)? {
                    let whole = format!("{}{value}{rest}", &text[..at]);
                    if !found.contains(&whole) {
                        found.push(whole);
                    }
                    if found.len() > MAX_VALUES {
                        return None;
                    }
                }
            }
        }
        Some(found)
    }

    /// The directive `name` that is in force: of the innermost block that has one.
    pub(crate) fn one(&self, name: &str) -> Option<&'a Node> {
        self.all(name).first().copied()
    }

    /// All of that name that are in force, which are those of one block.
    pub(crate) fn all(&self, name: &str) -> Vec<&'a Node> {
        self.all_of(&[name])
    }

    /// All of these names that are in force where they are inherited together.
    pub(crate) fn all_of(&self, names: &[&str]) -> Vec<&'a Node> {
        let is_named = |node: &&Node| names.iter().any(|name| node.is(name));
        let of_level = |level: &Level<'a>| -> Vec<&'a Node> {
            level.settings.iter().copied().filter(is_named).collect()
        };
        self.0.iter().rev().map(of_level).find(|found| !found.is_empty()).unwrap_or_default()
    }
}
