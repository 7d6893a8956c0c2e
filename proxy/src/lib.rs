//! A reverse proxy that reads an `nginx.conf` and behaves as nginx does, for the subset of nginx that a
//! single-page app, a REST API and STOMP over WebSocket need in front of them.

mod clock;
mod connection;
mod cycle;
mod exchange;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod log;
mod message;
mod phases;
mod proxy;
mod response;
pub mod server;
mod text;
mod tls;
mod upstream;
pub mod uri;
mod variables;
mod version;
mod wire;
