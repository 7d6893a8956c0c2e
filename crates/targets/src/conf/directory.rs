//! Which file of a directory is the configuration; and the directory in the place of one, such as `conf.d`, all of whose
//! files nginx reads.

use std::io;
use std::path::{Path, PathBuf};

use super::default_files::STOCK_CONF_HEAD;

/// The usual paths of a configuration in a repository, most common first; of a directory, all files that nginx would include.
const COMMON_CONF_NAMES: [&str; 6] =
    ["nginx.conf", "nginx/nginx.conf", "nginx/default.conf", "conf.d", "nginx/conf.d", "default.conf"];

/// The usual paths of a template, where there is none of these.
const COMMON_TEMPLATE_NAMES: [&str; 6] = [
    "nginx.conf.template",
    "default.conf.template",
    "templates/default.conf.template",
    "nginx/nginx.conf.template",
    "nginx/default.conf.template",
    "nginx/templates/default.conf.template",
];

/// The first usual path of a configuration or a template in `start`.
pub(super) fn common_conf(start: &Path) -> Option<PathBuf> {
    let templates = || COMMON_TEMPLATE_NAMES.iter().map(|name| start.join(name)).find(|file| file.is_file());
    finished_conf(start).or_else(templates)
}

/// The first usual path of a configuration in `start`.
fn finished_conf(start: &Path) -> Option<PathBuf> {
    let is_one = |path: &PathBuf| path.is_file() || holds_finished_files(path);
    let found = COMMON_CONF_NAMES.iter().map(|name| start.join(name)).find(is_one)?;
    Some(file_in(&found))
}

/// Enough for any directory of a repository.
const MAX_FILES: usize = 1000;

/// What a path stands for: in place of a directory the `nginx.conf` in it, or what it has under another usual name; a path that
/// this is said of stands for itself, and so does a directory of files to include or of templates.
pub(super) fn file_in(path: &Path) -> PathBuf {
    let whole = path.join("nginx.conf");
    if path.is_file() || !files(path, ".template").is_empty() {
        return path.to_owned();
    }
    match (whole.is_file(), holds_finished_files(path)) {
        (true, _) => whole,
        (false, true) => path.to_owned(),
        (false, false) => finished_conf(path).unwrap_or_else(|| path.to_owned()),
    }
}

/// Whether this directory holds files for nginx to include, and no templates.
pub(super) fn holds_finished_files(directory: &Path) -> bool {
    files(directory, ".template").is_empty() && !files(directory, ".conf").is_empty()
}

/// What a directory of templates holds besides, that is left out.
pub(super) fn beside_templates(directory: &Path) -> Vec<PathBuf> {
    files(directory, ".conf")
}

/// The configuration that includes all files of a directory, as the stock nginx.conf does with `conf.d`, and the directory
/// that stands for `/etc/nginx`.
///
/// # Errors
/// When the directory has a name that is none for an `include`.
pub(super) fn conf_of(directory: &Path) -> io::Result<(String, PathBuf)> {
    let whole = directory.canonicalize()?;
    let name = whole.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(io::Error::other("no `include` of nginx names such a directory as it is written"));
    }
    let around = match directory.parent() {
        Some(parent) if directory.file_name().is_some_and(|own| own == name) => Path::new(".").join(parent),
        _ => whole.parent().unwrap_or(Path::new("/")).to_owned(),
    };
    Ok((format!("{STOCK_CONF_HEAD}include /etc/nginx/{name}/*.conf; }}\n"), around))
}

/// What the pattern of an `include` would find in a directory that ends so, in order; be it a file or not.
fn files(directory: &Path, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(end) && !name.starts_with('.')
    };
    let mut found: Vec<_> = entries.map(|entry| entry.path()).filter(is_one).take(MAX_FILES).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::super::source::{Source, SourceOptions};
    use super::*;

    /// A directory with these files, of one location each.
    fn with(names: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in names {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let server = format!("server {{ listen 80; server_name {name}.example.com; }}\n");
            let text = match name.ends_with("nginx.conf") {
                true => format!("events {{ }}\nhttp {{ {server} }}\n"),
                false => server,
            };
            std::fs::write(path, text).unwrap();
        }
        directory
    }

    fn names(directory: &Path) -> Vec<String> {
        let source = Source::open(directory, &SourceOptions::default()).unwrap();
        source.site.servers.iter().flat_map(|server| server.names.clone()).collect()
    }

    #[test]
    fn a_directory_is_read_as_nginx_would() {
        let several = with(&["conf.d/a.conf", "conf.d/b.conf", "conf.d/c.conf.off", "conf.d/.d.conf"]);
        let conf_d = several.path().join("conf.d");
        assert_eq!(names(&conf_d), ["conf.d/a.conf.example.com", "conf.d/b.conf.example.com"]);
        assert_eq!(file_in(&conf_d), conf_d);
        let one = with(&["conf.d/a.conf"]);
        assert_eq!(names(&one.path().join("conf.d")), ["conf.d/a.conf.example.com"]);
        let whole = with(&["a.conf", "b.conf", "nginx.conf"]);
        assert_eq!(names(whole.path()), ["nginx.conf.example.com"]);
        assert_eq!(file_in(one.path()), one.path().join("conf.d"));
        let templates = with(&["default.conf.template", "nginx/default.conf"]);
        assert_eq!(file_in(templates.path()), templates.path());
    }

    #[test]
    fn what_a_checkout_has_is_found_in_order() {
        let found = |names: &[&str]| {
            let directory = with(names);
            Source::locate(directory.path()).map(|path| path.display().to_string())
        };
        assert_eq!(found(&["conf.d/a.conf", "default.conf"]), Some("conf.d".to_owned()));
        assert_eq!(found(&["conf.d/a.conf", "conf.d/b.conf", "default.conf"]), Some("conf.d".to_owned()));
        assert_eq!(found(&["conf.d/a.conf", "nginx/default.conf"]), Some("nginx/default.conf".to_owned()));
        assert_eq!(found(&["nginx/conf.d/a.conf", "conf.d.md"]), Some("nginx/conf.d".to_owned()));
    }
}
