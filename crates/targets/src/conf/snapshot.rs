//! The files that decide a run, as they are at one moment: to notice that one of them was changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nginx_conf::syntax::{Directive, parse};

use super::directory;
use super::origin::Origin;
use super::source::{Source, text};
use hopcheck_site::profile::{FILE, Profile};

/// More files than any real configuration has.
const MAX_FILES: usize = 2_000;

/// The texts of a configuration, of its profile and of what it includes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// By their names; `None` for one that cannot be read.
    texts: BTreeMap<String, Option<String>>,
    /// Where they lie, and where more of them might.
    folders: BTreeSet<PathBuf>,
}

impl Snapshot {
    /// Of the configuration in `conf`, with this profile in place of the one beside it if one is named.
    pub fn of(conf: &Path, profile: Option<&Path>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let conf = &Source::file_in(conf);
        let included = match directory::holds_finished_files(conf) {
            true => directory::conf_of(conf).ok(),
            false => None,
        };
        let directory = included.as_ref().map_or_else(|| folder_of(conf), |(_, etc_nginx)| etc_nginx.clone());
        let beside = directory.join(FILE);
        let profile = profile.unwrap_or(&beside);
        snapshot.folders.extend([directory.clone(), folder_of(profile)]);
        let name = conf.display().to_string();
        let is_file = !conf.is_dir();
        let written = if is_file { text(conf).ok() } else { included.map(|(text, _)| text) };
        match (is_file, &written) {
            (true, _) => drop(snapshot.texts.insert(name.clone(), written.clone())),
            (false, Some(_)) => {}
            (false, None) => snapshot.add_templates(conf),
        }
        if let Ok(promised) = text(profile) {
            let name = profile.strip_prefix(".").unwrap_or(profile).display().to_string();
            snapshot.texts.insert(name, Some(promised));
        }
        // Without its profile, which may be wrong just now.
        let source = Source::of(
            written.unwrap_or_default(),
            name.clone(),
            Some(directory.clone()),
            None,
            Profile::default(),
            Origin::default(),
        );
        snapshot.add_includes(&source, &directory, &name, &source.text);
        snapshot
    }

    /// Adds the files of a directory of templates.
    fn add_templates(&mut self, directory: &Path) {
        self.folders.insert(directory.to_owned());
        let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
        for file in entries.map(|entry| entry.path()).filter(|path| path.is_file()).take(MAX_FILES) {
            self.texts.insert(file.display().to_string(), text(&file).ok());
        }
    }

    /// Adds what `text` includes, and what is included there.
    fn add_includes(&mut self, source: &Source, directory: &Path, name: &str, text: &str) {
        let mut patterns = Vec::new();
        for directive in parse(text, name).iter().flatten() {
            add_patterns(directive, &mut patterns);
        }
        for pattern in patterns {
            let relative = pattern.strip_prefix("/etc/nginx/").unwrap_or(&pattern);
            let folder = directory.join(Path::new(relative).parent().unwrap_or(Path::new("")));
            self.folders.extend(Some(folder).filter(|folder| folder.is_dir()));
            for (name, text) in source.included(&pattern) {
                let is_new = !self.texts.contains_key(&name) && self.texts.len() < MAX_FILES;
                if is_new {
                    self.texts.insert(name.clone(), Some(text.clone()));
                    self.add_includes(source, directory, &name, &text);
                }
            }
        }
    }

    /// The directories whose files decide the run.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().map(PathBuf::as_path)
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// What has changed since `before`, in words: `nginx.conf changed`, `conf.d/a.conf is new`.
    pub fn changes_since(&self, before: &Snapshot) -> Vec<String> {
        let mut changes = Vec::new();
        for (name, text) in &self.texts {
            match (before.texts.get(name), text) {
                (Some(old), text) if old == text => {}
                (_, None) => changes.push(format!("{name} cannot be read")),
                (Some(_), Some(_)) => changes.push(format!("{name} changed")),
                (None, Some(_)) => changes.push(format!("{name} is new")),
            }
        }
        let gone = before.texts.keys().filter(|name| !self.texts.contains_key(*name));
        changes.extend(gone.map(|name| format!("{name} is gone")));
        changes
    }
}

/// The directory of a file.
fn folder_of(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

fn add_patterns(directive: &Directive, patterns: &mut Vec<String>) {
    if let (true, Some(pattern)) = (directive.is("include"), directive.arg(0)) {
        patterns.push(pattern.to_owned());
    }
    directive.inner().iter().for_each(|inner| add_patterns(inner, patterns));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_a_configuration_and_its_includes_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        std::fs::create_dir(file("conf.d")).unwrap();
        let conf = file("nginx.conf");
        std::fs::write(&conf, "events {} http { include conf.d/*.conf; }").unwrap();
        std::fs::write(file("conf.d/a.conf"), "server { include rest.inc; }").unwrap();
        std::fs::write(file("rest.inc"), "listen 80;").unwrap();
        let before = Snapshot::of(&conf, None);
        assert_eq!(before.count(), 3);
        assert!(before.folders().any(|folder| folder == file("conf.d")));
        assert_eq!(Snapshot::of(&conf, None), before);
        std::fs::write(file("rest.inc"), "listen 81;").unwrap();
        std::fs::write(file("conf.d/b.conf"), "server { }").unwrap();
        std::fs::write(file("hopcheck.toml"), "nonsense").unwrap();
        std::fs::write(file("other.txt"), "of no account").unwrap();
        let after = Snapshot::of(&conf, None);
        let profile = file("hopcheck.toml").display().to_string();
        assert_eq!(
            after.changes_since(&before),
            [format!("{profile} is new"), "conf.d/b.conf is new".to_owned(), "rest.inc changed".to_owned()]
        );
        let whole = Snapshot::of(&file("conf.d"), None);
        assert_eq!((whole.count(), whole.folders().any(|folder| folder == file("conf.d"))), (5, true));
        std::fs::write(file("rest.inc"), "listen 82;").unwrap();
        assert_eq!(Snapshot::of(&file("conf.d"), None).changes_since(&whole), ["rest.inc changed"]);
        std::fs::remove_file(file("rest.inc")).unwrap();
        std::fs::remove_file(&conf).unwrap();
        let gone = Snapshot::of(&conf, None).changes_since(&after);
        assert!(gone[0].ends_with("nginx.conf cannot be read") && gone.len() == 4, "{gone:?}");
    }
}
