//! The scratch directory of a scenario, and how the configuration's paths map to it.

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
    /// Makes one below `parent`, readable by the workers' account.
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

    /// Maps `path` of the configuration to this directory.
    pub fn place(&self, path: &str) -> PathBuf {
        place(self.path(), path)
    }

    /// Where an included file of that name is put.
    pub(crate) fn place_included(&self, name: &str) -> PathBuf {
        place_included(self.path(), name)
    }

    /// The prefix to start nginx with (`-p`).
    pub fn prefix(&self) -> PathBuf {
        self.place(PREFIX)
    }

    /// The file for what becomes of requests, if that is told.
    pub(crate) fn trace(&self) -> PathBuf {
        self.path().join("trace")
    }

    /// The rewritten configuration.
    pub fn conf(&self) -> PathBuf {
        self.prefix().join("nginx.conf")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Scenarios may remove permissions that deleting needs.
        restore_permissions(self.path());
    }
}

/// Makes every directory below `directory` accessible to its owner again.
pub fn restore_permissions(directory: &Path) {
    let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755));
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            restore_permissions(&entry.path());
        }
    }
}

/// Maps `path` of a configuration to the scratch directory `scratch`.
pub(super) fn place(scratch: &Path, path: &str) -> PathBuf {
    let root = scratch.join("root");
    // A leading variable usually contains an absolute path.
    let relative = if path.starts_with(['/', '$']) { Path::new("") } else { Path::new(&PREFIX[1..]) };
    // `..` stops at the root, as in any file system.
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

/// Where an included file of that name is put: under a name that is none for a pattern, as an `include` has to name it.
pub(super) fn place_included(scratch: &Path, name: &str) -> PathBuf {
    let mut plain = String::new();
    for letter in name.chars() {
        match letter {
            '*' | '?' | '[' | ']' | '\\' | '%' => plain.push_str(&format!("%{:02X}", u32::from(letter))),
            other => plain.push(other),
        }
    }
    place(scratch, &plain)
}

/// Whether an `include` names files by a pattern.
pub(super) fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}
