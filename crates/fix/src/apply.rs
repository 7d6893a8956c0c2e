//! Writes mends into the files.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::FixError;
use crate::model::Fix;

impl Fix {
    /// The files that the mends change.
    pub fn changed(&self) -> Vec<PathBuf> {
        self.changes().into_iter().map(|(path, ..)| path.to_owned()).collect()
    }

    /// The files with their texts before and after, as the user has written them.
    fn changes(&self) -> Vec<(&Path, String, String)> {
        let changes = self.mended.texts.iter().filter_map(|(name, new)| {
            let (path, old) = (self.written.path(name)?, self.written.text(name));
            Some((path, self.written.as_written(name, old)?, self.written.as_written(name, new)?))
        });
        changes.filter(|(_, old, new)| old != new).collect()
    }

    /// Writes the mends, each file whole or not at all: a new one takes the place of the old, with its permissions.
    ///
    /// # Errors
    /// When a file cannot be written, or was changed since it was read; then those behind it are left as they are.
    pub fn apply(&self) -> Result<(), FixError> {
        for (path, old, _) in self.changes() {
            if std::fs::read(path).ok().as_deref() != Some(old.as_bytes()) {
                return Err(FixError::Changed(path.to_owned()));
            }
        }
        for (path, _, new) in self.changes() {
            write(path, &new).map_err(|error| FixError::Write { path: path.to_owned(), error })?;
        }
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // What a link leads to is written, and the link stays.
    let path = path.canonicalize()?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let permissions = std::fs::metadata(&path)?.permissions();
    let mut draft = tempfile::Builder::new().prefix(".hopcheck-").tempfile_in(directory)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().set_permissions(permissions)?;
    draft.as_file().sync_all()?;
    draft.persist(&path).map(drop).map_err(|error| error.error)
}
