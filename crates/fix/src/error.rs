//! Why nothing can be mended.

use std::path::PathBuf;

use thiserror::Error;

/// Why a configuration cannot be mended.
#[derive(Debug, Error)]
pub enum FixError {
    /// A file of it cannot be read, or is not text.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of it cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It was changed by somebody else meanwhile.
    #[error("{} was changed meanwhile, and is left as it is\n  help: run it again", .0.display())]
    Changed(PathBuf),
    /// It is made of something else.
    #[error(
        "{0} is a directory of templates, of which none is the whole configuration\n  help: name the one to mend"
    )]
    Template(String),
    /// Nothing was found out about it.
    #[error("{0}")]
    NotRun(String),
}
