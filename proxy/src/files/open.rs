//! Opens and looks up files.

use std::ffi::OsStr;
use std::fs::{DirEntry, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat};
use rustix::io::Errno;

use crate::log::{Escaped, describe};

/// What `stat(2)` says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileInfo {
    pub(super) kind: FileType,
    /// Bytes.
    pub(super) size: u64,
    /// Seconds since the epoch, at least 0.
    pub(super) modified: u64,
}

impl From<Stat> for FileInfo {
    fn from(stat: Stat) -> FileInfo {
        FileInfo {
            kind: FileType::from_raw_mode(stat.st_mode),
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: u64::try_from(stat.st_mtime).unwrap_or_default(),
        }
    }
}

/// A file could not be opened or looked up.
#[derive(Debug, thiserror::Error)]
#[error("{call}() \"{}\" failed ({})", Escaped(path), describe(&io::Error::from(*errno)))]
pub(super) struct FileError {
    call: &'static str,
    path: Vec<u8>,
    errno: Errno,
}

/// The errors that nginx tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileErrorKind {
    /// No such file: `ENOENT`, `ENOTDIR` or `ENAMETOOLONG`.
    NotFound,
    /// No permission: `EACCES`, or too many links.
    Forbidden,
    /// Anything else.
    Other,
}

impl FileError {
    /// The kind of the error.
    pub(super) fn kind(&self) -> FileErrorKind {
        match self.errno {
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => FileErrorKind::NotFound,
            Errno::ACCESS | Errno::MLINK | Errno::LOOP => FileErrorKind::Forbidden,
            _ => FileErrorKind::Other,
        }
    }

    /// Whether it is `ENOENT`.
    pub(super) fn is_no_entry(&self) -> bool {
        self.errno == Errno::NOENT
    }

    /// Whether it is `ELOOP`.
    pub(super) fn is_loop(&self) -> bool {
        self.errno == Errno::LOOP
    }

    /// Whether it is `EACCES`.
    pub(super) fn is_access(&self) -> bool {
        self.errno == Errno::ACCESS
    }

    /// The name and the system's message, for other messages.
    pub(super) fn parts(&self) -> (Escaped<'_>, impl std::fmt::Display) {
        (Escaped(&self.path), describe(&io::Error::from(self.errno)))
    }
}

/// Looks up a file without opening it.
pub(super) fn stat(path: Vec<u8>) -> Result<FileInfo, FileError> {
    match rustix::fs::stat(&path[..]) {
        Ok(stat) => Ok(stat.into()),
        Err(errno) => Err(FileError { call: "stat", path, errno }),
    }
}

/// Looks up a link without following it.
pub(super) fn link_stat(path: Vec<u8>) -> Result<FileInfo, FileError> {
    match rustix::fs::lstat(&path[..]) {
        Ok(stat) => Ok(stat.into()),
        Err(errno) => Err(FileError { call: "lstat", path, errno }),
    }
}

/// The names in a directory.
pub(super) fn read_directory(path: &[u8]) -> Result<Vec<Vec<u8>>, FileError> {
    let refused = |call| {
        move |error: io::Error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
            FileError { call, path: path.to_vec(), errno }
        }
    };
    let entries = std::fs::read_dir(OsStr::from_bytes(path)).map_err(refused("opendir"))?;
    let name = |entry: io::Result<DirEntry>| Ok(entry?.file_name().into_vec());
    entries.map(name).collect::<io::Result<_>>().map_err(refused("readdir"))
}

/// Opens a file for reading, whatever its type. Does not wait for the other end of a pipe.
pub(super) fn open(path: &[u8]) -> Result<(File, FileInfo), FileError> {
    let refused = |call| move |errno| FileError { call, path: path.to_vec(), errno };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(refused("open"))?;
    let found = fstat(&file).map_err(refused("fstat"))?.into();
    Ok((File::from(file), found))
}
