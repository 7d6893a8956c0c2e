//! Reads an `nginx.conf` into a typed configuration.

pub mod model;
pub mod template;
