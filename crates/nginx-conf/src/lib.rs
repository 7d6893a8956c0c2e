//! Reads an `nginx.conf` as nginx does.
//!
//! There are two ways in. [`syntax`] takes a text apart and looks nothing up: directives, their words and blocks, each
//! with its place in the text. It is for tools that search, explain or rewrite a file, and [`edit`] makes such changes
//! without touching the rest:
//!
//! ```
//! use nginx_conf::{edit::Edits, syntax};
//!
//! let text = "server {\n    listen 80;  # for now\n    server_name example.com;\n}\n";
//! let tree = syntax::parse(text, "nginx.conf")?;
//! let listen = syntax::walk(&tree).find(|directive| directive.is("listen")).unwrap();
//! assert_eq!((listen.line(), listen.arg(0)), (2, Some("80")));
//!
//! let mut edits = Edits::default();
//! edits.replace(listen.args_span(), "8080");
//! assert_eq!(edits.apply(text), text.replace("80;", "8080;"));
//! # Ok::<(), nginx_conf::ConfigError>(())
//! ```
//!
//! [`load`] goes all the way to a [`model::Config`], as nginx does when it starts: files are included, every directive is
//! checked against the [`table`], defaults are filled in, `http`, `server` and `location` are merged, host names and
//! certificates are looked up. What comes out is ready to serve requests by; [`locate`] chooses the location of one:
//!
//! ```
//! use nginx_conf::{locate, read_text};
//!
//! let config = read_text(
//!     b"events {}
//!       http { server {
//!           listen 8080;
//!           location / { return 200; }
//!           location /api/ { proxy_pass http://127.0.0.1:9000; }
//!           location ~ \\.png$ { root /srv/images; }
//!       } }",
//! )?;
//! let http = config.http.unwrap();
//! let location = |uri: &[u8]| {
//!     let mut matches = |pattern: &nginx_conf::model::Pattern, uri: &[u8]| pattern.regex.is_match(uri).unwrap_or(false);
//!     let found = locate::find(&http.servers[0].tree, &http.locations, uri, &mut matches)?;
//!     Some(http.locations[found.id.0].name.as_str())
//! };
//! assert_eq!(location(b"/api/items"), Some("/api/"));
//! assert_eq!(location(b"/api/logo.png"), Some("\\.png$"));
//! # Ok::<(), nginx_conf::ConfigError>(())
//! ```
//!
//! # Errors
//!
//! A [`ConfigError`] is the first thing that is wrong, in nginx's own words and with the place nginx names. Displayed, it
//! also shows the line with a caret under the word, and what to do about it where that is known:
//!
//! ```
//! let error = nginx_conf::read_text(b"events {}\nhttp {\n    sever { }\n}\n").unwrap_err();
//! assert_eq!(error.headline(), "unknown directive \"sever\" in /nginx.conf:3");
//! assert_eq!(
//!     error.to_string(),
//!     r#"unknown directive "sever" in /nginx.conf:3
//!  3 |     sever { }
//!    |     ^^^^^
//!    = help: did you mean "server"?"#
//! );
//! ```
//!
//! What nginx would only warn of is in [`Config::warnings`](model::Config::warnings).
//!
//! # What is supported
//!
//! The directives of the HTTP reverse proxy: see [`table::commands`]. nginx's other directives are known by name and
//! refused as such, so that a typo can be told from a feature that is missing. `stream`, `mail` and the modules that nginx is
//! not built with by default are among them. Regular expressions are compiled by `fancy-regex`, not PCRE; what the two
//! read differently is refused. TLS settings become a `rustls::ServerConfig`.
//!
//! Files and blocks have limits: 16 MiB a file, 100 includes and 100 blocks inside each other. Reading takes time
//! proportional to the size of the text.

mod address;
mod directive;
pub mod edit;
pub mod error;
mod file;
mod glob;
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
mod version;

pub use address::{ip, listen_mistake, parse_socket, proxy_pass_mistake, server_mistake};
pub use error::{ConfigError, Place};
pub use file::read_regular_file;
pub use glob::glob;
pub use read::syslog_mistake;
pub use read::{LoadOptions, load, network, read_text};
pub use source::SourceName;
pub use table::{is_known, is_supported, resembles_directive};
pub use units::{parse_size, parse_time};
pub use version::{UnknownVersion, Version};
