//! The directives as they were written, each with its place: for whoever tells which line decided something.

use crate::directive::Directive;
use crate::source::{SourceName, Span};

/// The number of a directive in an [`Outline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectiveId(usize);

/// Every directive of a configuration in the order they were read, files that are included in place of their `include`.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    directives: Vec<WrittenDirective>,
}

/// A directive, or an entry of a block of data (`map`, `types`), as it was written.
#[derive(Debug, Clone)]
pub struct WrittenDirective {
    /// The block that it stands in; `None` in the main context.
    pub block: Option<DirectiveId>,
    /// Its name, or the first word of an entry.
    pub name: String,
    /// The words behind that, without their quotes.
    pub args: Vec<String>,
    /// The line of its first word, counted from 1.
    pub line: usize,
    span: Span,
    /// The number after that of the last directive inside it.
    end: usize,
}

impl WrittenDirective {
    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Where it was read from.
    pub fn source(&self) -> &SourceName {
        &self.span.source.name
    }

    /// Its words as they were written, quotes included, without the `;` or the block.
    pub fn text(&self) -> String {
        self.span.text()
    }
}

impl Outline {
    /// The directive of that number.
    pub fn get(&self, id: DirectiveId) -> Option<&WrittenDirective> {
        self.directives.get(id.0)
    }

    /// The directives that stand in a block, without those of blocks inside it; of the main context for `None`.
    pub fn inside(
        &self,
        block: Option<DirectiveId>,
    ) -> impl Iterator<Item = (DirectiveId, &WrittenDirective)> {
        let range = match block {
            Some(id) => id.0 + 1..self.get(id).map_or(id.0 + 1, |directive| directive.end),
            None => 0..self.directives.len(),
        };
        let first = range.start;
        let inside = self.directives.get(range).unwrap_or_default().iter().enumerate();
        inside
            .filter(move |(_, directive)| directive.block == block)
            .map(move |(nth, directive)| (DirectiveId(first + nth), directive))
    }

    /// A block and those around it, the innermost first.
    pub fn blocks(&self, innermost: DirectiveId) -> impl Iterator<Item = DirectiveId> {
        std::iter::successors(Some(innermost), |id| self.get(*id)?.block)
    }

    /// The directives of these names in a block; where it has none, in the next one around it that has. So nginx inherits
    /// directives that may be repeated (`add_header`), and all others, too.
    pub fn in_force(&self, block: DirectiveId, names: &[&str]) -> Vec<DirectiveId> {
        self.by_block(block, names).next().unwrap_or_default()
    }

    /// Those further out, which are not inherited because of those in force.
    pub fn overridden(&self, block: DirectiveId, names: &[&str]) -> Vec<DirectiveId> {
        self.by_block(block, names).skip(1).flatten().collect()
    }

    /// The directives of these names, by the blocks that have any, the innermost first.
    fn by_block(&self, block: DirectiveId, names: &[&str]) -> impl Iterator<Item = Vec<DirectiveId>> {
        let named = move |block| -> Vec<DirectiveId> {
            let inside = self.inside(Some(block));
            inside.filter(|(_, one)| names.contains(&one.name.as_str())).map(|(id, _)| id).collect()
        };
        self.blocks(block).map(named).filter(|named| !named.is_empty())
    }

    /// Adds a directive of a block, which may go on until [`Outline::end`].
    pub(crate) fn push(&mut self, directive: &Directive, block: Option<DirectiveId>) -> Option<DirectiveId> {
        let (first, last) = (directive.words.first()?, directive.words.last()?);
        let id = DirectiveId(self.directives.len());
        self.directives.push(WrittenDirective {
            block,
            name: first.text.clone(),
            args: directive.arguments().iter().map(|word| word.text.clone()).collect(),
            line: directive.line,
            span: first.span.through(&last.span),
            end: id.0 + 1,
        });
        Some(id)
    }

    /// Notes that the block of a directive has ended.
    pub(crate) fn end(&mut self, id: Option<DirectiveId>) {
        let end = self.directives.len();
        if let Some(directive) = id.and_then(|id| self.directives.get_mut(id.0)) {
            directive.end = end;
        }
    }
}
