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

mod address;
mod directive;
pub mod edit;
pub mod error;
mod input;
mod lexer;
pub mod locate;
pub mod model;
mod read;
mod source;
mod spelling;
pub mod syntax;
pub mod table;
pub mod template;
pub mod tls;
mod units;

pub use error::{ConfigError, Place};
pub use read::{LoadOptions, load, read_text};
pub use source::SourceName;
pub use table::{is_known, is_nearly_known, is_supported};
