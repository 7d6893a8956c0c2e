//! What is in force somewhere: a block inside others, from which it inherits.

use crate::tree::Node;

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

    /// The directive `name` that is in force: of the innermost block that has one.
    pub(crate) fn one(&self, name: &str) -> Option<&'a Node> {
        self.all(name).first().copied()
    }

    /// All of that name that are in force, which are those of one block.
    pub(crate) fn all(&self, name: &str) -> Vec<&'a Node> {
        let of_level =
            |level: &&'a [Node]| -> Vec<&'a Node> { level.iter().filter(|node| node.is(name)).collect() };
        self.0.iter().rev().map(of_level).find(|found| !found.is_empty()).unwrap_or_default()
    }
}
