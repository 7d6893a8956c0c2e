//! Following `include`: what is included is read, surveyed and rewritten like the file itself.

use std::io;
use std::path::Path;
use std::rc::Rc;

use nginx_conf::edit::Edits;
use nginx_conf::syntax::{Directive, Word, parse};

use super::{IncludedFile, MAX_INCLUDES, Walker};
use crate::conf::include::Include;
use crate::conf::paths::{is_glob, place_included};
use crate::conf::proxy_pass::{port_by_variable, server_by_variables};
use crate::conf::words::quoted;

impl Walker<'_> {
    /// The files that an `include` names; read and parsed once.
    fn files(&mut self, include: Include) -> io::Result<Rc<[IncludedFile]>> {
        if let Some(known) = self.files.get(&include.pattern) {
            return Ok(Rc::clone(known));
        }
        let read =
            |(name, text): (String, String)| IncludedFile { parsed: parse(&text, &name).ok(), name, text };
        let included = self.rewriter.source.read_included(&include.pattern).map_err(|error| {
            io::Error::other(format!(
                "not run: {include} names a file that cannot be read\n    {error}\n  help: it affects what the site does"
            ))
        })?;
        let files: Rc<[IncludedFile]> = included.into_iter().map(read).collect();
        self.files.insert(include.pattern.clone(), Rc::clone(&files));
        if files.is_empty() && !is_glob(&include.pattern) {
            self.out.missing.push(include);
        }
        Ok(files)
    }

    /// Collects the names of upstreams, and the variables used as app servers.
    pub(super) fn survey(&mut self, directives: &[Directive], block: Option<&Directive>) -> io::Result<()> {
        for directive in directives {
            self.known.note(directive, block);
            let url = directive.arg(0).filter(|_| directive.is("proxy_pass"));
            let server = url.and_then(server_by_variables).map(|(_, server, _)| server);
            let server = server.or_else(|| url.and_then(port_by_variable).map(|(_, server, ..)| server));
            self.servers.extend(server.map(str::to_owned));
            self.note_tls(directive, block);
            self.note_names(directive);
            self.resolves |=
                directive.is("server") && directive.args.iter().any(|word| word.text == "resolve");
            match block.map(|block| block.name.text.as_str()) {
                None => drop(self.said[0].insert(directive.name.text.clone())),
                Some("http") => drop(self.said[1].insert(directive.name.text.clone())),
                Some(_) => {}
            }
            if let (true, Some(pattern)) = (directive.is("include"), directive.args.first()) {
                let files = self.enter(pattern)?;
                self.may_look_up |= files.is_empty();
                for file in files.iter() {
                    let outer = std::mem::replace(&mut self.file, file.name.clone());
                    self.survey(file.parsed.as_deref().unwrap_or_default(), block)?;
                    self.file = outer;
                }
                self.including.pop();
            }
            self.survey(directive.inner(), Some(directive))?;
        }
        Ok(())
    }

    /// Follows the `include` of a pattern, unless that makes a cycle.
    pub(super) fn enter(&mut self, pattern: &Word) -> io::Result<Rc<[IncludedFile]>> {
        let file = self.rewriter.source.origin.name_of(&self.file);
        let is_of_directory = self.file == self.rewriter.source.name && Path::new(&self.file).is_dir();
        let place = (!is_of_directory).then(|| format!("{file}:{}", pattern.line));
        let include = Include { pattern: pattern.text.clone(), place };
        self.includes += 1;
        if self.including.contains(&include.pattern) {
            return Err(io::Error::other(format!(
                "not run: {include} includes itself\n  help: one of its files includes the same pattern again"
            )));
        }
        if self.includes > MAX_INCLUDES {
            return Err(io::Error::other(format!("not run: {include} is one of more than {MAX_INCLUDES}")));
        }
        self.including.push(include.pattern.clone());
        self.files(include)
    }

    /// Included files are rewritten too, and written where the rewritten `include` looks for them.
    pub(super) fn include(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        block: Option<&Directive>,
    ) -> io::Result<()> {
        let [pattern] = &directive.args[..] else {
            self.mistaken(directive, "invalid number of arguments in \"include\" directive");
            return Ok(());
        };
        let files = self.enter(pattern)?;
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
            let placed = place_included(self.rewriter.scratch.path(), name);
            names.push(format!("include {};", quoted(&placed.display().to_string())));
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
