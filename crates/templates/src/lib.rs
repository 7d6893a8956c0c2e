//! An `nginx.conf` as repositories hold it.
//!
//! As many public repositories hold a *template* as a finished file: `default.conf.template`, which nginx's image fills in
//! from the environment when it starts. Others have a script of their own that calls `envsubst`, and others again a
//! Kubernetes ConfigMap. [`open`] takes any of them and yields the files that nginx would read, each with the name that its
//! author knows it by; substitution moves no lines.
//!
//! Values come from what the user gave ([`Overrides`]) and from what lies beside it: the service of a compose file that
//! mounts or builds the template, with its `env_file` and `.env`; `ENV` in a Dockerfile; the script that calls `envsubst`. A
//! name without a value gets a stand-in where it is an address; otherwise [`TemplateError::NoValue`] says which flag sets it.
//! Nothing outside the checkout is read.
//!
//! Two things that people expect do not happen, and are said: `${PORT:-8080}` stays as it stands, as templates have no
//! defaults; and `envsubst` without a list takes `$uri` and `$host` away, too.
//!
//! ```
//! use hopcheck_templates::{Overrides, open};
//!
//! let directory = tempfile::tempdir()?;
//! let path = directory.path().join("default.conf.template");
//! std::fs::write(&path, "server { listen ${PORT}; location / { proxy_pass ${API_URL}; } }")?;
//! let mut overrides = Overrides::default();
//! overrides.argument("PORT=8080")?;
//! let files = open(&path, &overrides)?.unwrap();
//! assert_eq!(files.files[0].text, "server { listen 8080; location / { proxy_pass http://api-url; } }");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod addresses;
mod compose;
mod conf_files;
mod config_map;
mod dockerfile;
mod dotenv;
mod environment;
mod error;
mod file;
mod fill;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod interpolation;
mod method;
mod mistake;
mod open;
mod overrides;
mod placeholder;
mod pod;
#[cfg(test)]
mod robust;
mod shell;
mod stand_in;
mod surroundings;
mod template_name;
mod yaml;

pub use conf_files::{ConfFile, ConfFiles};
pub use error::{NoValue, TemplateError, file_help};
pub use open::{address_warnings, is_service_beside, open};
pub use overrides::Overrides;
