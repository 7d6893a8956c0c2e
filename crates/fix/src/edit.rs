//! Edits of the user's own text: what is not touched keeps its comments, order and layout, to the byte.

use std::collections::BTreeMap;
use std::ops::Range;

use nginx_conf::edit::Edits;

use crate::conf::{Conf, Entry, Id};
use crate::files::Files;

/// One replacement in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Replacement {
    file: String,
    range: Range<usize>,
    text: String,
}

/// Edits that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    replacements: Vec<Replacement>,
}

impl Edit {
    /// The edit that `make` makes.
    pub(crate) fn made(make: impl FnOnce(&mut Edit)) -> Edit {
        let mut edit = Edit::default();
        make(&mut edit);
        edit
    }

    /// Whether nothing is edited.
    pub(crate) fn is_empty(&self) -> bool {
        self.replacements.is_empty()
    }

    /// Puts `text` in place of a range of `entry`'s file.
    pub(crate) fn replace(&mut self, entry: &Entry, range: Range<usize>, text: impl Into<String>) {
        self.replacements.push(Replacement { file: entry.file.clone(), range, text: text.into() });
    }

    /// Puts `text` in place of the `nth` argument of a directive.
    pub(crate) fn set_arg(&mut self, entry: &Entry, nth: usize, text: &str) {
        if let Some(word) = entry.args.get(nth) {
            self.replace(entry, word.span.clone(), text);
        }
    }

    /// Takes a directive away, with its line if nothing else stands there.
    pub(crate) fn remove(&mut self, files: &Files, entry: &Entry) {
        let text = files.text(&entry.file);
        let Range { start, end } = entry.span;
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let before = text[line_start..start].trim();
        let after = text[end..line_end].trim();
        let range = match (before.is_empty(), after.is_empty()) {
            (true, true) => line_start..line_end,
            // What follows comes in its place.
            (true, false) => {
                start..end + (text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len())
            }
            (false, _) => text[..start].trim_end_matches([' ', '\t']).len()..end,
        };
        self.replace(entry, range, "");
    }

    /// Puts directives behind `entry`, as it stands: on lines of their own if it has one.
    pub(crate) fn insert_after(&mut self, files: &Files, entry: &Entry, directives: &[String]) {
        let text = files.text(&entry.file);
        let end = entry.span.end;
        let rest = text[end..].split('\n').next().unwrap_or_default();
        let is_last = rest.trim().is_empty() || rest.trim_start().starts_with('#');
        match (is_last, indent(text, entry.span.start)) {
            (true, Some(indent)) => {
                let at = end + rest.trim_end_matches('\r').len();
                let newline = newline(text);
                self.replace(
                    entry,
                    at..at,
                    lines(directives, indent, newline, |line| format!("{newline}{line}")),
                );
            }
            _ => {
                let inline: String = directives.iter().map(|one| format!(" {}", joined(one))).collect();
                self.replace(entry, end..end, inline);
            }
        }
    }

    /// Puts directives in front of `entry`, as it stands.
    pub(crate) fn insert_before(&mut self, files: &Files, entry: &Entry, directives: &[String]) {
        let text = files.text(&entry.file);
        let start = entry.span.start;
        match indent(text, start) {
            Some(indent) => {
                let at = start - indent.len();
                let newline = newline(text);
                self.replace(
                    entry,
                    at..at,
                    lines(directives, indent, newline, |line| format!("{line}{newline}")),
                );
            }
            None => {
                let inline: String = directives.iter().map(|one| format!("{} ", joined(one))).collect();
                self.replace(entry, start..start, inline);
            }
        }
    }

    /// Puts directives into a block: behind the last one there that is called as one of `beside`, or else behind all.
    pub(crate) fn insert_into(
        &mut self,
        files: &Files,
        conf: &Conf,
        block: Id,
        beside: &[&str],
        directives: &[String],
    ) {
        let around = conf.get(block);
        // What an `include` has brought in stands elsewhere.
        let here =
            || around.inner.iter().rev().map(|id| conf.get(*id)).filter(|entry| entry.file == around.file);
        let alike = beside.iter().find_map(|name| here().find(|entry| entry.is(name)));
        let last = || here().find(|entry| !entry.is("location")).or_else(|| here().next());
        match (alike.or_else(last), &around.block) {
            (Some(entry), _) => self.insert_after(files, entry, directives),
            (None, Some(inside)) => {
                let inline: String = directives.iter().map(|one| format!(" {}", joined(one))).collect();
                let end = if files.text(&around.file)[inside.clone()].is_empty() { " " } else { "" };
                self.replace(around, inside.start..inside.start, inline + end);
            }
            (None, None) => {}
        }
    }

