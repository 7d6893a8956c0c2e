//! Files that are not on disk as nginx reads them: filled in from templates, or taken out of a ConfigMap.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hopcheck_site::Line;
use hopcheck_templates::{ConfFile, ConfFiles};
use nginx_conf::syntax::parse;
use regex::Regex;

use super::default_files::STOCK_CONF_HEAD;

/// The files of a configuration that was made from something else.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    files: Vec<ConfFile>,
    is_made: bool,
    /// The lines with something filled in, by what the author calls the file.
    filled_lines: BTreeMap<String, BTreeSet<usize>>,
    /// Which value came from where.
    pub notes: Vec<String>,
    /// What a reader should know first.
    pub warnings: Vec<String>,
    /// What is wrong with the addresses in them.
    pub address_warnings: Vec<String>,
    /// Why nginx does not start, if that is known.
    pub refused: Option<String>,
}

/// The main file of a configuration.
pub(super) struct MainFile {
    pub(super) text: String,
    pub(super) name: String,
}

impl Origin {
    /// A finished file, of which this is to be said.
    pub(super) fn finished(address_warnings: Vec<String>) -> Origin {
        Origin { address_warnings, ..Origin::default() }
    }

    /// Whether nginx reads something else than what the user has written.
    pub fn is_made(&self) -> bool {
        self.is_made
    }

    /// Whether something in this line was filled in, and may be another elsewhere.
    pub fn is_filled_in(&self, line: &Line) -> bool {
        self.filled_lines.get(&line.file).is_some_and(|lines| lines.contains(&line.line))
    }

    /// The main file among those that came of `path`, and the others.
    pub(super) fn of(files: ConfFiles, path: &Path) -> (MainFile, Origin) {
        let ConfFiles { mut files, notes, warnings, address_warnings, refused } = files;
        let mut filled_lines = BTreeMap::<String, BTreeSet<usize>>::new();
        for file in &files {
            filled_lines.entry(file.origin.clone()).or_default().extend(&file.filled_lines);
        }
        let main = match files.iter().position(is_whole) {
            Some(nth) => {
                let ConfFile { origin, text, .. } = files.remove(nth);
                MainFile { text, name: origin }
            }
            None if files.len() == 1 => {
                let ConfFile { origin, text, .. } = files.remove(0);
                MainFile { text, name: origin }
            }
            // What the stock nginx.conf does with them.
            None => MainFile {
                text: format!("{STOCK_CONF_HEAD}include /etc/nginx/conf.d/*.conf; }}\n"),
                name: path.display().to_string(),
            },
        };
        (main, Origin { files, is_made: true, filled_lines, notes, warnings, address_warnings, refused })
    }

    /// The files that `include` of a path below `/etc/nginx` names, each with its path for nginx.
    pub(super) fn included(
        &self,
        relative: &str,
        matches: &dyn Fn(&str, &str) -> bool,
    ) -> Vec<(String, String)> {
        let found = |is: &dyn Fn(&ConfFile) -> bool| -> Vec<(String, String)> {
            let files = self.files.iter().filter(|file| is(file));
            files.map(|file| (file.path.clone(), file.text.clone())).collect()
        };
        let (folder, name) = relative.rsplit_once('/').unwrap_or(("", relative));
        let is_there = |file: &ConfFile| {
            let (its_folder, its_name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            folder == its_folder && matches(name, its_name)
        };
        match found(&is_there) {
            // Where a ConfigMap is mounted, it does not say.
            none if none.is_empty() => found(&|file| {
                let its_name = file.path.rsplit('/').next().unwrap_or_default();
                !name.starts_with('*') && matches(name, its_name)
            }),
            found => found,
        }
    }

    /// What the author calls the file that nginx knows by `path`.
    pub fn name_of<'a>(&'a self, path: &'a str) -> &'a str {
        self.files.iter().find(|file| file.path == path).map_or(path, |file| &file.origin)
    }

    /// `text` with the authors' names of files in place of nginx's.
    pub(crate) fn with_origins(&self, text: &str) -> String {
        if self.files.is_empty() {
            return text.to_owned();
        }
        let paths: Vec<String> = self.files.iter().map(|file| regex::escape(&file.path)).collect();
        let Ok(place) = Regex::new(&format!(r"(?:/etc/nginx/)?\b({}):(\d+)", paths.join("|"))) else {
            return text.to_owned();
        };
        let named = |found: &regex::Captures<'_>| format!("{}:{}", self.name_of(&found[1]), &found[2]);
        place.replace_all(text, named).into_owned()
    }
}

/// Whether it is a whole `nginx.conf`.
fn is_whole(file: &ConfFile) -> bool {
    parse(&file.text, &file.origin).is_ok_and(|directives| {
        directives.iter().any(|directive| directive.is("events") || directive.is("http"))
    })
}
