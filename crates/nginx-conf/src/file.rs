//! Reading a file of the user's, whatever it turns out to be.

use std::fs::File;
use std::io::{Error, Read as _, Result};
use std::path::Path;

/// What a regular file of at most `max` bytes holds.
///
/// # Errors
/// When it cannot be read, is a directory, pipe or device, or is larger.
pub fn read_regular_file(path: &Path, max: u64) -> Result<Vec<u8>> {
    // To open a pipe would wait for somebody to write to it, and some devices have no end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::other("not a regular file"));
    }
    read_at_most(path, max)
}

/// The same of anything, for who knows what it is.
pub(crate) fn read_at_most(path: &Path, max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > max {
        true => Err(Error::other(format!("larger than {} MiB", max >> 20))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_some_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("f");
        std::fs::write(&file, "1234").unwrap();
        assert_eq!(read_regular_file(&file, 4).unwrap(), b"1234");
        assert_eq!(read_regular_file(&file, 3).unwrap_err().to_string(), "larger than 0 MiB");
        for other in [directory.path(), Path::new("/dev/zero")] {
            assert_eq!(read_regular_file(other, 4).unwrap_err().to_string(), "not a regular file");
        }
    }
}
