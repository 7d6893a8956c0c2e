//! Where Chromium is.

use std::path::PathBuf;

use crate::BrowserError;

/// The environment variable that names the program.
pub const PROGRAM_VARIABLE: &str = "HOPCHECK_CHROMIUM";

/// What it is called in `PATH`.
const NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

/// Where it is on a Mac.
const ON_A_MAC: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The program: what `HOPCHECK_CHROMIUM` names, or the first one there is.
///
/// # Errors
/// When there is none; says what to install.
pub fn locate() -> Result<PathBuf, BrowserError> {
    if let Some(named) = std::env::var_os(PROGRAM_VARIABLE).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return if named.is_file() { Ok(named) } else { Err(BrowserError::NoSuchProgram(named)) };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let in_path = NAMES.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    let found = in_path.chain(ON_A_MAC.iter().map(PathBuf::from)).find(|program| program.is_file());
    found.ok_or(BrowserError::Missing)
}
