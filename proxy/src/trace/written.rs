//! Directives of the configuration as they were written.

use super::part::Directive;
use nginx_conf::SourceName;
use nginx_conf::model::{DirectiveId, Outline, WrittenDirective};

/// The configuration as it was written, seen from a block of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'o> {
    pub(crate) outline: &'o Outline,
    pub(crate) block: Option<DirectiveId>,
}

impl<'o> Written<'o> {
    /// A directive.
    pub(crate) fn directive(self, id: DirectiveId) -> Option<Directive> {
        let written = self.outline.get(id)?;
        let file = file(written);
        let beside = self.outline.inside(written.block);
        let alike = beside.filter(|(other, one)| {
            *other < id
                && one.is(&written.name)
                && one.line == written.line
                && one.source() == written.source()
        });
        Some(Directive {
            file,
            line: written.line,
            name: written.name.clone(),
            nth: alike.count(),
            text: written.text(),
        })
    }

    /// The block itself.
    pub(crate) fn block(self) -> Option<Directive> {
        self.directive(self.block?)
    }

    /// The directives of these names that hold here: of the innermost block that has any.
    pub(crate) fn in_force(self, names: &[&str]) -> Vec<Directive> {
        let found = self.block.map(|block| self.outline.in_force(block, names)).unwrap_or_default();
        found.into_iter().filter_map(|id| self.directive(id)).collect()
    }

    /// The first of them.
    pub(crate) fn first(self, names: &[&str]) -> Option<Directive> {
        self.in_force(names).into_iter().next()
    }

    /// The `nth` of them.
    pub(crate) fn nth(self, names: &[&str], nth: usize) -> Option<Directive> {
        self.in_force(names).into_iter().nth(nth)
    }

    /// The `nth` directive of these names in the block itself.
    pub(crate) fn own(self, names: &[&str], nth: usize) -> Option<Directive> {
        let inside = self.outline.inside(Some(self.block?));
        let (id, _) = inside.filter(|(_, one)| names.contains(&one.name.as_str())).nth(nth)?;
        self.directive(id)
    }

    /// Directives of these names that do not hold here, since the block, or one around it, has some of its own.
    pub(crate) fn overridden(self, names: &[&str]) -> Vec<Directive> {
        let found = self.block.map(|block| self.outline.overridden(block, names)).unwrap_or_default();
        found.into_iter().filter_map(|id| self.directive(id)).collect()
    }

    /// The `http` block.
    pub(crate) fn http(self) -> Option<DirectiveId> {
        self.outline.inside(None).find(|(_, one)| one.is("http")).map(|(id, _)| id)
    }

    /// The first directive of a block that fits.
    pub(crate) fn inside(
        self,
        block: DirectiveId,
        fits: impl Fn(&WrittenDirective) -> bool,
    ) -> Option<DirectiveId> {
        self.outline.inside(Some(block)).find(|(_, one)| fits(one)).map(|(id, _)| id)
    }

    /// The same configuration, seen from another block.
    pub(crate) fn from(self, block: Option<DirectiveId>) -> Written<'o> {
        Written { block, ..self }
    }
}

fn file(written: &WrittenDirective) -> String {
    match written.source() {
        SourceName::File(path) => path.to_string_lossy().into_owned(),
        SourceName::CommandLine => "command line".to_owned(),
    }
}
