//! The directives of a configuration as nginx comes by them, includes in place, each with its place in the user's own text.

use std::ops::Range;

use hopcheck_targets::conf::Source;
use nginx_conf::syntax::{Directive, Word, parse};

use crate::files::Files;

/// Deeper than any real configuration.
const MAX_INCLUDE_DEPTH: usize = 100;

/// More than any real configuration has.
const MAX_DIRECTIVES: usize = 200_000;

/// Where a directive is among all.
pub(crate) type Id = usize;

/// A directive where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The name of its file.
    pub(crate) file: String,
    /// The block around it; `None` in the main context, and of a bare `server`.
    pub(crate) parent: Option<Id>,
    /// Its name.
    pub(crate) name: Word,
    /// Its arguments.
    pub(crate) args: Vec<Word>,
    /// From its name to its `;` or `}`.
    pub(crate) span: Range<usize>,
    /// What is between its braces.
    pub(crate) block: Option<Range<usize>>,
    /// The directives in its block, in order.
    pub(crate) inner: Vec<Id>,
}

impl Entry {
    /// Whether it is called `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.text == name
    }

    /// The value of its `nth` argument; empty if it has fewer.
    pub(crate) fn arg(&self, nth: usize) -> &str {
        self.args.get(nth).map_or("", |word| word.text.as_str())
    }

    /// Its name and arguments as they are written.
    pub(crate) fn head(&self) -> String {
        let args = self.args.iter().map(|word| word.raw.as_str());
        std::iter::once(self.name.raw.as_str()).chain(args).collect::<Vec<_>>().join(" ")
    }
}

/// The directives of a configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conf {
    entries: Vec<Entry>,
}

impl Conf {
    /// Reads `files`; `source` tells what is included. `None` where nginx could not take them apart.
    pub(crate) fn read(files: &Files, source: &Source) -> Option<Conf> {
        let mut conf = Conf::default();
        conf.add_file(files, source, files.main(), None, 0)?;
        Some(conf)
    }

    fn add_file(
        &mut self,
        files: &Files,
        source: &Source,
        name: &str,
        parent: Option<Id>,
        depth: usize,
    ) -> Option<()> {
        let directives = parse(files.text(name), name).ok()?;
        self.add(files, source, &directives, name, parent, depth)
    }

    fn add(
        &mut self,
        files: &Files,
        source: &Source,
        directives: &[Directive],
        file: &str,
        parent: Option<Id>,
        depth: usize,
    ) -> Option<()> {
        for directive in directives {
            if self.entries.len() >= MAX_DIRECTIVES || depth >= MAX_INCLUDE_DEPTH {
                return None;
            }
            if let (true, Some(pattern)) = (directive.is("include"), directive.arg(0)) {
                for (name, _) in source.included(pattern) {
                    if files.texts.contains_key(&name) {
                        self.add_file(files, source, &name, parent, depth + 1)?;
                    }
                }
                continue;
            }
            let id = self.entries.len();
            self.entries.push(Entry {
                file: file.to_owned(),
                parent,
                name: directive.name.clone(),
                args: directive.args.clone(),
                span: directive.span.clone(),
                block: directive.block.as_ref().map(|block| block.span.clone()),
                inner: Vec::new(),
            });
            if let Some(parent) = parent {
                self.entries[parent].inner.push(id);
            }
            self.add(files, source, directive.inner(), file, Some(id), depth)?;
        }
        Some(())
    }

    /// The directive `id`.
    pub(crate) fn get(&self, id: Id) -> &Entry {
        &self.entries[id]
    }

    /// Every directive, each before those in its block.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Id, &Entry)> {
        self.entries.iter().enumerate()
    }

    /// The directives of the main context, where a bare `server` stands, too.
    fn outermost(&self) -> Vec<Id> {
        self.all().filter(|(_, entry)| entry.parent.is_none()).map(|(id, _)| id).collect()
    }

    /// The directives in a block; of the main context for `None`.
    pub(crate) fn inner(&self, block: Option<Id>) -> Vec<Id> {
        block.map_or_else(|| self.outermost(), |id| self.get(id).inner.clone())
    }

    /// The first directive `name` in a block.
    pub(crate) fn own(&self, block: Id, name: &str) -> Option<Id> {
        self.get(block).inner.iter().copied().find(|id| self.get(*id).is(name))
    }

    /// The block and those around it, the innermost first, and the main context last.
    pub(crate) fn levels(&self, block: Id) -> Vec<Option<Id>> {
        let mut levels = vec![Some(block)];
        let mut at = block;
        while let Some(parent) = self.get(at).parent {
            levels.push(Some(parent));
            at = parent;
        }
        levels.push(None);
        levels
    }

    /// The directives `name` that are in force in a block: those of the innermost level that has any.
    pub(crate) fn in_force(&self, block: Id, name: &str) -> Vec<Id> {
        let of_level = |level: Option<Id>| -> Vec<Id> {
            self.inner(level).into_iter().filter(|id| self.get(*id).is(name)).collect()
        };
        self.levels(block).into_iter().map(of_level).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Those that would be in force if the block had none of its own.
    pub(crate) fn inherited(&self, block: Id, name: &str) -> Vec<Id> {
        match self.get(block).parent {
            Some(parent) => self.in_force(parent, name),
            None => self.outermost().into_iter().filter(|id| self.get(*id).is(name)).collect(),
        }
    }

    /// The servers, in order.
    pub(crate) fn servers(&self) -> Vec<Id> {
        let is_server = |entry: &Entry| {
            entry.is("server")
                && entry.block.is_some()
                && entry.parent.is_none_or(|parent| self.get(parent).is("http"))
        };
        self.all().filter(|(_, entry)| is_server(entry)).map(|(id, _)| id).collect()
    }

    /// The locations of a server, nested ones included, in order.
    pub(crate) fn locations(&self, server: Id) -> Vec<Id> {
        let is_inside = |id: Id| self.levels(id).contains(&Some(server));
        let locations = self.all().filter(|(id, entry)| entry.is("location") && is_inside(*id));
        locations.map(|(id, _)| id).collect()
    }

    /// The upstream of that name.
    pub(crate) fn upstream(&self, name: &str) -> Option<Id> {
        let is_it = |entry: &Entry| entry.is("upstream") && entry.arg(0).eq_ignore_ascii_case(name);
        self.all().find(|(_, entry)| is_it(entry)).map(|(id, _)| id)
    }
}
