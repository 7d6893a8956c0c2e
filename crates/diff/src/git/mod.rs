//! Configurations out of git, without a checkout: the files of a commit that a run may need, in a temporary directory.
//!
//! The `git` program reads them (`ls-tree`, `cat-file`), as no library reads every kind of repository that it does. Nothing is
//! fetched, no hook or filter runs, and nothing in the repository is written.

mod error;
mod program;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

pub use error::GitError;
use error::MAX_FILE_SIZE;
use program::{Blob, BlobReader, run};

/// So much is taken out of a commit at most.
const MAX_TOTAL_SIZE: u64 = 64 << 20;

/// So many links are followed, one to the next.
const MAX_LINKS: usize = 8;

/// So many files are taken out of a commit at most.
const MAX_FILES: usize = 5_000;

/// Names of files that a configuration may be made of.
const EXTENSIONS: [&str; 16] = [
    "conf", "inc", "include", "template", "tmpl", "toml", "yaml", "yml", "env", "types", "pem", "crt", "key",
    "map", "nginx", "htpasswd",
];

/// Two commits, or one and what is not committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revisions {
    /// The old one.
    pub old: String,
    /// The new one; `None` for the files as they are.
    pub new: Option<String>,
    /// Whether the old one is where the two parted (`old...new`).
    pub from_merge_base: bool,
}

impl Revisions {
    /// Reads `old..new`, `old...new` or `old`, as `git diff` has them.
    pub fn parse(text: &str) -> Revisions {
        let named = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
        if let Some((old, new)) = text.split_once("...") {
            return Revisions { old: named(old), new: Some(named(new)), from_merge_base: true };
        }
        match text.split_once("..") {
            Some((old, new)) => Revisions { old: named(old), new: Some(named(new)), from_merge_base: false },
            None => Revisions { old: text.to_owned(), new: None, from_merge_base: false },
        }
    }

    /// The same with the commit where the two parted, if that is meant.
    ///
    /// # Errors
    /// When git does not know them.
    pub fn resolved(self, repository: &Path) -> Result<Revisions, GitError> {
        match (&self.new, self.from_merge_base) {
            (Some(new), true) => {
                let (a, b) = (revision(&self.old)?, revision(new)?);
                let base = run(repository, &["merge-base", "--end-of-options", a, b])?;
                let base = String::from_utf8_lossy(&base).trim().chars().take(12).collect();
                Ok(Revisions { old: base, from_merge_base: false, ..self })
            }
            _ => Ok(self),
        }
    }
}

/// The files of a commit, which are removed when this is dropped.
#[derive(Debug)]
pub struct Checkout {
    _directory: TempDir,
    conf: PathBuf,
    name: String,
}

impl Checkout {
    /// Takes what the configuration at `path`, a file or a directory as seen from `here`, may need out of a commit.
    ///
    /// # Errors
    /// When git does not know the commit, or the commit has nothing of that name, or it is no text.
    pub fn of(here: &Path, revision_name: &str, path: &Path) -> Result<Checkout, GitError> {
        let revision = revision(revision_name)?;
        let commit = format!("{revision}^{{commit}}");
        let commit = run(here, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).map_err(
            |error| match error {
                GitError::Git(said) if said.is_empty() => {
                    GitError::Git(format!("there is no commit {revision_name:?} here"))
                }
                other => other,
            },
        )?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let path = in_repository(here, path)?;
        let blobs = list(here, &commit)?;
        let folder = match blobs.get(&path) {
            Some(_) => path.rsplit_once('/').map_or("", |(folder, _)| folder),
            // A directory, all of whose files are meant.
            None if blobs.keys().any(|name| is_below(name, &path)) => path.as_str(),
            None => return Err(missing(&blobs, &path, revision_name)),
        };
        if blobs.get(&path).is_some_and(|wanted| wanted.size > MAX_FILE_SIZE) {
            return Err(GitError::TooLarge { path, revision: revision_name.to_owned() });
        }
        let directory = tempfile::Builder::new().prefix("hopcheck-diff-").tempdir()?;
        let mut reader = BlobReader::start(here)?;
        let mut chosen: Vec<(&String, &Blob)> =
            blobs.iter().filter(|(name, _)| **name == path || may_be_needed(name)).collect();
        chosen.sort_by_key(|(name, _)| (**name != path, !name.starts_with(folder), (*name).clone()));
        let mut total = 0;
        for (name, blob) in chosen.into_iter().take(MAX_FILES) {
            let place = directory.path().join(name);
            std::fs::create_dir_all(place.parent().unwrap_or(directory.path()))?;
            // A link is taken for what it leads to, if that is in the commit.
            let blob = match followed(&blobs, name, blob, &mut reader)? {
                Followed::File(blob) => blob,
                Followed::Directory(target) => {
                    std::os::unix::fs::symlink(directory.path().join(target), place)?;
                    continue;
                }
                // Whoever reads it is told so.
                Followed::Nowhere => {
                    std::os::unix::fs::symlink("what-is-not-in-the-commit", place)?;
                    continue;
                }
            };
            if total + blob.size > MAX_TOTAL_SIZE || blob.size > MAX_FILE_SIZE {
                continue;
            }
            total += blob.size;
            let bytes = reader.read(blob)?;
            if *name == path && bytes.contains(&0) {
                return Err(GitError::Binary { path, revision: revision_name.to_owned() });
            }
            std::fs::write(place, bytes)?;
        }
        reader.stop();
        Ok(Checkout {
            conf: directory.path().join(&path),
            name: format!("{revision_name}:{path}"),
            _directory: directory,
        })
    }

