//! What the program calls itself.

/// On the command line, in `Server` and under error pages.
pub(crate) const PRODUCT: &str = "reference-proxy";

/// `$nginx_version`.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `Server` with `server_tokens on`.
pub(crate) const PRODUCT_WITH_VERSION: &str = concat!("reference-proxy/", env!("CARGO_PKG_VERSION"));
