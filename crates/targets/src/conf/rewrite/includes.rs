//! Following `include`: what is included is read, surveyed and rewritten like the file itself.

use std::io;
use std::rc::Rc;

use nginx_conf::edit::Edits;
use nginx_conf::syntax::{Directive, parse};

use super::{IncludedFile, MAX_INCLUDES, Walker};
use crate::conf::paths::is_glob;
use crate::conf::proxy_pass::declared_group;

impl Walker<'_> {
    /// The files that `include pattern` names; read and parsed once.
    pub(super) fn files(&mut self, pattern: &str) -> Rc<[IncludedFile]> {
        if let Some(known) = self.files.get(pattern) {
            return Rc::clone(known);
        }
        let read =
            |(name, text): (String, String)| IncludedFile { parsed: parse(&text, &name).ok(), name, text };
        let files: Rc<[IncludedFile]> =
            self.rewriter.source.included(pattern).into_iter().map(read).collect();
        if files.is_empty() && !is_glob(pattern) {
            self.out.missing.push(pattern.to_owned());
        }
        self.files.insert(pattern.to_owned(), Rc::clone(&files));
        files
    }

    /// Collects the names of upstreams, and the variables used as app servers.
    pub(super) fn survey(&mut self, directives: &[Directive], block: Option<&Directive>) -> io::Result<()> {
        for directive in directives {
            self.hosts.note(directive, block);
            self.note_tls(directive, block);
            self.note_names(directive);
            self.resolves |=
                directive.is("server") && directive.args.iter().any(|word| word.text == "resolve");
            self.upstreams.extend(declared_group(directive, block).map(str::to_ascii_lowercase));
            match block.map(|block| block.name.text.as_str()) {
                None => drop(self.said[0].insert(directive.name.text.clone())),
                Some("http") => drop(self.said[1].insert(directive.name.text.clone())),
                Some(_) => {}
            }
            if let (true, Some(pattern)) = (directive.is("include"), directive.arg(0)) {
                let files = self.enter(pattern)?;
                self.may_look_up |= files.is_empty();
                for parsed in files.iter().filter_map(|file| file.parsed.as_ref()) {
                    self.survey(parsed, block)?;
                }
                self.including.pop();
            }
            self.survey(directive.inner(), Some(directive))?;
        }
        Ok(())
    }

    /// Follows `include pattern`, unless that makes a cycle.
    pub(super) fn enter(&mut self, pattern: &str) -> io::Result<Rc<[IncludedFile]>> {
        self.includes += 1;
        if self.including.iter().any(|outer| outer == pattern) {
            return Err(io::Error::other(format!(
                "not run: `include {pattern}` includes itself\n  help: one of its files includes the same pattern again"
            )));
        }
        if self.includes > MAX_INCLUDES {
            return Err(io::Error::other(format!("not run: more than {MAX_INCLUDES} `include`s")));
        }
        self.including.push(pattern.to_owned());
        Ok(self.files(pattern))
    }

    /// Included files are rewritten too, and written where the rewritten `include` looks for them.
    pub(super) fn include(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        block: Option<&Directive>,
    ) -> io::Result<()> {
        let Some(pattern) = directive.args.first() else { return Ok(()) };
        let files = self.enter(&pattern.text)?;
        if self.rewriter.source.has_default(&pattern.text) {
            self.out.notes.push(format!("{} is not on this machine -> its usual content", pattern.text));
        }
        let head = block.map_or_else(String::new, Directive::head);
        let mut names = Vec::new();
        for IncludedFile { name, text, parsed } in files.iter() {
            let mut inner = Edits::default();
            let outer = std::mem::replace(&mut self.file, name.clone());
            for directive in parsed.iter().flatten() {
                self.directive(directive, text, &mut inner, block)?;
            }
            self.file = outer;
            let text = inner.apply(text);
            // Its meaning depends on its context; what may stand in a server and in its locations means the same there.
            let kind = |head: &str| match head.split(' ').next().unwrap_or_default() {
                "http" | "location" | "if" => "server".to_owned(),
                other => other.to_owned(),
            };
            let around = self.out.around.entry(name.clone()).or_insert_with(|| head.clone());
            let is_same =
                kind(around) == kind(&head) && self.out.included.get(name).is_none_or(|known| *known == text);
            if !is_same {
                return Err(io::Error::other(format!(
                    "not run: {name} is included in several places, with different results\n  help: use a separate file for each"
                )));
            }
            names.push(format!("include {};", self.place(name)));
            self.out.included.insert(name.clone(), text);
        }
        self.including.pop();
        match (names.is_empty(), is_glob(&pattern.text)) {
            // The engine reports that it is missing.
            (true, false) => self.put(directive, edits, pattern.span.clone(), self.place(&pattern.text)),
            (true, true) => edits.blank(text, directive.span.clone()),
            // Each by its name, so that no pattern is left for the engine to expand.
            (false, _) => self.put(directive, edits, directive.span.clone(), names.join(" ")),
        }
        Ok(())
    }
}