    /// The configuration, among the files beside it.
    pub fn conf(&self) -> &Path {
        &self.conf
    }

    /// Its name, as git has it: `HEAD:nginx/nginx.conf`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A commit's name, which must not be an option.
fn revision(name: &str) -> Result<&str, GitError> {
    match name.is_empty() || name.starts_with('-') || name.contains(['\n', '\0']) {
        true => Err(GitError::NoRevision(name.to_owned())),
        false => Ok(name),
    }
}

fn missing(blobs: &BTreeMap<String, Blob>, path: &str, revision: &str) -> GitError {
    let name = path.rsplit('/').next().unwrap_or(path);
    let alike = blobs.keys().find(|other| other.rsplit('/').next() == Some(name));
    let help = alike.map_or(String::new(), |alike| format!("\n  help: there is {alike}"));
    GitError::NoFile { path: path.to_owned(), revision: revision.to_owned(), help }
}

/// What a link in a commit leads to.
enum Followed<'a> {
    File(&'a Blob),
    /// The directory of that name.
    Directory(String),
    /// Nothing that is in the commit, or something too large.
    Nowhere,
}

/// What `blob`, called `name`, leads to: itself unless it is a link.
fn followed<'a>(
    blobs: &'a BTreeMap<String, Blob>,
    name: &str,
    mut blob: &'a Blob,
    reader: &mut BlobReader,
) -> Result<Followed<'a>, GitError> {
    let mut name = name.to_owned();
    for _ in 0..MAX_LINKS {
        if blob.size > MAX_FILE_SIZE {
            break;
        }
        if !blob.is_link {
            return Ok(Followed::File(blob));
        }
        let target = String::from_utf8_lossy(&reader.read(blob)?).into_owned();
        let folder = Path::new(&name).parent().unwrap_or(Path::new(""));
        let Some(found) = normalized(&folder.join(target)) else { break };
        match blobs.get(&found) {
            Some(next) => (name, blob) = (found, next),
            None if blobs.keys().any(|name| is_below(name, &found)) => return Ok(Followed::Directory(found)),
            None => break,
        }
    }
    Ok(Followed::Nowhere)
}

/// Whether a file lies in a directory, or below; all lie below the repository's own, which has no name.
fn is_below(name: &str, directory: &str) -> bool {
    directory.is_empty() || name.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a configuration may be made with a file of that name.
fn may_be_needed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        None => true,
        Some((begin, extension)) => {
            EXTENSIONS.contains(&extension)
                || begin.is_empty()
                || name.starts_with(".env")
                || begin == "Dockerfile"
        }
    }
}

/// The path as the repository has it.
fn in_repository(here: &Path, path: &Path) -> Result<String, GitError> {
    let prefix = run(here, &["rev-parse", "--show-prefix"])?;
    let prefix = String::from_utf8_lossy(&prefix).trim_end_matches('\n').to_owned();
    let outside = || GitError::Outside(path.display().to_string());
    let path = match path.is_absolute() {
        true => {
            let top = run(here, &["rev-parse", "--show-toplevel"])?;
            let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end_matches('\n').to_owned());
            path.strip_prefix(top).map_err(|_| outside())?.to_owned()
        }
        false => Path::new(&prefix).join(path),
    };
    normalized(&path).ok_or_else(outside)
}

