//! What `include` names: files beside the configuration, those of a template or a ConfigMap, or the stock files of nginx.

use std::io;
use std::path::{Component, Path, PathBuf};

use glob::Pattern;

use super::default_files;
use super::paths::is_glob;
use super::source::{BUILT_IN, Source, files, text};

impl Source {
    /// The files that `include pattern` names, each with its path for nginx, in nginx's (sorted) order. Stock files that the
    /// user has no copy of are built in; those that cannot be read are left out.
    pub fn included(&self, pattern: &str) -> Vec<(String, String)> {
        let found = self.files_of(pattern).into_iter();
        found.filter_map(|IncludedFile { name, text }| Some((name, text.ok()?))).collect()
    }

    /// The same as [`Source::included`].
    ///
    /// # Errors
    /// When there is one that cannot be read, with its name.
    pub(super) fn read_included(&self, pattern: &str) -> io::Result<Vec<(String, String)>> {
        let read = |IncludedFile { name, text }| match text {
            Ok(text) => Ok((name, text)),
            Err(error) => Err(io::Error::other(format!("{name}: {error}"))),
        };
        self.files_of(pattern).into_iter().map(read).collect()
    }

    fn files_of(&self, pattern: &str) -> Vec<IncludedFile> {
        let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(pattern);
        let of_texts = |texts: Vec<(String, String)>| texts.into_iter().map(IncludedFile::of).collect();
        let mut found: Vec<IncludedFile> = of_texts(self.origin.included(relative, &matches));
        if found.is_empty() {
            found = self.on_disk(relative);
        }
        if found.is_empty() && (self.directory.is_none() || relative == "mime.types") {
            found = of_texts(built_in(relative));
        }
        for IncludedFile { name, text } in &mut found {
            if let Some(edited) = self.edited.get(name.as_str()) {
                *text = Ok(edited.clone());
            }
        }
        match default_files::default_file(pattern) {
            Some(text) if found.is_empty() => of_texts(vec![(relative.to_owned(), text.to_owned())]),
            _ => found,
        }
    }

    /// Whether `include pattern` names a file that only exists on servers, so that its usual content is used.
    pub fn has_default(&self, pattern: &str) -> bool {
        let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(pattern);
        default_files::default_file(pattern).is_some() && self.on_disk(relative).is_empty()
    }

    fn on_disk(&self, relative: &str) -> Vec<IncludedFile> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let found = on_disk(directory, relative);
        if !found.is_empty() || relative.starts_with('/') {
            return found;
        }
        // What is around such a directory is where nginx starts from.
        if self.head_length() > 0 && is_in_conf_d(directory) {
            let found = on_disk(&directory.join(".."), relative);
            if !found.is_empty() {
                let above = |file: IncludedFile| IncludedFile { name: format!("../{}", file.name), ..file };
                return found.into_iter().map(above).collect();
            }
        }
        // The file may be in the folder that the pattern names, such as `conf.d` in a checkout.
        let Some((folder, name)) = relative.rsplit_once('/') else { return found };
        let is_that = directory.canonicalize().is_ok_and(|directory| directory.ends_with(folder));
        let beside = if is_that || !is_glob(relative) { on_disk(directory, name) } else { Vec::new() };
        let named = |file: IncludedFile| IncludedFile { name: format!("{folder}/{}", file.name), ..file };
        beside.into_iter().map(named).collect()
    }
}

/// A file that an `include` names, and its text, if it can be read.
struct IncludedFile {
    name: String,
    text: io::Result<String>,
}

impl IncludedFile {
    fn of((name, text): (String, String)) -> IncludedFile {
        IncludedFile { name, text: Ok(text) }
    }
}

/// Directories whose files nginx includes from the one around them.
const INCLUDED_DIRECTORIES: [&str; 4] = ["conf.d", "http.d", "sites-available", "sites-enabled"];

fn is_in_conf_d(directory: &Path) -> bool {
    let is_one = |whole: PathBuf| INCLUDED_DIRECTORIES.iter().any(|name| whole.ends_with(name));
    directory.canonicalize().is_ok_and(is_one)
}

/// The files that `pattern` names in `directory`, each with its path from there.
fn on_disk(directory: &Path, pattern: &str) -> Vec<IncludedFile> {
    let directory: PathBuf = directory.components().filter(|part| *part != Component::CurDir).collect();
    let named = |path: PathBuf| IncludedFile {
        name: path.strip_prefix(&directory).unwrap_or(&path).to_string_lossy().into_owned(),
        text: text(&path),
    };
    if !is_glob(pattern) {
        let path = directory.join(pattern);
        // One that may not be looked at is there.
        return if path.try_exists().unwrap_or(true) { vec![named(path)] } else { Vec::new() };
    }
    let escaped = Pattern::escape(&directory.to_string_lossy());
    let unreadable = |error| IncludedFile { name: pattern.to_owned(), text: Err(error) };
    let found = nginx_conf::glob(&Path::new(&escaped).join(pattern)).into_iter();
    found.map(|path| path.map_or_else(unreadable, named)).collect()
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
        assert_eq!(found("b/[^A-Z]*"), ["b/two.conf"]);
        assert_eq!(found("b/[[:upper:]]*"), ["b/Four.conf"]);
    }

    #[test]
    fn a_file_whose_name_is_a_pattern_is_one_file() {
        let names = ["conf.d/a[1]*.conf", "conf.d/a1x.conf"];
        assert_eq!(included(r"conf.d/a\[1\]*.conf", &names).unwrap(), ["conf.d/a[1]*.conf"]);
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("x[1]/conf.d")).unwrap();
        let path = directory.path().join("x[1]/conf.d/y[2].conf");
        std::fs::write(&path, "server { listen 80; }\n").unwrap();
        let source = Source::read(path.parent().unwrap()).unwrap();
        let names: Vec<String> =
            source.included("/etc/nginx/conf.d/*.conf").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["conf.d/y[2].conf"]);
    }

    #[test]
    fn a_file_of_conf_d_includes_what_is_around_that() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        std::fs::create_dir(file("conf.d")).unwrap();
        std::fs::write(file("around.inc"), "# around\n").unwrap();
        std::fs::write(file("conf.d/beside.inc"), "# beside\n").unwrap();
        let text = "server { listen 80; include around.inc; include beside.inc; }\n";
        std::fs::write(file("conf.d/a.conf"), text).unwrap();
        let source = Source::read(&file("conf.d/a.conf")).unwrap();
        assert_eq!(source.included("around.inc"), [("../around.inc".to_owned(), "# around\n".to_owned())]);
        assert!(source.path_of("../around.inc").is_some());
        assert_eq!(source.included("beside.inc")[0].0, "beside.inc");
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
