//! The files that a user has written: the configuration, and what it includes from beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hopcheck_targets::conf::Source;
use nginx_conf::syntax::{parse, walk};

use crate::error::FixError;
use crate::made;

/// More than any real configuration includes.
const MAX_FILES: usize = 500;

/// Larger than any configuration.
const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// The texts of a configuration that may be edited, by the names that the reader of it uses.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    main: String,
    paths: Arc<BTreeMap<String, PathBuf>>,
    /// Of a file that is filled in before nginx reads it: the user's own text, and what was made of it.
    made: Arc<BTreeMap<String, Made>>,
    pub(crate) texts: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Made {
    own: String,
    filled: String,
}

impl Files {
    /// Reads `conf` and what `source`, which was read from it, includes. What is built in, as `mime.types`, is left out.
    pub(crate) fn read(conf: &Path, source: &Source) -> Result<Files, FixError> {
        let mut files = Files {
            main: source.name.clone(),
            paths: Arc::default(),
            made: Arc::default(),
            texts: BTreeMap::new(),
        };
        let mut pending = vec![(source.name.clone(), conf.to_owned())];
        // What includes all files of a directory is not the user's, and there is nothing in it to be mended.
        if conf.is_dir() {
            files.texts.insert(source.name.clone(), source.text.clone());
            pending = included_in(&source.text, source);
        }
        let mut paths = BTreeMap::new();
        while let Some((name, path)) = pending.pop() {
            if paths.contains_key(&name) || paths.len() >= MAX_FILES {
                continue;
            }
            let unreadable = |reason: String| FixError::Read { path: path.clone(), reason };
            let bytes = nginx_conf::read_regular_file(&path, MAX_FILE_SIZE)
                .map_err(|error| unreadable(error.to_string()))?;
            let text =
                String::from_utf8(bytes).map_err(|_| unreadable("it is not written in UTF-8".to_owned()))?;
            let is_made = name == source.name && source.origin.is_made();
            let read = if is_made { &source.text } else { &text };
            pending.extend(included_in(read, source));
            paths.insert(name.clone(), path);
            if is_made {
                let made = Made { own: text, filled: source.text.clone() };
                files.texts.insert(name.clone(), made.filled.clone());
                files.made = Arc::new(BTreeMap::from([(name, made)]));
            } else {
                files.texts.insert(name, text);
            }
        }
        files.paths = Arc::new(paths);
        Ok(files)
    }

    /// The same files with other texts.
    pub(crate) fn with(&self, texts: BTreeMap<String, String>) -> Files {
        Files { texts, ..self.clone() }
    }

    /// The name of the main file.
    pub(crate) fn main(&self) -> &str {
        &self.main
    }

    /// Where a file lies.
    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        self.paths.get(name).map(PathBuf::as_path)
    }

    /// `text`, which a file is to have for nginx, as the user would write it; `None` where that cannot be, for what is filled in
    /// or no file of the user's.
    pub(crate) fn as_written(&self, name: &str, text: &str) -> Option<String> {
        if !self.paths.contains_key(name) && text != self.text(name) {
            return None;
        }
        match self.made.get(name) {
            Some(Made { own, filled }) => made::carried_over(own, filled, text),
            None => Some(text.to_owned()),
        }
    }

    /// The text of a file.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }
}

/// The files that a text includes, by the names that the reader of `source` uses, without what is built in.
fn included_in(text: &str, source: &Source) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for directive in walk(&parse(text, &source.name).unwrap_or_default()) {
        let pattern = directive.arg(0).filter(|_| directive.is("include")).unwrap_or_default();
        let names = source.included(pattern).into_iter().map(|(name, _)| name);
        found.extend(names.filter_map(|name| Some((name.clone(), source.path_of(&name)?))));
    }
    found
}
