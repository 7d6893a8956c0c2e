//! Reads an `nginx.conf` into a typed configuration.
//!
//! Source text becomes words (`lexer`), words become directives, with files included where they are named
//! (`input`), and each directive is checked against the table that declares it (`table`) and read into a draft
//! (`read`). The result is [`model::Config`]: defaults filled in, levels merged, names resolved.
//!
//! ```
//! use nginx_conf::{LoadOptions, load};
//!
//! let directory = tempfile::tempdir()?;
//! std::fs::write(directory.path().join("nginx.conf"), "events {}\nhtttp {}\n")?;
//! let options = LoadOptions {
//!     prefix: directory.path().to_owned(),
//!     file: "nginx.conf".into(),
//!     globals: Vec::new(),
//!     as_root: false,
//! };
//! let error = load(&options).unwrap_err();
//! assert_eq!(error.message(), "unknown directive \"htttp\"");
//! assert_eq!(error.advice(), Some("did you mean \"http\"?"));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod edit;
pub mod error;
mod input;
mod lexer;
pub mod locate;
pub mod model;
mod read;
mod source;
mod table;

pub mod syntax;
pub mod template;
pub mod tls;

use std::path::PathBuf;

pub use error::{ConfigError, Place};
pub use source::SourceName;
pub use table::{directives_markdown, is_known, is_nearly_known, is_supported};

/// What to load, as the command line says.
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
}

/// Reads `text` as a configuration of the file `nginx.conf` in the root directory. No name is looked up: only addresses are found.
///
/// # Errors
///
/// As [`load`].
pub fn read_text(text: &[u8]) -> Result<model::Config, ConfigError> {
    read::read_text(text)
}

/// Reads a configuration, with everything it includes and every name it mentions looked up.
///
/// # Errors
///
/// What nginx would call `[emerg]`: the first thing that is wrong, with its place.
pub fn load(options: &LoadOptions) -> Result<model::Config, ConfigError> {
    read::read(options)
}