    /// The texts of the files that are changed. `None` where an edit would leave a text as it is, or two overlap.
    pub(crate) fn applied(&self, files: &Files) -> Option<BTreeMap<String, String>> {
        let mut by_file: BTreeMap<&str, Vec<&Replacement>> = BTreeMap::new();
        self.replacements.iter().for_each(|one| by_file.entry(&one.file).or_default().push(one));
        let mut texts = BTreeMap::new();
        for (file, mut replacements) in by_file {
            replacements.sort_by_key(|one| one.range.start);
            if replacements.windows(2).any(|pair| pair[0].range.end > pair[1].range.start) {
                return None;
            }
            let old = files.texts.get(file)?;
            let mut edits = Edits::default();
            replacements.iter().for_each(|one| edits.replace(one.range.clone(), one.text.clone()));
            let new = edits.apply(old);
            if new != *old {
                texts.insert(file.to_owned(), new);
            }
        }
        (!texts.is_empty()).then_some(texts)
    }
}

/// The white space in front of what stands first in its line.
fn indent(text: &str, start: usize) -> Option<&str> {
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line_start..start];
    before.trim().is_empty().then_some(before)
}

/// The line ends of a text.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Directives on lines of their own; a block may have several.
fn lines(directives: &[String], indent: &str, newline: &str, line: impl Fn(String) -> String) -> String {
    let step = if indent.contains('\t') { "\t" } else { "    " };
    let all = directives.iter().map(|directive| {
        let all: Vec<String> =
            directive.lines().map(|line| format!("{indent}{}", line.replace('\t', step))).collect();
        line(all.join(newline))
    });
    all.collect()
}

/// A directive on one line.
fn joined(directive: &str) -> String {
    directive.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hopcheck_targets::conf::Source;

    /// What `edit` makes of a text, given its files, its directives and the directive `name`.
    fn edited(text: &str, name: &str, edit: impl FnOnce(&mut Edit, &Files, &Conf, Id)) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nginx.conf");
        std::fs::write(&path, text).unwrap();
        let source = Source::read(&path).unwrap();
        let files = Files::read(&path, &source).unwrap();
        let conf = Conf::read(&files, &source).unwrap();
        let (id, _) = conf.all().find(|(_, entry)| entry.is(name)).unwrap();
        let made = Edit::made(|made| edit(made, &files, &conf, id));
        made.applied(&files).map_or_else(|| text.to_owned(), |texts| texts[files.main()].clone())
    }

    fn inserted(text: &str) -> String {
        let lines = ["proxy_http_version 1.1;".to_owned(), "if ($a) {\n\treturn 204;\n}".to_owned()];
        edited(text, "return", |edit, files, conf, id| edit.insert_after(files, conf.get(id), &lines))
    }

    #[test]
    fn what_is_inserted_is_laid_out_as_what_is_there() {
        assert_eq!(
            inserted("server {\n\treturn 404;  # gone\n}\n"),
            "server {\n\treturn 404;  # gone\n\tproxy_http_version 1.1;\n\tif ($a) {\n\t\treturn 204;\n\t}\n}\n"
        );
        assert_eq!(
            inserted("server {\r\n  return 404;\r\n}"),
            "server {\r\n  return 404;\r\n  proxy_http_version 1.1;\r\n  if ($a) {\r\n      return 204;\r\n  }\r\n}"
        );
        assert_eq!(
            inserted("server { return 404; }"),
            "server { return 404; proxy_http_version 1.1; if ($a) { return 204; } }"
        );
    }

    #[test]
    fn what_is_inserted_in_front_comes_behind_the_comment_above() {
        let before = |edit: &mut Edit, files: &Files, conf: &Conf, id: Id| {
            edit.insert_before(files, conf.get(id), &["listen 80;".to_owned()]);
        };
        assert_eq!(
            edited("server {\n  # gone\n  return 404;\n}", "return", before),
            "server {\n  # gone\n  listen 80;\n  return 404;\n}"
        );
        assert_eq!(edited("server { return 404; }", "return", before), "server { listen 80; return 404; }");
    }

    #[test]
    fn a_directive_goes_with_its_line_and_a_comment_stays() {
        let remove = |edit: &mut Edit, files: &Files, conf: &Conf, id: Id| edit.remove(files, conf.get(id));
        for (text, rest) in [
            ("server {\n  listen 80;\n  return 404;\n}\n", "server {\n  listen 80;\n}\n"),
            ("server {\r\n  return\r\n    404;\r\n}", "server {\r\n}"),
            ("server {\n  return 404; # gone\n}", "server {\n  # gone\n}"),
            ("server { listen 80; return 404; }", "server { listen 80; }"),
            ("server {\n  return 404; listen 80;\n}", "server {\n  listen 80;\n}"),
        ] {
            assert_eq!(edited(text, "return", remove), rest);
        }
    }

    #[test]
    fn a_block_without_directives_can_be_filled() {
        let into = |edit: &mut Edit, files: &Files, conf: &Conf, id: Id| {
            edit.insert_into(files, conf, id, &[], &["return 404;".to_owned()]);
        };
        assert_eq!(
            edited("server { location /a {} }", "location", into),
            "server { location /a { return 404; } }"
        );
    }

    #[test]
    fn edits_that_overlap_are_none() {
        let text = "server { return 404; }";
        let both = |edit: &mut Edit, files: &Files, conf: &Conf, id: Id| {
            edit.remove(files, conf.get(id));
            edit.set_arg(conf.get(id), 0, "403");
        };
        assert_eq!(edited(text, "return", both), text);
    }
}
