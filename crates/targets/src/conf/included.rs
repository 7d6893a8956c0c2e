//! What `include` names: files beside the configuration, those of a template or a ConfigMap, or the stock files of nginx.

use std::path::Path;

use super::default_files;
use super::paths::is_glob;
use super::source::{BUILT_IN, Source, files, text};

impl Source {
    /// The files that `include pattern` names, each with its path for nginx, in nginx's (sorted) order. Stock files that the
    /// user has no copy of are built in.
    pub fn included(&self, pattern: &str) -> Vec<(String, String)> {
        let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(pattern);
        let mut found = self.origin.included(relative, &matches);
        if found.is_empty() {
            found = self.on_disk(relative);
        }
        if found.is_empty() && (self.directory.is_none() || relative == "mime.types") {
            found = built_in(relative);
        }
        self.edit(&mut found);
        match default_files::default_file(pattern) {
            Some(text) if found.is_empty() => vec![(relative.to_owned(), text.to_owned())],
            _ => found,
        }
    }

    /// Whether `include pattern` names a file that only exists on servers, so that its usual content is used.
    pub fn has_default(&self, pattern: &str) -> bool {
        let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(pattern);
        default_files::default_file(pattern).is_some() && self.on_disk(relative).is_empty()
    }

    fn on_disk(&self, relative: &str) -> Vec<(String, String)> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let found = on_disk(directory, relative);
        // The file may be in the folder that the pattern names, such as `conf.d` in a checkout.
        match relative.rsplit_once('/') {
            Some((folder, name)) if found.is_empty() && !relative.starts_with('/') => {
                let is_that = directory.canonicalize().is_ok_and(|directory| directory.ends_with(folder));
                let beside = if is_that || !is_glob(name) { on_disk(directory, name) } else { Vec::new() };
                beside.into_iter().map(|(name, text)| (format!("{folder}/{name}"), text)).collect()
            }
            _ => found,
        }
    }
}

fn on_disk(directory: &Path, pattern: &str) -> Vec<(String, String)> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    // Classes and patterns for folders are not supported: they match nothing.
    if name.contains(['[', '\\']) || folder.contains(['*', '?', '[']) {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(directory.join(folder)) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let text = matches(name, &file).then(|| text(&entry.path()).ok())??;
            Some((if folder.is_empty() { file } else { format!("{folder}/{file}") }, text))
        })
        .collect();
    files.sort();
    files
}

fn built_in(pattern: &str) -> Vec<(String, String)> {
    files(&BUILT_IN)
        .filter_map(|file| {
            let path = file.path().to_str()?;
            let same_folder = path.rsplit_once('/').map(|p| p.0) == pattern.rsplit_once('/').map(|p| p.0);
            (same_folder && matches(pattern, path))
                .then(|| Some((path.to_owned(), file.contents_utf8()?.to_owned())))?
        })
        .collect()
}

/// `*` and `?` as in glob(7), within one folder; classes are not used in practice.
fn matches(pattern: &str, name: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == name;
    }
    let expression = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    !(name.starts_with('.') && pattern.starts_with(['*', '?']))
        && regex::Regex::new(&format!("^{expression}$")).is_ok_and(|pattern| pattern.is_match(name))
}
