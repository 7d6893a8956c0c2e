//! What is in force somewhere: a block inside others, from which it inherits.

use crate::tree::Node;
use crate::variables::add_values;

/// A server stands in `http`, which stands in the main context.
const SERVER_LEVEL: usize = 2;

/// The blocks around a place, the outermost first, and the place itself last.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a>(Vec<&'a [Node]>);

impl<'a> Scope<'a> {
    pub(crate) fn of(outermost: &'a [Node]) -> Scope<'a> {
        Scope(vec![outermost])
    }

    /// The scope of a block inside this one.
    pub(crate) fn inside(&self, block: &'a [Node]) -> Scope<'a> {
        let mut levels = self.0.clone();
        levels.push(block);
        Scope(levels)
    }

    /// The directives of the place itself.
    pub(crate) fn own(&self) -> &'a [Node] {
        self.0.last().copied().unwrap_or_default()
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
        let mut levels = self.0.iter().rev().flat_map(|level| level.iter());
        levels.find(|node| node.is("location") && node.arg(0) == name)
    }

    /// The directives of the server around it.
    pub(crate) fn server(&self) -> &'a [Node] {
        self.0.get(SERVER_LEVEL).copied().unwrap_or_default()
    }

    /// The scope of the server around it.
    pub(crate) fn of_server(&self) -> Scope<'a> {
        Scope(self.0.iter().take(SERVER_LEVEL + 1).copied().collect())
    }

    /// The values that a variable is given by the blocks around it.
    pub(crate) fn values_of(&self, name: &str) -> Vec<&'a str> {
        let mut values = Vec::new();
        self.0.iter().for_each(|level| add_values(level, name, &mut values));
        values
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
        let of_level = |level: &&'a [Node]| -> Vec<&'a Node> { level.iter().filter(is_named).collect() };
        self.0.iter().rev().map(of_level).find(|found| !found.is_empty()).unwrap_or_default()
    }
}
