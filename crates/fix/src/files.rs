//! The files that a user has written: the configuration, and what it includes from beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hopcheck_targets::conf::Source;
use nginx_conf::syntax::{parse, walk};

use crate::error::FixError;

/// More than any real configuration includes.
const MAX_FILES: usize = 500;

/// Larger than any configuration.
const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// The texts of a configuration that may be edited, by the names that the reader of it uses.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    main: String,
    paths: Arc<BTreeMap<String, PathBuf>>,
    pub(crate) texts: BTreeMap<String, String>,
}

impl Files {
    /// Reads `conf` and what `source`, which was read from it, includes. What is built in, as `mime.types`, is left out.
    pub(crate) fn read(conf: &Path, source: &Source) -> Result<Files, FixError> {
        let mut files = Files { main: source.name.clone(), paths: Arc::default(), texts: BTreeMap::new() };
        let mut pending = vec![(source.name.clone(), conf.to_owned())];
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
            for directive in walk(&parse(&text, &name).unwrap_or_default()) {
                let pattern = directive.arg(0).filter(|_| directive.is("include")).unwrap_or_default();
                let included = source.included(pattern).into_iter().map(|(name, _)| name);
                pending.extend(included.filter_map(|name| Some((name.clone(), source.path_of(&name)?))));
            }
            paths.insert(name.clone(), path);
            files.texts.insert(name, text);
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

    /// The text of a file.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }
}
