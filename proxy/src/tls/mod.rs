//! TLS towards clients, by rustls: certificates, what a server of the configuration makes of its `ssl_…` directives, the
//! handshake, and the stream that comes of it.

mod certificate;
mod context;
mod handshake;
mod names;
mod resumption;
mod stream;

pub(crate) use certificate::{Unusable, check_parameters, check_trusted, pair};
pub(crate) use context::{Context, Sessions, context};
pub(crate) use handshake::{Begun, Greeting, begin};
pub(crate) use names::{Cipher, Curve, Version, is_class};
pub(crate) use resumption::Cache;
pub(crate) use stream::Facts;
