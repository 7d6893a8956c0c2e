//! What a `server` makes of its `ssl_…` directives, by rustls: certificates, protocols, ciphers, session resumption.

mod certificate;
mod context;
mod names;
mod resumption;

pub(crate) use certificate::{Unusable, check_parameters, check_trusted, pair};
pub(crate) use context::{Context, Sessions, context};
pub(crate) use names::is_class;
pub use names::{Cipher, Curve, Version};
pub(crate) use resumption::Cache;
