//! Why git does not give a configuration.

use std::io;

use thiserror::Error;

/// Larger than any file of a configuration.
pub(super) const MAX_FILE_SIZE: u64 = 16 << 20;

/// Why a commit cannot be read.
#[derive(Debug, Error)]
pub enum GitError {
    /// There is no such program.
    #[error("cannot run git: {0}\n  help: name two files instead, or install git")]
    NoGit(io::Error),
    /// git failed; what it says.
    #[error("git: {0}")]
    Git(String),
    /// Something that could be an option.
    #[error("{0:?} is no commit")]
    NoRevision(String),
    /// The commit has no such file.
    #[error("{path} is not in {revision}{help}")]
    NoFile {
        /// Which.
        path: String,
        /// The commit as it was named.
        revision: String,
        /// What to do.
        help: String,
    },
    /// It is no text.
    #[error("{path} in {revision} is binary")]
    Binary {
        /// Which.
        path: String,
        /// The commit as it was named.
        revision: String,
    },
    /// It is larger than any configuration.
    #[error("{path} in {revision} is larger than {} MiB", MAX_FILE_SIZE >> 20)]
    TooLarge {
        /// Which.
        path: String,
        /// The commit as it was named.
        revision: String,
    },
    /// The path leads out of the repository.
    #[error("{0} is outside of this repository")]
    Outside(String),
    /// The files cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}
