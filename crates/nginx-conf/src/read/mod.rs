//! Directives to the typed configuration.
//!
//! A [`Reader`] holds what has been read so far. Each directive has a setter (`setters`), which puts it into a draft
//! (`draft`); when the `http` block ends, the drafts are merged from the outside in, and names of variables are resolved
//! (`build`).

mod build;
mod draft;
mod host_names;
mod reader;
mod regex;
mod setters;
mod syslog;
mod values;
mod variables;

use std::path::{Path, PathBuf};

use crate::address::Resolver;
use crate::error::ConfigError;
use crate::input::Input;
use crate::model::Config;
use crate::version::Version;
use reader::Reader;
pub use syslog::syslog_mistake;
pub use values::network;

/// What to load, as nginx's command line says it.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// `-p`: where relative paths start.
    pub prefix: PathBuf,
    /// `-c`: the configuration file, relative to `prefix` unless absolute.
    pub file: PathBuf,
    /// `-g`: directives of the main context, read before the file.
    pub globals: Vec<String>,
    /// Whether the program runs as root: `user` is then looked up, otherwise ignored with a warning.
    pub as_root: bool,
    /// The version of nginx whose directives and defaults count. Without one, directives of all versions may stand there, and
    /// app servers are spoken to as by the newest.
    pub version: Option<Version>,
}

/// Reads a configuration, with everything it includes and every name it mentions looked up.
///
/// # Errors
///
/// What nginx would call `[emerg]`: the first thing that is wrong, with its place.
pub fn load(options: &LoadOptions) -> Result<Config, ConfigError> {
    let mut prefix = std::path::absolute(&options.prefix).unwrap_or_else(|_| options.prefix.clone());
    prefix.push("");
    let file = prefix.join(&options.file);
    let directory = file.parent().unwrap_or(Path::new("/")).to_owned();
    let mut reader =
        Reader::new(prefix, &directory, options.as_root, options.version, Resolver::System, setters::find);
    for text in &options.globals {
        reader.read(Input::command_line(text, &directory))?;
    }
    reader.read(Input::file(&file)?)?;
    build::config(reader, file)
}

/// Reads `text` as if it were the file `/nginx.conf`. Host names are not looked up: only addresses are found.
///
/// # Errors
///
/// As [`load`].
pub fn read_text(text: &[u8]) -> Result<Config, ConfigError> {
    let root = Path::new("/");
    let file = root.join("nginx.conf");
    let mut reader = Reader::new(root.to_owned(), root, false, None, Resolver::AddressesOnly, setters::find);
    reader.read(Input::text(&file, text))?;
    build::config(reader, file)
}
