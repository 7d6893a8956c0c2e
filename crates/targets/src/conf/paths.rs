//! The scratch directory a scenario runs in, and where the configuration's own paths lie in it.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

/// Where stock builds of nginx keep their configuration; relative paths in the file start here.
pub(super) const PREFIX: &str = "/etc/nginx";

/// A directory that stands for the whole file system of the machine nginx would run on: every absolute path `P` of
/// the configuration becomes `root/P` in it. It is removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    /// Makes one below `parent`, readable by the account the workers drop to.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(parent: &Path) -> io::Result<Scratch> {
        let directory = tempfile::Builder::new()
            .prefix("s")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir_in(parent)?;
        for needed in [PREFIX, "/var/log/nginx", "/var/run", "/run"] {
            std::fs::create_dir_all(directory.path().join("root").join(&needed[1..]))?;
        }
        Ok(Scratch { directory })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where `path` of the configuration lies here.
    pub fn place(&self, path: &str) -> PathBuf {
        place(self.path(), path)
    }

    /// The prefix to start nginx with (`-p`).
    pub fn prefix(&self) -> PathBuf {
        self.place(PREFIX)
    }

    /// The rewritten configuration.
    pub fn conf(&self) -> PathBuf {
        self.prefix().join("nginx.conf")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Scenarios take permissions away, even those that removing needs.
        give_back(self.path());
    }
}

/// Makes every directory below `directory` its owner's again.
pub fn give_back(directory: &Path) {
    let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755));
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            give_back(&entry.path());
        }
    }
}

/// Where `path` of a configuration lies below the scratch directory `scratch`.
pub(super) fn place(scratch: &Path, path: &str) -> PathBuf {
    let root = scratch.join("root");
    // A variable that stands first holds an absolute path as a rule.
    let relative = if path.starts_with(['/', '$']) { Path::new("") } else { Path::new(&PREFIX[1..]) };
    // What leads up ends at the root, as in any file system.
    let mut inside = PathBuf::new();
    for part in relative.join(path.trim_start_matches('/')).components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::ParentDir => drop(inside.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let mut placed = root.join(inside);
    if path.ends_with('/') && !path.ends_with("../") {
        placed.push("");
    }
    placed
}
