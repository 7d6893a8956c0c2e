//! Keeps what is read from being written over.

use std::path::{Path, PathBuf};

use super::exit::Error;

/// Refuses to write `output` where it is one of the files that are read.
///
/// # Errors
/// When it is one of them, by whatever path.
pub(super) fn refuse_to_overwrite(output: &Path, read: &[PathBuf]) -> Result<(), Error> {
    let Ok(there) = output.canonicalize() else { return Ok(()) };
    match read.iter().any(|input| input.canonicalize().is_ok_and(|input| input == there)) {
        true => Err(format!(
            "{} is read, and is not written over\n  help: name another file to write",
            output.display()
        )
        .into()),
        false => Ok(()),
    }
}
