//! Reading a file of the user's, whatever it is.

use std::fs::File;
use std::io::{Error, Read as _, Result};
use std::path::Path;

/// The text of a regular file of at most `max` bytes.
///
/// # Errors
/// When it cannot be read, is a pipe or device, is larger, or is not UTF-8.
pub fn read_text(path: &Path, max: u64) -> Result<String> {
    // To open a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::other("not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(max + 1).read_to_string(&mut text)?;
    match text.len() as u64 > max {
        true => Err(Error::other(format!("larger than {} MiB", max >> 20))),
        false => Ok(text),
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
        assert_eq!(read_text(&file, 4).unwrap(), "1234");
        assert_eq!(read_text(&file, 3).unwrap_err().to_string(), "larger than 0 MiB");
        for other in [directory.path(), Path::new("/dev/zero")] {
            assert_eq!(read_text(other, 4).unwrap_err().to_string(), "not a regular file");
        }
    }
}
