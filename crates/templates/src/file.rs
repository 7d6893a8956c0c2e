//! Reading files within bounds.

use std::io::Result;
use std::path::{Component, Path, PathBuf};

/// Larger than any file of this kind.
const MAX_FILE_SIZE: u64 = 4 * 1024 * 1024;

/// The text of a regular file no larger than [`MAX_FILE_SIZE`].
pub(crate) fn read(path: &Path) -> Result<String> {
    let bytes = nginx_conf::read_regular_file(path, MAX_FILE_SIZE)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether `path` is a file below `root` wherever links lead: what a repository names outside of itself is not read.
pub(crate) fn is_below(root: &Path, path: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(path).zip(real(root)).is_some_and(|(path, root)| path.starts_with(root))
}

/// `path` without `.` and `..`, without looking at the disk.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// How a person in the current directory calls `path`.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(&here).unwrap_or(path);
    below.strip_prefix(".").unwrap_or(below).display().to_string()
}

/// The directory that `path` lies in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_do_not_lead_out() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for directory in [&here, &elsewhere] {
            std::fs::write(directory.path().join("a.env"), "A=1").unwrap();
        }
        std::os::unix::fs::symlink(elsewhere.path().join("a.env"), here.path().join("b.env")).unwrap();
        let is_below = |name| is_below(here.path(), &here.path().join(name));
        assert!(is_below("a.env") && !is_below("b.env") && !is_below("../a.env") && !is_below("none"));
    }

    #[test]
    fn dots_are_resolved_by_name_alone() {
        for (path, wanted) in [("/a/./b/../c", "/a/c"), ("a/../../b", "../b"), ("/..", "/..")] {
            assert_eq!(normal(Path::new(path)), Path::new(wanted));
        }
    }
}
