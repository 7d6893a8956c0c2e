//! A reverse proxy that reads an `nginx.conf` and behaves as nginx does, for the subset of nginx that a
//! single-page app, a REST API and STOMP over WebSocket need in front of them.

pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod http;
pub mod log;
pub mod proxy;
pub mod server;
mod tls;
pub mod tunnel;
