//! What `include` names: files beside the configuration, those of a template or a ConfigMap, or the stock files of nginx.

use std::io;
use std::path::{Path, PathBuf};

use glob::Pattern;

use super::default_files;
use super::paths::is_glob;
use super::source::{BUILT_IN, Source, files, text};

impl Source {
    /// The files that `include pattern` names, each with its path for nginx, in nginx's (sorted) order. Stock files that the
    /// user has no copy of are built in.
    pub fn included(&self, pattern: &str) -> Vec<(String, String)> {
        self.read_included(pattern).unwrap_or_default()
    }

    /// The same as [`Source::included`].
    ///
    /// # Errors
    /// When there is one that cannot be read, with its name.
    pub(super) fn read_included(&self, pattern: &str) -> io::Result<Vec<(String, String)>> {
        let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(pattern);
        let mut found = self.origin.included(relative, &matches);
        if found.is_empty() {
            found = self.on_disk(relative)?;
        }
        if found.is_empty() && (self.directory.is_none() || relative == "mime.types") {
            found = built_in(relative);
        }
        self.edit(&mut found);
        Ok(match default_files::default_file(pattern) {
            Some(text) if found.is_empty() => vec![(relative.to_owned(), text.to_owned())],
            _ => found,
        })
    }

    /// Whether `include pattern` names a file that only exists on servers, so that its usual content is used.
    pub fn has_default(&self, pattern: &str) -> bool {
        let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(pattern);
        default_files::default_file(pattern).is_some()
            && self.on_disk(relative).is_ok_and(|found| found.is_empty())
    }

    fn on_disk(&self, relative: &str) -> io::Result<Vec<(String, String)>> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let found = on_disk(directory, relative)?;
        // The file may be in the folder that the pattern names, such as `conf.d` in a checkout.
        match relative.rsplit_once('/') {
            Some((folder, name)) if found.is_empty() && !relative.starts_with('/') => {
                let is_that = directory.canonicalize().is_ok_and(|directory| directory.ends_with(folder));
                let beside =
                    if is_that || !is_glob(relative) { on_disk(directory, name)? } else { Vec::new() };
                Ok(beside.into_iter().map(|(name, text)| (format!("{folder}/{name}"), text)).collect())
            }
            _ => Ok(found),
        }
    }
}

/// The files that `pattern` names in `directory`, each with its path from there.
fn on_disk(directory: &Path, pattern: &str) -> io::Result<Vec<(String, String)>> {
    let paths = match is_glob(pattern) {
        true => {
            let pattern = Path::new(pattern);
            let escaped = Pattern::escape(&directory.to_string_lossy());
            nginx_conf::glob(&Path::new(&escaped).join(pattern))
                .into_iter()
                .collect::<io::Result<Vec<_>>>()?
        }
        false => Some(directory.join(pattern)).into_iter().filter(|path| path.exists()).collect(),
    };
    let named = |path: PathBuf| {
        let name = path.strip_prefix(directory).unwrap_or(&path).to_string_lossy().into_owned();
        match text(&path) {
            Ok(text) => Ok((name, text)),
            Err(error) => Err(io::Error::other(format!("{name}: {error}"))),
        }
    };
    paths.into_iter().map(named).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of an `include` of this pattern beside these files.
    fn included(pattern: &str, names: &[&str]) -> Result<Vec<String>, String> {
        let directory = tempfile::tempdir().unwrap();
        for name in names {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match name.ends_with('/') {
                true => std::fs::create_dir(path).unwrap(),
                false => std::fs::write(path, "# nothing\n").unwrap(),
            }
        }
        let path = directory.path().join("nginx.conf");
        std::fs::write(&path, format!("events {{ }}\nhttp {{\n    include {pattern};\n}}\n")).unwrap();
        let source = Source::read(&path).map_err(|error| error.to_string())?;
        Ok(source.included(pattern).into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn patterns_name_what_they_do_for_nginx() {
        let names = ["a/one.conf", "b/two.conf", "b/.three.conf", "b/Four.conf", "c/five.txt", "six.conf"];
        let found = |pattern: &str| included(pattern, &names).unwrap();
        assert_eq!(found("[ab]/*.conf"), ["a/one.conf", "b/Four.conf", "b/two.conf"]);
        assert_eq!(found("?/[a-z]*.conf"), ["a/one.conf", "b/two.conf"]);
        assert_eq!(found("/etc/nginx/b/t*.conf"), ["b/two.conf"]);
        assert_eq!(found("**/six.conf"), [""; 0]);
    }

    #[test]
    fn nothing_is_run_without_a_file_that_it_includes() {
        let error = included("a/*.conf", &["a/one.conf", "a/two.conf/"]).unwrap_err();
        assert!(error.contains("`include a/*.conf` in "), "{error}");
        assert!(error.contains("nginx.conf:3 names a file that cannot be read"), "{error}");
        assert!(error.contains("a/two.conf: not a regular file"), "{error}");
        let error = included("a/one.conf", &["a/"]).unwrap_err();
        assert!(error.contains("nginx.conf:3 names a file that does not exist"), "{error}");
    }
}
