//! SockJS 0.3.3: its frames, and sessions that are made of HTTP requests.
//!
//! <https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>

pub(crate) mod frame;
mod session;
mod sessions;

pub(crate) use session::{Frames, Incoming, Outgoing, Receiver};
pub(crate) use sessions::Sessions;
