//! nginx in a container, as a target of hopcheck.
//!
//! A crate of its own, because the client of the container engine and what it is built of take a tenth of
//! the time of a first build: whoever tests with the reference proxy, an installed nginx or a deployment needs none of it.

mod blocking_drop;
mod nginx;

pub use nginx::{LOCAL_IMAGE, Nginx, NginxOptions, OFFICIAL_IMAGE};