/// A relative path without `.` and `..`; `None` if it leads out of where it starts.
fn normalized(path: &Path) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// The files of a commit, and its links.
fn list(here: &Path, commit: &str) -> Result<BTreeMap<String, Blob>, GitError> {
    let listing = run(here, &["ls-tree", "-r", "-z", "-l", "--full-tree", commit])?;
    let mut blobs = BTreeMap::new();
    for entry in listing.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        let Some((head, path)) = entry.split_once('\t') else { continue };
        let words: Vec<&str> = head.split_whitespace().collect();
        let [mode, "blob", id, size] = words.as_slice() else { continue };
        // Not what git would never write out.
        let is_link = *mode == "120000";
        let is_plain = (mode.starts_with("100") || is_link)
            && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if let (true, Ok(size)) = (is_plain, size.parse()) {
            blobs.insert(path.to_owned(), Blob { id: (*id).to_owned(), size, is_link });
        }
    }
    Ok(blobs)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn in_git(directory: &Path, arguments: &[&str]) {
        let done = Command::new("git")
            .current_dir(directory)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn a_commit_gives_the_files_as_they_were() {
        let repository = tempfile::tempdir().unwrap();
        let here = repository.path();
        std::fs::create_dir_all(here.join("nginx/conf.d")).unwrap();
        std::fs::write(here.join("nginx/nginx.conf"), "first").unwrap();
        std::fs::write(here.join("nginx/conf.d/a.conf"), "included").unwrap();
        std::fs::write(here.join("nginx/page.png"), [0; 100]).unwrap();
        std::fs::create_dir_all(here.join("nginx/sites-enabled")).unwrap();
        for (name, target) in [
            ("a", "../conf.d/a.conf"),
            ("b", "a"),
            ("c", "/etc/passwd"),
            ("d", "../../../x"),
            ("e", "e"),
            ("f", "../conf.d"),
        ] {
            std::os::unix::fs::symlink(target, here.join("nginx/sites-enabled").join(name)).unwrap();
        }
        in_git(here, &["init", "--quiet"]);
        in_git(here, &["add", "."]);
        in_git(here, &["commit", "--quiet", "-m", "one"]);
        std::fs::write(here.join("nginx/nginx.conf"), "second").unwrap();
        let found = Checkout::of(&here.join("nginx"), "HEAD", Path::new("nginx.conf")).unwrap();
        assert_eq!(
            (found.name(), std::fs::read(found.conf()).unwrap().as_slice()),
            ("HEAD:nginx/nginx.conf", &b"first"[..])
        );
        assert!(found.conf().with_file_name("conf.d").join("a.conf").is_file());
        assert!(!found.conf().with_file_name("page.png").exists());
        let enabled = |name: &str| found.conf().with_file_name("sites-enabled").join(name);
        assert_eq!(std::fs::read(enabled("a")).unwrap(), b"included");
        assert_eq!(std::fs::read(enabled("b")).unwrap(), b"included");
        assert!(["c", "d", "e"].iter().all(|name| !enabled(name).exists() && enabled(name).is_symlink()));
        assert_eq!(std::fs::read(enabled("f").join("a.conf")).unwrap(), b"included");
        let found = Checkout::of(here, "HEAD", Path::new("nginx/conf.d/")).unwrap();
        assert_eq!(found.name(), "HEAD:nginx/conf.d");
        assert_eq!(std::fs::read(found.conf().join("a.conf")).unwrap(), b"included");

        let error = |revision: &str, path: &str| {
            Checkout::of(here, revision, Path::new(path)).unwrap_err().to_string()
        };
        assert_eq!(
            error("HEAD", "nginx.conf"),
            "nginx.conf is not in HEAD\n  help: there is nginx/nginx.conf"
        );
        assert_eq!(error("nowhere", "nginx/nginx.conf"), "git: there is no commit \"nowhere\" here");
        assert_eq!(error("--output=x", "nginx/nginx.conf"), "\"--output=x\" is no commit");
        assert_eq!(error("HEAD", "../x"), "../x is outside of this repository");
        assert_eq!(error("HEAD", "nginx/page.png"), "nginx/page.png in HEAD is binary");
    }

    #[test]
    fn commits_are_named_as_git_diff_has_them() {
        let of = |text| {
            let Revisions { old, new, from_merge_base } = Revisions::parse(text);
            (old, new.unwrap_or_else(|| "files".to_owned()), from_merge_base)
        };
        assert_eq!(of("HEAD"), ("HEAD".to_owned(), "files".to_owned(), false));
        assert_eq!(of("main..HEAD"), ("main".to_owned(), "HEAD".to_owned(), false));
        assert_eq!(of("main..."), ("main".to_owned(), "HEAD".to_owned(), true));
    }
}
